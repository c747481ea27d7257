"""A simulator for a session of tests: one that is started for it, or one that runs already."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import aiohttp

from acs_sim.settings.addresses import Addresses
from acs_sim.testing.calls import Calls, call
from acs_sim.testing.loop_thread import LoopThread
from acs_sim.testing.process import own_simulator
from acs_sim.testing.sync import ThreeDS
from acs_sim.testing.values import SimulatorRefused, SimulatorUnreachable


@contextmanager
def simulator(url: str | None = None) -> Iterator[ThreeDS]:
    """A simulator in memory on free ports, or the one whose desk is at `url`.

    Errors: `SimulatorUnreachable` when there is none at `url`, or none can be started."""
    loop = LoopThread()
    try:
        with loop.holding(calls_to(url)) as calls:
            yield ThreeDS(loop, calls)
    finally:
        loop.close()


@asynccontextmanager
async def calls_to(url: str | None = None) -> AsyncIterator[Calls]:
    """The same for a loop that is the caller's own. Errors: `SimulatorUnreachable`."""
    async with AsyncExitStack() as life:
        desk = url.rstrip("/") if url is not None else await life.enter_async_context(own_simulator())
        connector = aiohttp.TCPConnector(limit=0)
        session = await life.enter_async_context(aiohttp.ClientSession(connector=connector))
        yield Calls(session, await _addresses(session, desk))


async def _addresses(session: aiohttp.ClientSession, desk: str) -> Addresses:
    try:
        told = await call(session, "GET", f"{desk}/api/addresses")
        return Addresses(**told)
    except (SimulatorRefused, TypeError) as error:
        raise SimulatorUnreachable(f"what answers at {desk} is no desk of acs-sim") from error
