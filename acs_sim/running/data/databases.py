"""Where a simulator keeps what it knows: in memory, in SQLite files, or in one PostgreSQL that it may share with others."""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy.exc import DBAPIError

from acs_sim.settings.settings import Settings
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database, PostgresDatabase, PostgresServer, SqliteDatabase, SqliteFile
from threedsecure.storage.engines import postgresql
from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.errors import DatabaseUnusable
from threedsecure.storage.schema import Schema
from threedsecure.storage.sharing import state as shared_table
from threedsecure.storage.sharing.signals import Signals
from threedsecure.web.sharing.processes import Alone, Shared, Together

OpenDatabase = Callable[[Schema], Database]
FILE: Final = "acs-sim.sqlite3"
KEY_MARK: Final = "the master key of this installation"


async def opened(settings: Settings, vault: Vault, life: AsyncExitStack) -> tuple[OpenDatabase, Shared]:
    """How a party opens its tables, and who else works on them. Errors: `DatabaseUnusable`."""
    if settings.postgresql is None:
        return _in_a_file(settings, life), Alone()
    server = PostgresServer(Pool(settings.postgresql))
    life.push_async_callback(server.close)
    worker = uuid4().hex
    together = Together(
        worker, Signals(settings.postgresql, server.pool, worker), PostgresDatabase(server, shared_table.SCHEMA)
    )
    await life.enter_async_context(together.joined(vault.token(KEY_MARK)))
    return lambda schema: PostgresDatabase(server, schema), together


def _in_a_file(settings: Settings, life: AsyncExitStack) -> OpenDatabase:
    """One for all parties: what they write in one turn of the loop is one commit."""
    path = database_file(settings)
    if path is not None and settings.database_file is None:
        _refuse_earlier(path.parent)
    file = SqliteFile(path, durable=settings.durable)
    life.push_async_callback(file.close)
    return lambda schema: SqliteDatabase(file, schema)


def database_file(settings: Settings) -> Path | None:
    """Where SQLite keeps everything; None for memory."""
    return None if settings.fresh else settings.database_file or Path(settings.data) / FILE


def _refuse_earlier(folder: Path) -> None:
    """Earlier releases had a file for each party. Errors: `DatabaseUnusable`."""
    earlier = sorted(
        path.name for path in folder.glob("*.sqlite3") if path.stem in {schema.name for schema in schemas()}
    )
    if earlier:
        raise DatabaseUnusable(
            f"{folder}/ was written by an earlier release ({', '.join(earlier)}), whose files this one does not read: "
            "take another --data, or remove them"
        )


@contextmanager
def passing_database(address: str) -> Iterator[str]:
    """The address of a new database on the same server, dropped at the end. Errors: `DatabaseUnusable`."""
    name = f"acs_sim_{uuid4().hex[:12]}"
    _administer(address, f"CREATE DATABASE {name}")
    try:
        yield postgresql.beside(address, name)
    finally:
        _administer(address, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(address: str, statement: str) -> None:
    engine = postgresql.engine(address)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())[:300]
        raise DatabaseUnusable(f"{postgresql.shown(address)}: {reason}") from error
    finally:
        engine.dispose()


def schemas() -> tuple[Schema, ...]:
    """Every party's tables, the journal's and those that the processes share."""
    from acs.cards.rules.storage import SCHEMA as ACS_RULES
    from acs.v1.storage import SCHEMA as ACS_CLASSIC
    from acs.v2.storage.rows import SCHEMA as ACS
    from acs_sim.gateway.records.tables import SCHEMA as GATEWAY
    from directory_server.transactions.storage import SCHEMA as DIRECTORY_SERVER
    from issuer_sms.storage import SCHEMA as PHONE
    from threedsecure.storage.ledger import SCHEMA as JOURNAL
    from threedsecure.storage.sharing.faults import SCHEMA as SHARED_FAULTS

    return (shared_table.SCHEMA, SHARED_FAULTS, JOURNAL, DIRECTORY_SERVER, ACS, ACS_CLASSIC, ACS_RULES, PHONE, GATEWAY)
