"""A simulator for a session of tests: one that is started for it, or one that runs already."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from urllib.parse import quote

import aiohttp

from acs_sim.settings.addresses import Addresses
from acs_sim.testing.calls import Calls, call
from acs_sim.testing.loop_thread import LoopThread
from acs_sim.testing.process import own_simulator
from acs_sim.testing.sync import ThreeDS
from acs_sim.testing.values import SimulatorRefused, SimulatorUnreachable


@contextmanager
def simulator(url: str | None = None, namespace: str | None = None, aliases: Sequence[str] = ()) -> Iterator[ThreeDS]:
    """A simulator in memory on free ports, which knows the packs `aliases` of other systems' card numbers, or the one whose desk
    is at `url`; there in a `namespace` of its own, which ends with the context unless it was there before.

    Errors: `SimulatorUnreachable` when there is none at `url`, or none can be started; `SimulatorRefused`."""
    loop = LoopThread()
    try:
        with loop.holding(calls_to(url, namespace, aliases)) as calls:
            yield ThreeDS(loop, calls)
    finally:
        loop.close()


@asynccontextmanager
async def calls_to(
    url: str | None = None, namespace: str | None = None, aliases: Sequence[str] = ()
) -> AsyncIterator[Calls]:
    """The same for a loop that is the caller's own."""
    async with AsyncExitStack() as life:
        desk = url.rstrip("/") if url is not None else await life.enter_async_context(own_simulator(aliases))
        connector = aiohttp.TCPConnector(limit=0)
        session = await life.enter_async_context(aiohttp.ClientSession(connector=connector))
        addresses = await _addresses(session, desk)
        if namespace is not None:
            addresses = await life.enter_async_context(_within(session, desk, namespace))
        yield Calls(session, addresses)


async def _addresses(session: aiohttp.ClientSession, desk: str) -> Addresses:
    try:
        told = await call(session, "GET", f"{desk}/api/addresses")
        return Addresses(**told)
    except (SimulatorRefused, TypeError) as error:
        raise SimulatorUnreachable(f"what answers at {desk} is no desk of acs-sim") from error


@asynccontextmanager
async def _within(session: aiohttp.ClientSession, desk: str, namespace: str) -> AsyncIterator[Addresses]:
    """The addresses of a namespace, for as long as the context lasts. Errors: `SimulatorRefused`, `SimulatorUnreachable`."""
    address = f"{desk}/api/namespaces/{quote(namespace, safe='')}"
    made = await call(session, "PUT", address, {})
    try:
        yield Addresses(**made["addresses"])
    finally:
        if made["new"]:
            with suppress(SimulatorRefused, SimulatorUnreachable):  # it has ended, or all has
                await call(session, "DELETE", address)
