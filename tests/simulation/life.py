"""One life of the simulated process: from a start on what is on the disk to its end, by itself or by a kill.

It runs what `acs-sim up` runs, without ports: requests come to the same dispatchers through the simulated network.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from acs_sim.running import stack as stacks
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.simulation.clocks import SubstitutedAs
from tests.simulation.disk import Disk
from tests.simulation.loop import OWNER, DrawnLoop, Owner
from tests.simulation.network import ANSWERING, InsideTransport, Network, break_off
from threedsecure.errors import ExchangeBroken, PeerUnreachable
from threedsecure.web.calling.limits import PeerLimits
from threedsecure.web.calling.transport import Body
from threedsecure.web.randomness import Randomness
from threedsecure.web.serving.service import Dispatcher, Route, Service
from threedsecure.web.wire import JSON, Problem, WireRequest, WireResponse

SHUTDOWN_SECONDS: Final = 2.0
HOST: Final = "acs-sim.example"


class Port:
    """A service as it is reached from outside. `checks`: what `/readyz` looks at."""

    def __init__(self, service: Service, dispatcher: Dispatcher, checks: Sequence[Any]) -> None:
        self.service = service
        self.checks = [*checks, dispatcher.loops.check, dispatcher.journal.check]
        self._dispatcher = dispatcher
        self._fixed: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[str, re.Pattern[str], Route]] = []
        for route in (*service.routes, *dispatcher.own_routes):
            if "{" in route.path:
                pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))
                self._patterns.append((route.method, pattern, route))
            else:
                self._fixed[route.method, route.path] = route

    async def answer(self, request: WireRequest) -> WireResponse:
        route = self._fixed.get((request.method, request.path))
        if route is None:
            route, request.match = self._matching(request)
        if route is None:
            return Problem(404, "Not Found", request.path).response()
        response = (await self._dispatcher.dispatch(route, request)).whole()
        if response.disruption is not None:
            raise ExchangeBroken(request.path, "a fault that nobody has armed")
        return response

    def _matching(self, request: WireRequest) -> tuple[Route | None, Mapping[str, str]]:
        for method, pattern, route in self._patterns:
            if method == request.method and (found := pattern.fullmatch(request.path)) is not None:
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
        return None, {}

    async def not_ready(self) -> list[str]:
        found = [] if self.service.ready() else [f"the {self.service.name} is not at work"]
        return found + [words for check in self.checks if (words := await check()) is not None]


class Life(Owner):
    """`outside`: who answers beyond the machine, by the host of an address."""

    def __init__(
        self, loop: DrawnLoop, settings: Settings, disk: Disk, network: Network, outside: Any, source: Random
    ) -> None:
        super().__init__()
        self.loop = loop
        self.settings = settings
        self.disk = disk
        self.network = network
        self.outside = outside
        self.source = source
        self.ports: dict[str, Port] = {}
        self.stack: Stack | None = None
        self.failed: BaseException | None = None
        self.left_behind: list[str] = []
        self._open: set[asyncio.Future[WireResponse]] = set()
        self._stop = asyncio.Event()
        self._begun = asyncio.Event()
        self._ended = asyncio.Event()
        self.context = copy_context()
        self.context.run(OWNER.set, self)
        self.task = loop.create_task(self._live(), context=self.context.copy(), name="life")

    async def _live(self) -> None:
        try:
            async with running_stack(self.settings) as self.stack:
                self._begun.set()
                await self._stop.wait()
        except Exception as error:  # noqa: BLE001 - told to who started it
            self.failed = error
        finally:
            self._begun.set()
            self._ended.set()

    async def begun(self) -> bool:
        """Whether it came to life."""
        await self._begun.wait()
        return self.failed is None and not self.over

    async def stop(self) -> None:
        """As a signal stops it. What it leaves behind is among `left_behind`."""
        self._stop.set()
        await self._ended.wait()
        if self.over:  # it was killed meanwhile
            return
        await asyncio.sleep(0)
        self.left_behind = [task.get_name() for task in self.tasks if not task.done()]
        self.loop.end_of(self)

    def kill(self) -> None:
        """As kill -9 does."""
        self.disk.let_go()
        self.loop.end_of(self)
        self.disk.dies()
        for claim in Path(self.settings.data).glob("*.lock"):  # which ends with the process
            claim.unlink()
        self.ports.clear()
        self._begun.set()
        self._ended.set()
        for answer in list(self._open):
            break_off(answer, HOST)

    async def answer(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> WireResponse:
        """What the party at `url` answers, in a task of this life."""
        parts = urlsplit(url)
        port = self.ports.get(f"{parts.scheme}://{parts.netloc}")
        if port is None:
            raise ExchangeBroken(url, "no connection: Connection refused")
        query = dict(parse_qsl(parts.query)) if parts.query else {}
        return await port.answer(WireRequest(method, parts.path, body, {"host": parts.netloc, **headers}, query))

    async def asked(self, url: str, deliver: Any, timeout: float) -> WireResponse:
        """Carry a request to this life. Errors: those of a transport."""
        if self.over or not self.ports:
            raise PeerUnreachable(url, "no connection: Connection refused")
        return await self.network.carry(url, deliver, timeout, self.context, awaited=self._open)


class Outward:
    """How the product calls whoever is not in its process; in the place of `HttpTransport`."""

    def __init__(self, _session: object, peer_limits: PeerLimits | None = None) -> None:
        self._peer_limits = peer_limits or PeerLimits()

    @staticmethod
    @asynccontextmanager
    async def session(_tls: object = None) -> AsyncIterator[None]:
        yield

    def hand_over(self, *_given: object, **_named: object) -> None:
        """Nobody out there takes anything but bytes."""

    async def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        content = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
        return await self._exchanged("POST", url, content, timeout)

    async def get(self, url: str, *, timeout: float) -> WireResponse:
        return await self._exchanged("GET", url, b"", timeout)

    async def _exchanged(self, method: str, url: str, body: bytes, timeout: float) -> WireResponse:
        life = _life()
        with self._peer_limits.entered(url):
            return await life.network.carry(url, lambda: life.outside.answer(method, url, body), timeout, Context())


def _life() -> Life:
    life = OWNER.get()
    if not isinstance(life, Life):
        raise TypeError("the product runs outside of its process")
    return life


def _application(
    service: Service, dispatcher: Dispatcher, _metrics: object, checks: Sequence[Any] = (), *_more: object
) -> Port:
    return Port(service, dispatcher, checks)


@asynccontextmanager
async def _listening(_settings: Settings, served: tuple[str, int, Port, None]) -> AsyncIterator[None]:
    _, number, port, _ = served
    life, address = _life(), f"http://{HOST}:{number}"
    life.ports[address] = port
    try:
        yield
    finally:
        life.ports.pop(address, None)
        await _finished([task for task in life.tasks if task.get_name().startswith(f"{ANSWERING} {address}/")])


async def _finished(requests: list[asyncio.Task[Any]]) -> None:
    """Those that are being answered have a little time, as a server gives them that stops."""
    if requests:
        _, late = await asyncio.wait(requests, timeout=SHUTDOWN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.wait(requests)


class _Randomness(Randomness):
    """The operating system's, as the product knows it; of this life alone."""

    def __init__(self, source: Random) -> None:
        super().__init__()
        self._random = source


def _inside(elsewhere: Any) -> InsideTransport:
    transport = InsideTransport(elsewhere)
    transport.network = _life().network
    return transport


SUBSTITUTES: Final[Sequence[SubstitutedAs]] = (
    (stacks, "application", _application),
    (stacks, "listening", _listening),
    (stacks, "HttpTransport", Outward),
    (stacks, "InProcessTransport", _inside),
    (stacks, "_randomness", lambda _settings, _shared: _Randomness(_life().source)),
)
"""What of the product stands on the machine itself: its ports, its sockets, its chance."""
