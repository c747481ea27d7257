"""What a service is made of, and the layer every exchange passes: bounds, the one place where errors are answered, the journal,
the figures.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from importlib.resources.abc import Traversable
from typing import Any, Final

import structlog
from aiohttp import web
from msgspec.structs import replace

from threedsecure.errors import ProtocolError
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.schema import Schema
from threedsecure.web.calling.names import Names
from threedsecure.web.calling.transport import Endpoint, Transport
from threedsecure.web.clock import Clock, monotonic
from threedsecure.web.faults.answers import Answering, Resign
from threedsecure.web.faults.arrivals import Arriving
from threedsecure.web.faults.injector import CONTROL_LIMIT, CONTROL_PATH, Faults
from threedsecure.web.journal import Hop, Journal
from threedsecure.web.metrics import Measured, Metrics
from threedsecure.web.randomness import Randomness
from threedsecure.web.scheduler import Loops
from threedsecure.web.serving.connections import Connections
from threedsecure.web.serving.doors import Door, check_caller
from threedsecure.web.serving.namespaces import Namespaces
from threedsecure.web.sharing.processes import Alone, Shared
from threedsecure.web.straight import soon, waits
from threedsecure.web.wire import BodyTooLarge, Handler, Problem, WireRequest, WireResponse

log = structlog.get_logger()

DEFAULT_LIMIT: Final = 64 * 1024
MOST_UNDER_WAY: Final = 2_000
RETRY_AFTER_SECONDS: Final = "1"
REFUSED_AGAIN_SECONDS: Final = 1.0
UNNAMED: Final = "3DS Server"
"""Whose a certificate is that does not say."""
AnswerError = Callable[[ProtocolError, WireRequest], WireResponse]
StreamHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Tls:
    """How a party calls others where addresses are https, and the certificate (PEM) that vouches for every party here."""

    calling: ssl.SSLContext
    authority_pem: bytes


@dataclass(frozen=True)
class Runtime:
    """What every service of one running simulator shares. `open_database` gives a service its own tables; the service closes it.
    `most_under_way`: how many requests a service works on at a time before it asks others to come back. `shared` are the other
    processes of the same simulator. `names`: what it answers to. `connections`: those that others hold to it;
    `loops`: its work beside the requests. `namespaces`: the simulators behind the same ports; None within one of them."""

    clock: Clock
    randomness: Randomness
    vault: Vault
    journal: Journal
    transport: Transport
    open_database: Callable[[Schema], Database]
    faults: Faults = field(default_factory=Faults)
    tls: Tls | None = None
    most_under_way: int = MOST_UNDER_WAY
    shared: Shared = field(default_factory=Alone)
    names: Names = field(default_factory=Names)
    connections: Connections = field(default_factory=Connections)
    loops: Loops = field(default_factory=Loops)
    namespaces: Namespaces | None = None

    @property
    def calling(self) -> ssl.SSLContext | None:
        """For a client of its own beside `transport`."""
        return None if self.tls is None else self.tls.calling


@dataclass(frozen=True)
class Route:
    """One endpoint.

    `limit`: the longest body read, in bytes. `hop`: who calls whom, when the exchange belongs in the journal.
    `answer_error`: turns a protocol error into the protocol's own error message; without it the error is a problem document.
    `mutual`: the specifications want the caller to show a certificate; with TLS one is refused that is none of these.
    `at_the_edge`: what is posted there is answered without aiohttp's router where that can be (`threedsecure.web.serving.edge`).
    `door`: who may have something changed there.
    """

    method: str
    path: str
    handler: Handler
    limit: int = DEFAULT_LIMIT
    hop: Hop | None = None
    answer_error: AnswerError | None = None
    mutual: tuple[str, ...] = ()
    at_the_edge: bool = False
    door: Door = Door.API


def posted(
    path: str,
    handler: Handler,
    limit: int = DEFAULT_LIMIT,
    hop: Hop | None = None,
    answer_error: AnswerError | None = None,
    *,
    mutual: tuple[str, ...] = (),
    at_the_edge: bool = False,
) -> Route:
    """The endpoint of a protocol, to which anybody posts."""
    return Route("POST", path, handler, limit, hop, answer_error, mutual, at_the_edge, Door.PROTOCOL)


@dataclass(frozen=True)
class Stream:
    """An endpoint that answers bit by bit (server-sent events, long downloads), written against aiohttp itself."""

    method: str
    path: str
    handler: StreamHandler


@dataclass(frozen=True)
class Service:
    """A party as a set of endpoints with a life.

    `lifespan` opens the storage and runs the background work; `ready` tells whether requests can be served now. `also_at`: base
    addresses that it has beside the one it is started at. `resign` signs a PARes again, badly when that is asked for: what
    misbehaves has no keys of its own. `measured`: gauges that are read when somebody asks for the figures. `forget_before`
    forgets some of what ended before an instant, and says how much."""

    name: str
    routes: Sequence[Route]
    lifespan: Callable[[], AbstractAsyncContextManager[None]]
    ready: Callable[[], bool] = field(default=lambda: True)
    streams: Sequence[Stream] = ()
    static: Traversable | None = None
    also_at: Sequence[str] = ()
    resign: Resign | None = None
    measured: Callable[[], Awaitable[Sequence[Measured]]] | None = None
    forget_before: Callable[[datetime], Awaitable[int]] | None = None


class Dispatcher:
    """Carries one service's exchanges through the layer, whether they came through a socket or from within the process."""

    def __init__(self, service: Service, runtime: Runtime, metrics: Metrics) -> None:
        self._service = service
        self._runtime = runtime
        self._metrics = metrics
        self._faults = runtime.faults
        self._answering = Answering(runtime.faults, service.name, service.resign)
        self._arriving = Arriving(runtime.faults, service.name)
        self.under_way = 0
        self._refused_at: dict[str, float] = {}
        self.journal = runtime.journal
        self.names = runtime.names
        self.connections = runtime.connections
        self.loops = runtime.loops
        self.own_routes = (Route("POST", CONTROL_PATH, runtime.faults.control, CONTROL_LIMIT),)
        """What every service has beside its own routes."""

    def straight(self, route: Route, request: WireRequest) -> WireResponse | Awaitable[WireResponse]:
        """Answer `request`, at once where nothing has to be waited for. A bug answers 500 and is logged; nothing else does."""
        return self._spoilt(route, request) if self._faults.plan.at_the_door else self._straight(route, request)

    async def _spoilt(self, route: Route, request: WireRequest) -> WireResponse:
        """The same once faults have happened to the request on its way."""
        carriage = await self._arriving.arrived(request)
        if carriage.ends == "silent":
            return self._arriving.disrupted(carriage, WireResponse())
        if carriage.ends is None:
            await self._faults.pause(carriage.seconds)
        for _ in range(carriage.times - 1):
            await soon(self._straight(route, replace(request)))
        return self._arriving.disrupted(carriage, await soon(self._straight(route, request)))

    def _straight(self, route: Route, request: WireRequest) -> WireResponse | Awaitable[WireResponse]:
        began = monotonic()
        if route.hop is not None:
            request.on_message = partial(self._journal_request, route.hop)
        try:
            self._admit(route, request)
            found = route.handler(request)
        except Exception as error:  # noqa: BLE001 - this is where a bug is answered
            found = self.troubled(route, request, error)
        if waits(found):
            return self._awaited(route, request, began, found)
        return self._done(route, request, began, found)  # type: ignore[arg-type]

    async def dispatch(self, route: Route, request: WireRequest) -> WireResponse:
        """The same, and whatever it promises safe."""
        response = await soon(self.straight(route, request))
        if response.promises:
            try:
                await self.journal.written()
            except Exception as error:  # noqa: BLE001 - this is where a bug is answered
                return self.troubled(route, request, error)
        return response

    async def _awaited(
        self, route: Route, request: WireRequest, began: float, found: Awaitable[WireResponse]
    ) -> WireResponse:
        try:
            response = await found
        except Exception as error:  # noqa: BLE001 - this is where a bug is answered
            response = self.troubled(route, request, error)
        return await soon(self._done(route, request, began, response))

    def _admit(self, route: Route, request: WireRequest) -> None:
        if len(request.body) > route.limit:
            raise BodyTooLarge(route.limit)
        if route.door is not Door.PROTOCOL:
            check_caller(route.door, request)
        if route.mutual and request.peer not in route.mutual and self._runtime.tls is not None:
            raise self._without_certificate(route, request.peer)

    def troubled(self, route: Route, request: WireRequest, error: Exception) -> WireResponse:
        """What answers an error."""
        match error:
            case ProtocolError():
                return self._answer(error, route, request)
            case Problem():
                return error.response()
            case DatabaseAway():
                log.warning("database away", service=self._service.name, path=route.path, error=str(error))
                response = Problem(503, "Service Unavailable", "the database is not reached").response()
                response.headers["Retry-After"] = RETRY_AFTER_SECONDS
                return response
        log.error("bug", service=self._service.name, path=route.path, exc_info=error)
        return Problem(500, "Internal Server Error", "a bug in the simulator; its log says more").response()

    def _done(
        self, route: Route, request: WireRequest, began: float, response: WireResponse
    ) -> WireResponse | Awaitable[WireResponse]:
        took = monotonic() - began
        if route.hop is not None:
            self._journal_response(route.hop, response, took)
        if not self._faults.spares(
            request.message
        ):  # the journal has what was meant, and behind it what becomes of that
            return self._misbehaved(route, request, response, took)
        self._count(route, request, response, took)
        return response

    def _count(self, route: Route, request: WireRequest, response: WireResponse, took: float) -> None:
        kind = None if request.message is None else request.message.get("messageType")
        self._metrics.exchange(self._service.name, route.path, response.status, took, kind)

    async def _misbehaved(
        self, route: Route, request: WireRequest, response: WireResponse, took: float
    ) -> WireResponse:
        """The same with a fault in force."""
        response = await self._answering.answered(request, response)
        self._count(route, request, response, took)
        return response

    def endpoints(self) -> dict[str, Endpoint]:
        """The POST endpoints with fixed paths, for calls from within the process."""
        return {
            route.path: Endpoint(partial(self.straight, route), partial(self._dispatch_whole, route))
            for route in (*self._service.routes, *self.own_routes)
            if route.method == "POST" and "{" not in route.path
        }

    async def _dispatch_whole(self, route: Route, request: WireRequest) -> WireResponse:
        return (await self.dispatch(route, request)).whole()

    def misbehaves(self, body: bytes = b"") -> bool:
        """Whether a fault is in force that may have the answer to `body` go out in pieces, late or not at all."""
        return not self._faults.may_spare(body)

    @staticmethod
    def certified_role(transport: asyncio.BaseTransport | None) -> str | None:
        """As whom the caller comes by the certificate that it showed: its organizationalUnit, and a 3DS Server where it says
        nothing."""
        certificate = None if transport is None else transport.get_extra_info("peercert")
        if not certificate:
            return None
        units = (value for part in certificate["subject"] for key, value in part if key == "organizationalUnitName")
        return next(units, UNNAMED)

    @property
    def is_full(self) -> bool:
        """Whether as many requests are under way as may be; who comes now is asked to come back. Counted are those that came
        through a socket: one that is let in is not stopped half-way by its own next hop."""
        return self.under_way >= self._runtime.most_under_way

    def turned_away(self) -> WireResponse:
        """503 with Retry-After."""
        self._metrics.refused(self._service.name)
        words = f"{self.under_way} requests are under way, as many as may be"
        response = Problem(503, "Service Unavailable", words).response()
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
        return response

    def refused_handshake(self, why: str) -> None:
        """A connection to this service that came to nothing, told where the one who made it will look; the same reason once in a
        while, however often it comes."""
        last, now = self._refused_at.get(why), monotonic()
        if last is not None and now - last < REFUSED_AGAIN_SECONDS:
            return
        self._refused_at[why] = now
        log.warning("TLS handshake refused", service=self._service.name, why=why)
        self._record("TLS refused", {"error": why})

    def accepted_handshake(self, why: str) -> None:
        """One that the caller should have refused, and did not."""
        self._record("TLS accepted", {"error": why})

    def _without_certificate(self, route: Route, peer: str | None) -> Problem:
        words = "a client certificate is needed here: `acs-sim pki issue NAME` mints one"
        if peer is not None:
            words = (
                f"the certificate of a {peer[:64]} does not open this door, only that of a {' or '.join(route.mutual)}"
            )
        self._record("TLS refused", {"error": words, "path": route.path})
        return Problem(403, "Forbidden", words)

    def _record(self, kind: str, document: Mapping[str, Any]) -> None:
        self._runtime.journal.record(self._runtime.clock.now(), "unknown", self._service.name, kind, document)

    def _answer(self, error: ProtocolError, route: Route, request: WireRequest) -> WireResponse:
        if route.answer_error is not None:
            return route.answer_error(error, request)
        if isinstance(error, BodyTooLarge):
            return Problem(413, "Content Too Large", str(error)).response()
        return Problem(400, "Bad Request", str(error)).response()

    def _journal_request(self, hop: Hop, request: WireRequest, message: Mapping[str, Any]) -> None:
        """Before the handler acts on it, so that what it causes stands behind it."""
        now, written = self._runtime.clock.now(), request.more or request.body
        request.noted = self.journal.record(now, hop.sender, hop.receiver, _kind(message), message, written=written)

    def _journal_response(self, hop: Hop, response: WireResponse, took: float) -> None:
        message = response.message
        if message is not None:
            response.noted = self.journal.record(
                self._runtime.clock.now(),
                hop.receiver,
                hop.sender,
                _kind(message),
                message,
                status=response.status,
                took_ms=took * 1000,
                written=response.body,
                **response.noting,
            )


def _kind(message: object) -> str:
    kind = message.get("messageType") if isinstance(message, dict) else None
    return kind if isinstance(kind, str) else "message"
