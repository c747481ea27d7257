"""Running services in tests: real sockets, a clock that stands still, a database that is forgotten."""

import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from acs_sim.running.data.databases import opened
from acs_sim.settings.settings import Settings
from tests.support.engine import kept_in, nothing_kept
from tests.support.once import in_memory
from threedsecure.secrets.vault import Vault
from threedsecure.storage import ledger
from threedsecure.storage.database import Database
from threedsecure.storage.schema import Schema
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.clock import Clock
from threedsecure.web.journal import Journal
from threedsecure.web.metrics import Metrics
from threedsecure.web.randomness import Randomness
from threedsecure.web.serving.application import application, serving
from threedsecure.web.serving.service import Dispatcher, Runtime, Service
from threedsecure.web.sharing.processes import Alone, Shared

KEY = bytes(range(32))
STARTED_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def runtime(*, data: Path | None = None, postgresql: str | None = None, seed: int = 1) -> AsyncIterator[Runtime]:
    """What services share, with the clock frozen at STARTED_AT. `data`: a folder, to keep what is kept in it; `postgresql`: the
    address of a database to keep it in; neither: nothing is kept."""
    async with AsyncExitStack() as life:
        address = postgresql or (kept_in(data) if data else life.enter_context(nothing_kept()))
        randomness = Randomness(seed)
        vault = Vault(KEY, randomness.bytes)
        open_database, shared = await _opened(data, address, vault, life)
        journal_database = open_database(ledger.SCHEMA)
        life.push_async_callback(journal_database.close)
        journal = Journal(journal_database, Vault(KEY, secrets.token_bytes), shared)
        session = await life.enter_async_context(HttpTransport.session())
        await life.enter_async_context(journal.writing())
        clock = Clock(frozen_at=STARTED_AT)
        yield Runtime(clock, randomness, vault, journal, HttpTransport(session), open_database, shared=shared)


async def _opened(
    data: Path | None, address: str | None, vault: Vault, life: AsyncExitStack
) -> tuple[Callable[[Schema], Database], Shared]:
    if address is None and data is None:
        return in_memory(life), Alone()
    settings = Settings(data=str(data)) if address is None else Settings(database=address)
    return await opened(settings, vault, life)


@asynccontextmanager
async def running(
    service: Service, shared: Runtime, *, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """Serve `service` on a free port of 127.0.0.1, over TLS where it is given; yields its base address."""
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(service.lifespan())
        app = application(service, Dispatcher(service, shared, metrics), metrics)
        in_use = await stack.enter_async_context(serving(app, "127.0.0.1", port, tls=tls))
        yield f"{'https' if tls else 'http'}://127.0.0.1:{in_use}"
