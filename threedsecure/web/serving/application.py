"""A service as an aiohttp application, and its serving on a port."""

import asyncio
import mimetypes
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence, Sized
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Middleware
from aiohttp.web_protocol import RequestPayloadError

from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.broken_answers import misbehaved
from threedsecure.web.calling.names import Names
from threedsecure.web.metrics import Measured, Metrics
from threedsecure.web.serving.doors import Door, check_name
from threedsecure.web.serving.edge import DISPATCHER, HEADS, SERVER, STRAIGHT, EdgeRunner
from threedsecure.web.serving.service import Dispatcher, Route, Service, StreamHandler
from threedsecure.web.serving.templates import told
from threedsecure.web.serving.ways import WAYS, Ways, led_back, unknown
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_headers

READ_BODY_SECONDS: Final = 10.0
_NO_QUERY: Final[Mapping[str, str]] = MappingProxyType({})
FIGURES_SECONDS: Final = 5.0
MOST_STREAMS: Final = 200
"""Of events, at one party."""
OPEN_STREAMS: Final = web.AppKey("open_streams", set[asyncio.Task[Any]])


Check = Callable[[], Awaitable[str | None]]
"""What keeps a service from working, in words; None where nothing does."""
Figures = Callable[[], Sequence[Measured]]


def application(
    service: Service,
    dispatcher: Dispatcher,
    metrics: Metrics,
    checks: Sequence[Check] = (),
    figures: Figures = tuple,
    namespace: str = "",
) -> web.Application:
    """The aiohttp application of a service: its routes and streams, `/static/`, `/healthz`, `/readyz` and `/metrics`. It is ready
    while the service says so and no one of `checks` finds anything. `figures` are told beside the service's own. `namespace`: what
    stands before all of its paths, where it is not a port's own one."""
    app = web.Application(client_max_size=0, middlewares=[_at_the_door(dispatcher.names, namespace, service.ways_on)])
    app[STRAIGHT] = {namespace + route.path: (route, dispatcher) for route in service.routes if route.at_the_edge}
    app[HEADS] = {}
    if namespace:
        app.router.add_get(namespace, _into(namespace))
    else:
        app[WAYS] = Ways(app)
        app.router.register_resource(app[WAYS])
    for route in (*service.routes, *dispatcher.own_routes):
        app.router.add_route(route.method, namespace + route.path, _adapter(route, dispatcher, namespace))
    for stream in service.streams:
        app.router.add_route(stream.method, namespace + stream.path, _until_shutdown(stream.handler))
    app[DISPATCHER] = dispatcher
    app[OPEN_STREAMS] = streams = set[asyncio.Task[Any]]()
    app.on_response_prepare.append(_named)
    app.on_shutdown.append(_end_streams)
    if service.static is not None:
        app.router.add_get(namespace + "/static/{name}", _static(service.static))
    ready = _readyz(service, [*checks, dispatcher.loops.check, dispatcher.journal.check])
    measured = _metrics(service, dispatcher, metrics, lambda: [*figures(), _streams(service, streams)])
    for path, handler in (("/healthz", _healthz), ("/readyz", ready), ("/metrics", measured)):
        app.router.add_get(namespace + path, handler)
    return app


def _at_the_door(names: Names, namespace: str, ways_on: Sequence[tuple[str, str]]) -> Middleware:
    @web.middleware
    async def at_the_door(request: web.Request, handler: StreamHandler) -> web.StreamResponse:
        """Who asks for somebody else, or for an address or a method that no route knows, is told as of every other error."""
        try:
            check_name(names, request)
            return await handler(request)
        except Problem as problem:
            response = told(problem, request.headers.get("Accept", ""), ways_on)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as error:
            words = None if namespace else unknown(request.path)
            missing = Problem(error.status, error.reason, words or f"{request.method} {request.path[:200]}")
            response = told(missing, request.headers.get("Accept", ""), ways_on)
            if isinstance(error, web.HTTPMethodNotAllowed):
                response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return _response(_for_the_caller(response))

    return at_the_door


def _for_the_caller(response: WireResponse) -> WireResponse:
    """What is told is for who asked, in the form it says, and nobody keeps it."""
    response.headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **response.headers}
    return response


@asynccontextmanager
async def serving(
    app: web.Application,
    host: str,
    port: int,
    *,
    reuse_port: bool = False,
    tls: ssl.SSLContext | None = None,
    also: Sequence[str] = (),
) -> AsyncIterator[int]:
    """Serve `app`, over TLS when it is given; yields the port in use (which matters when `port` is 0). `also`: other hosts, where
    they are to be had."""
    runner = EdgeRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=2.0)
    await runner.setup()
    secured = None if tls is None else runner.secured(tls)

    async def listen(host: str, port: int) -> int:
        if secured is not None:
            return await secured.listen(host, port, reuse_port=reuse_port)
        await web.TCPSite(runner, host, port, reuse_port=reuse_port or None).start()
        used: int = runner.addresses[0][1]
        return used

    try:
        used = await listen(host, port)
        for one in also:
            with suppress(OSError):
                await listen(one, used)
        yield used
    finally:
        if secured is not None:
            secured.close()
        await runner.cleanup()


def _into(namespace: str) -> StreamHandler:
    async def into(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPPermanentRedirect(f"{namespace}/")

    return into


def _adapter(route: Route, dispatcher: Dispatcher, namespace: str) -> StreamHandler:
    async def answer(request: web.Request) -> web.StreamResponse:
        if dispatcher.is_full:
            return _response(dispatcher.turned_away())
        dispatcher.under_way += 1
        try:
            return await admitted(request)
        finally:
            dispatcher.under_way -= 1

    async def admitted(request: web.Request) -> web.StreamResponse:
        try:
            body = await _read_body(request, route.limit)
        except TimeoutError:
            return _response(Problem(408, "Request Timeout", "the body did not arrive in time").response())
        except (RequestPayloadError, HttpProcessingError):  # it cannot be unpacked, or is no body of HTTP
            return _last(Problem(400, "Bad Request", "the body is not what its headers say").response())
        wire_request = WireRequest(
            request.method,
            request.path.removeprefix(namespace),
            body,
            read_headers(request.headers),
            request.query if "?" in request.raw_path else _NO_QUERY,
            request.match_info,
            dispatcher.certified_role(request.transport) if route.mutual else None,
        )
        response = await dispatcher.dispatch(route, wire_request)
        if route.door is Door.API:
            response = _for_the_caller(response)
        if namespace:
            response = led_back(response, namespace)
        if response.disruption is not None:
            return await misbehaved(request, response, response.disruption)
        if len(body) > route.limit and "Content-Encoding" in request.headers:
            return await _unread(request, _last(response))
        return _response(response) if response.chunks is None else await _streamed(request, response, response.chunks)

    return answer


def _until_shutdown(handler: StreamHandler) -> StreamHandler:
    """A stream has no end of its own: it ends when the service stops, without keeping the service waiting."""

    async def stream(request: web.Request) -> web.StreamResponse:
        open_streams = request.app[OPEN_STREAMS]
        if len(open_streams) >= MOST_STREAMS:
            raise Problem(503, "Service Unavailable", f"{MOST_STREAMS} event streams are open already")
        task = asyncio.current_task()
        if task is not None:
            open_streams.add(task)
        try:
            return await handler(request)
        finally:
            open_streams.discard(task)

    return stream


async def _named(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER


async def _end_streams(app: web.Application) -> None:
    for task in app[OPEN_STREAMS]:
        task.cancel()


async def _read_body(request: web.Request, limit: int) -> bytes:
    """At most one byte more than `limit`, which is how the layer learns that the body is too long."""
    if not request.can_read_body:
        return b""
    if request.content.is_eof():  # it came with its headers, as most do
        return request.content.read_nowait()[: limit + 1]
    chunks: list[bytes] = []
    size = 0
    async with asyncio.timeout(READ_BODY_SECONDS):
        async for chunk in request.content.iter_any():
            size += len(chunk)
            chunks.append(chunk)
            if size > limit:
                break
    return b"".join(chunks)[: limit + 1]


def _response(response: WireResponse) -> web.Response:
    return web.Response(
        status=response.status, body=response.body, headers={"Content-Type": response.content_type, **response.headers}
    )


def _last(response: WireResponse) -> web.Response:
    """Where the next request on this connection would begin is not known."""
    last = _response(response)
    last.force_close()
    return last


async def _unread(request: web.Request, answer: web.Response) -> web.Response:
    """aiohttp reads on what nobody wants, and would unpack a thousand times of what has come."""
    await answer.prepare(request)
    await answer.write_eof()
    request.protocol.force_close()
    return answer


async def _streamed(request: web.Request, response: WireResponse, chunks: Iterable[bytes]) -> web.StreamResponse:
    """Chunk by chunk, as fast as the caller reads."""
    stream = web.StreamResponse(
        status=response.status, headers={"Content-Type": response.content_type, **response.headers}
    )
    await stream.prepare(request)
    for chunk in chunks:
        await stream.write(chunk)
    await stream.write_eof()
    return stream


async def _healthz(_request: web.Request) -> web.Response:
    return _response(json_response({"status": "alive"}))


def _readyz(service: Service, checks: Sequence[Check]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def readyz(_request: web.Request) -> web.Response:
        found = [] if service.ready() else [f"the {service.name} is not at work"]
        found += [words for check in checks if (words := await check()) is not None]
        if found:
            return _response(json_response({"status": "not ready", "reasons": found}, 503))
        return _response(json_response({"status": "ready"}))

    return readyz


def _metrics(
    service: Service, dispatcher: Dispatcher, metrics: Metrics, more: Figures
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def measure() -> Sequence[Measured]:
        journal = {"waiting": dispatcher.journal.waiting, "left out": dispatcher.journal.left_out}
        waiting = "Entries not written yet, and those left out since the start"
        under_way = {service.name: dispatcher.under_way}
        return [
            Measured("requests_under_way", "Requests being worked on", "service", under_way, of_process=True),
            Measured("journal_entries", waiting, "state", journal, of_process=True),
            dispatcher.connections.measured(),
            dispatcher.loops.measured(),
            *more(),
            *await _own_figures(service),
        ]

    async def figures(_request: web.Request) -> web.Response:
        body = await metrics.gathered(measure)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    metrics.measure(measure)
    return figures


def _streams(service: Service, streams: Sized) -> Measured:
    return Measured(
        "event_streams", "Event streams that are open", "service", {service.name: len(streams)}, of_process=True
    )


async def _own_figures(service: Service) -> Sequence[Measured]:
    """Without them where the database that knows them does not answer: the others say what is the matter."""
    if service.measured is None:
        return ()
    try:
        async with asyncio.timeout(FIGURES_SECONDS):
            return await service.measured()
    except (DatabaseAway, TimeoutError):
        return ()


def _static(folder: Traversable) -> Callable[[web.Request], Awaitable[web.Response]]:
    files = {file.name: file for file in folder.iterdir() if file.is_file()}  # no path is made of what a peer says
    load = lru_cache(lambda name: files[name].read_bytes())

    async def static(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in files:
            return _response(_for_the_caller(Problem(404, "Not Found").response()))
        content = load(name)
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = {"Content-Type": media_type, "Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, headers=headers)

    return static
