"""Running services in tests: real sockets, a clock that stands still, a database in memory."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from threedsecure.storage import journal as journal_table
from threedsecure.storage.database import Database, PostgresDatabase, SqliteDatabase
from threedsecure.storage.schema import Schema
from threedsecure.vault import Vault
from threedsecure.web.application import application, serving
from threedsecure.web.clock import Clock
from threedsecure.web.journal import Journal
from threedsecure.web.metrics import Metrics
from threedsecure.web.randomness import Randomness
from threedsecure.web.service import Dispatcher, Runtime, Service
from threedsecure.web.transport import HttpTransport

STARTED_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def runtime(*, data: Path | None = None, postgresql: str | None = None, seed: int = 1) -> AsyncIterator[Runtime]:
    """What services share, with the clock frozen at STARTED_AT. `data`: a folder, to keep the databases in files;
    `postgresql`: the address of a database to keep them in; neither: memory."""

    def open_database(schema: Schema) -> Database:
        if postgresql:
            return PostgresDatabase(postgresql, schema)
        return SqliteDatabase(data / f"{schema.name}.sqlite3" if data else None, schema)

    randomness = Randomness(seed)
    journal_database = open_database(journal_table.SCHEMA)
    journal = Journal(journal_database)
    async with HttpTransport.session() as session, journal.writing():
        yield Runtime(
            clock=Clock(frozen_at=STARTED_AT),
            randomness=randomness,
            vault=Vault(bytes(range(32)), randomness.bytes),
            journal=journal,
            transport=HttpTransport(session),
            open_database=open_database,
        )
    await journal_database.close()


@asynccontextmanager
async def running(service: Service, shared: Runtime, *, port: int = 0) -> AsyncIterator[str]:
    """Serve `service` on a free port of 127.0.0.1; yields its base address."""
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(service.lifespan())
        app = application(service, Dispatcher(service, shared, metrics), metrics)
        in_use = await stack.enter_async_context(serving(app, "127.0.0.1", port))
        yield f"http://127.0.0.1:{in_use}"
