"""Where messages come in: a POST that is there as a whole goes straight to its route, without a task and without a request object.

aiohttp's parser reads everything, and everything else - other routes, bodies that come in pieces, connections that end with their
answer, answers that are to misbehave - is aiohttp's. Answers go out in the order of their requests.


Who keeps a connection sends the same head with request after request, but for the length of the body. Of a head that the parser has
read, byte for byte, it is known what it says (`_Head`): it is not read again."""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Mapping
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, RequestPayloadError
from msgspec import Struct

from threedsecure.web.serving.connections import Connections
from threedsecure.web.serving.handshake import SecuredPort
from threedsecure.web.serving.service import Dispatcher, Route
from threedsecure.web.straight import waits
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_headers

Straight = dict[str, tuple[Route, Dispatcher]]
"""Routes by their paths."""
PEERS_MISTAKES: Final = (ConnectionError, HttpProcessingError, RequestPayloadError)
"""It hangs up, or what it sends is no HTTP, or cannot be unpacked."""
SERVER: Final = "acs-sim"
"""What it says that it is: no versions, which tell what it is open to."""
DISPATCHER: Final = web.AppKey("dispatcher", Dispatcher)
STRAIGHT: Final = web.AppKey[Straight]("straight", dict)
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
MOST_HEADS: Final = 256
LONGEST_HEAD: Final = 2048
_END_OF_HEAD: Final = b"\r\n\r\n"
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


class _Head(Struct, frozen=True):
    """What stands before a body of `length` bytes that goes to a straight route."""

    route: Route
    dispatcher: Dispatcher
    headers: dict[str, str]
    length: int


HEADS: Final = web.AppKey[dict[bytes, _Head]]("heads", dict)
"""Those that were read, by their bytes."""


class EdgeRunner(web.AppRunner):
    """Serves an application, and its routes of STRAIGHT before its router."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _Edge  # what aiohttp has made is to make our connections
        server.straight = self.app.get(STRAIGHT, {})  # type: ignore[attr-defined]
        server.heads = self.app.get(HEADS, {})  # type: ignore[attr-defined]
        server.held = self.app[DISPATCHER].connections if DISPATCHER in self.app else Connections()  # type: ignore[attr-defined]
        return server

    def secured(self, context: ssl.SSLContext) -> SecuredPort:
        """The same over TLS, once it is set up."""
        server = self.server
        if not isinstance(server, _Edge):
            raise TypeError("it is not set up")
        return SecuredPort(context, server.held, server)


class _Edge(web.Server):
    straight: Straight
    heads: dict[bytes, _Head]
    held: Connections

    def __call__(self) -> RequestHandler:
        idle = self.held.idle_seconds
        return _Connection(self, loop=self._loop, **{**self._kwargs, "keepalive_timeout": idle})


class _Connection(RequestHandler):
    """`_busy`: an answer of a straight route is on its way; what comes meanwhile waits. `_between`: the parser waits
    for nothing."""

    __slots__ = ("_between", "_busy", "_connections", "_heads", "_straight")

    def __init__(self, manager: _Edge, **more: Any) -> None:
        super().__init__(manager, **more)
        self._straight = manager.straight
        self._heads = manager.heads
        self._connections = manager.held
        self._busy = False
        self._between = True

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked that has not been answered."""
        return not (self._busy or self._request_in_progress or self._messages)

    @property
    def last_moment(self) -> float:
        return self._next_keepalive_close_time

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._next_keepalive_close_time = self._loop.time() + self._connections.first_seconds
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()
        self._keepalive_handle = self._loop.call_at(self.last_moment, self._process_keepalive)
        self._connections.came(self, transport.get_extra_info("socket"))

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.went(self)
        super().connection_lost(exc)

    def cut(self) -> None:
        transport = self.transport
        self.force_close()
        if transport is not None:
            transport.abort()

    def _process_keepalive(self) -> None:
        if self._busy:  # who is being answered waits for something
            self._keepalive_handle = self._loop.call_later(self._keepalive_timeout, self._process_keepalive)
            return
        closed_before = self._force_close
        super()._process_keepalive()
        self._connections.ended["timed out"] += self._force_close and not closed_before

    def resume_writing(self) -> None:
        super().resume_writing()
        self._go_on()

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Who hangs up, or speaks something else, is counted. A bug is logged."""
        if isinstance(exc, ConnectionError):
            self._connections.ended["hung up"] += 1
        elif status == HTTPStatus.BAD_REQUEST:
            self._connections.ended["not HTTP"] += 1
        else:
            return super().handle_error(request, status, exc, message)
        problem = Problem(HTTPStatus.BAD_REQUEST, "Bad Request", "this is not HTTP/1.1").response()
        response = web.Response(status=problem.status, body=problem.body, content_type=problem.content_type)
        response.headers["Server"] = SERVER
        response.force_close()
        return response

    def log_exception(self, *args: Any, **more: Any) -> None:
        if not isinstance(more.get("exc_info"), PEERS_MISTAKES):
            super().log_exception(*args, **more)

    def data_received(self, data: bytes) -> None:
        between, self._between = self._between, False
        waiter, self._waiter = self._waiter, None  # aiohttp reads, and does not wake its task yet
        alone = between and not self._messages
        idle = waiter is not None and not waiter.done() and not self._busy and not self._paused
        if alone and idle and not self._force_close and not self._close:
            end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
            known = self._heads.get(data[:end])
            if known is not None and len(data) - end == known.length and not known.dispatcher.misbehaves(data[end:]):
                self._between, self._waiter = True, waiter
                self._answer(known.route, known.dispatcher, known.headers, data[end:])
                return
        super().data_received(data)
        self._waiter = waiter
        # A body that is taken has aiohttp look whether more was read meanwhile: then nothing comes.
        self._between = alone and (self._is_whole(data) if data else not self._messages)
        self._go_on()

    @property
    def _read(self) -> deque[tuple[Any, Any]]:
        """Requests that the parser has read, and nobody has answered."""
        return self._messages

    def _is_whole(self, data: bytes) -> bool:
        """Whether `data`, as the parser has just read it, was one request from its first byte to its last."""
        if len(self._messages) != 1:
            return False
        message, payload = self._read[0]
        if not hasattr(message, "path"):  # the parser tells of a mistake
            return False
        length = message.headers.get("Content-Length", "0")
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        if not length.isdecimal() or not payload.is_eof() or len(data) - end != int(length):
            return False
        self._learn(data[:end], message, payload, int(length))
        return True

    def _learn(self, head: bytes, message: Any, payload: Any, length: int) -> None:
        found = self._straight.get(message.path)
        plain = not message.compression and not message.chunked and not message.upgrade
        if found is None or not plain or self._is_for_aiohttp(message, payload, found[1]) or len(head) > LONGEST_HEAD:
            return
        if len(self._heads) >= MOST_HEADS:
            self._heads.clear()
        self._heads[head] = _Head(*found, read_headers(message.headers), length)

    def _go_on(self) -> None:
        """Answer what came first, or leave it to aiohttp."""
        waiter, messages = self._waiter, self._read
        if waiter is None or waiter.done() or not messages or self._busy or self._paused:
            return  # also where the peer has not read what it was answered
        message, payload = messages[0]
        found = self._straight.get(getattr(message, "path", ""))
        if found is None or self._is_for_aiohttp(message, payload, found[1]) or found[1].misbehaves():
            waiter.set_result(None)
            return
        self._busy = True  # before the parser goes on, which may read the next ones at once
        messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        self._answer(*found, read_headers(message.headers), payload.read_nowait(-1))

    @staticmethod
    def _is_for_aiohttp(message: Any, payload: Any, dispatcher: Dispatcher) -> bool:
        return (
            message.method != "POST"
            or message.should_close
            or not payload.is_eof()
            or payload.exception() is not None
            or "Expect" in message.headers
            or not dispatcher.names.answer_to(message.headers.get("Host", ""))
        )

    def _answer(self, route: Route, dispatcher: Dispatcher, headers: dict[str, str], body: bytes) -> None:
        if dispatcher.is_full:
            self._busy = False
            self._send(dispatcher.turned_away())
            self._go_on()
            return
        peer = dispatcher.certified_role(self.transport) if route.mutual else None
        request = WireRequest("POST", route.path, body, headers, _NONE, _NONE, peer)
        self._busy = self._request_in_progress = True
        dispatcher.under_way += 1
        found = dispatcher.straight(route, request)
        if waits(found):
            self._loop.create_task(self._later(route, dispatcher, request, found))
        else:
            self._once_safe(route, dispatcher, request, found)  # type: ignore[arg-type]

    async def _later(
        self, route: Route, dispatcher: Dispatcher, request: WireRequest, found: Awaitable[WireResponse]
    ) -> None:
        self._once_safe(route, dispatcher, request, await found)

    def _once_safe(self, route: Route, dispatcher: Dispatcher, request: WireRequest, response: WireResponse) -> None:
        if response.promises:
            dispatcher.journal.when_written(partial(self._over, route, dispatcher, request, response))
        else:
            self._over(route, dispatcher, request, response, None)

    def _over(
        self,
        route: Route,
        dispatcher: Dispatcher,
        request: WireRequest,
        response: WireResponse,
        error: Exception | None,
    ) -> None:
        dispatcher.under_way -= 1
        self._busy = self._request_in_progress = False
        self._send(response if error is None else dispatcher.troubled(route, request, error))
        if self._handler_waiter is not None and not self._handler_waiter.done():
            self._handler_waiter.set_result(None)
        self._go_on()

    def _send(self, response: WireResponse) -> None:
        if self._manager is not None:
            self._manager.requests_count += 1
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self.transport is None:
            return
        if response.disruption is not None:  # a fault was armed while this was on its way: nothing is answered
            self.transport.abort()
            return
        body = response.whole().body
        self.transport.write(_head(response, len(body)) + body)


def _head(response: WireResponse, length: int) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in response.headers.items()) if response.headers else ""
    return (
        f"HTTP/1.1 {response.status} {_PHRASES[response.status]}\r\nContent-Type: {response.content_type}\r\n{more}"
        f"Content-Length: {length}\r\nDate: {rfc822_formatted_time()}\r\n\r\n"
    ).encode()
