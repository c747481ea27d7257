"""A service as an aiohttp application, and its serving on a port."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Final

from aiohttp import web

from threedsecure.web.metrics import Metrics
from threedsecure.web.service import Dispatcher, Route, Service
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response

READ_BODY_SECONDS: Final = 10.0


def application(service: Service, dispatcher: Dispatcher, metrics: Metrics) -> web.Application:
    """The aiohttp application of a service: its routes and streams, `/static/`, `/healthz`, `/readyz` and `/metrics`."""
    app = web.Application(client_max_size=0)
    for route in service.routes:
        app.router.add_route(route.method, route.path, _adapter(route, dispatcher))
    for stream in service.streams:
        app.router.add_route(stream.method, stream.path, stream.handler)
    if service.static is not None:
        app.router.add_get("/static/{name}", _static(service.static))
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz(service))
    app.router.add_get("/metrics", _metrics(metrics))
    return app


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int, *, reuse_port: bool = False) -> AsyncIterator[int]:
    """Serve `app`; yields the port in use (which matters when `port` is 0)."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=2.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port, reuse_port=reuse_port or None)
    try:
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _adapter(route: Route, dispatcher: Dispatcher) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            body = await _read_body(request, route.limit)
        except TimeoutError:
            return _response(Problem(408, "Request Timeout", "the body did not arrive in time").response())
        wire_request = WireRequest(
            request.method,
            request.path,
            body,
            {name.lower(): value for name, value in request.headers.items()},
            request.query,
            request.match_info,
        )
        return _response(await dispatcher.dispatch(route, wire_request))

    return answer


async def _read_body(request: web.Request, limit: int) -> bytes:
    """At most one byte more than `limit`, which is how the layer learns that the body is too long."""
    if not request.can_read_body:
        return b""
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


async def _healthz(_request: web.Request) -> web.Response:
    return _response(json_response({"status": "alive"}))


def _readyz(service: Service) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def readyz(_request: web.Request) -> web.Response:
        ready = service.ready()
        return _response(json_response({"status": "ready" if ready else "not ready"}, 200 if ready else 503))

    return readyz


def _metrics(metrics: Metrics) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def figures(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    return figures


def _static(folder: Traversable) -> Callable[[web.Request], Awaitable[web.Response]]:
    @lru_cache(maxsize=64)
    def load(name: str) -> bytes | None:
        file = folder / name
        return file.read_bytes() if file.is_file() else None

    async def static(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        content = None if "/" in name or name.startswith(".") else load(name)
        if content is None:
            return _response(Problem(404, "Not Found").response())
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = {"Content-Type": media_type, "Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=content, headers=headers)

    return static
