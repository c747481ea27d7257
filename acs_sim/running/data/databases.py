"""Where a simulator keeps what it knows: in memory, in SQLite files, or in one PostgreSQL that it may share with others."""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy.exc import DBAPIError

from acs_sim.settings.settings import Settings
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database, PostgresDatabase, SqliteDatabase
from threedsecure.storage.engines import postgresql
from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.errors import DatabaseUnusable
from threedsecure.storage.schema import Schema
from threedsecure.storage.sharing import state as shared_table
from threedsecure.storage.sharing.signals import Signals
from threedsecure.web.sharing.processes import Alone, Shared, Together

OpenDatabase = Callable[[Schema], Database]
KEY_MARK: Final = "the master key of this installation"


async def opened(settings: Settings, vault: Vault, life: AsyncExitStack) -> tuple[OpenDatabase, Shared]:
    """How a party opens its tables, and who else works on them. Errors: `DatabaseUnusable`."""
    if settings.postgresql is None:
        return _in_files(settings), Alone()
    pool = Pool(settings.postgresql)
    life.push_async_callback(pool.close)
    worker = uuid4().hex
    database = PostgresDatabase(pool, shared_table.SCHEMA)
    life.push_async_callback(database.close)
    together = Together(worker, Signals(settings.postgresql, pool, worker), database)
    await life.enter_async_context(together.joined(vault.token(KEY_MARK)))
    return lambda schema: PostgresDatabase(pool, schema), together


def _in_files(settings: Settings) -> OpenDatabase:
    def open_database(schema: Schema) -> Database:
        file = settings.database_file or Path(settings.data) / f"{schema.name}.sqlite3"
        return SqliteDatabase(None if settings.fresh else file, schema, durable=settings.durable)

    return open_database


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
    from acs.v2.storage.transactions import SCHEMA as ACS
    from acs_sim.gateway.records.tables import SCHEMA as GATEWAY
    from directory_server.transactions.storage import SCHEMA as DIRECTORY_SERVER
    from issuer_sms.storage import SCHEMA as PHONE
    from threedsecure.storage.journal import SCHEMA as JOURNAL
    from threedsecure.storage.sharing.faults import SCHEMA as SHARED_FAULTS

    return (shared_table.SCHEMA, SHARED_FAULTS, JOURNAL, DIRECTORY_SERVER, ACS, ACS_CLASSIC, ACS_RULES, PHONE, GATEWAY)
