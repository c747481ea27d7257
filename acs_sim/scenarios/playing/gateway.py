"""The payment gateway of a run: a 3DS Server and a shop, as small as they can be, behind real sockets."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
from aiohttp import web

MAX_BODY: Final = 1 << 18


class Mailbox:
    """What came for one play: RReqs from the directory server; CRes, the 3DS Method's data and PaRes fields from the browser."""

    def __init__(self, base: str) -> None:
        self.results_url = f"{base}/results"
        self.notification_url = f"{base}/notification"
        self.method_url = f"{base}/method"
        self.term_url = f"{base}/term"
        self.results: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.returned: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.called: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.pares: asyncio.Queue[str] = asyncio.Queue()


class Gateway:
    """Gives every play a mailbox of its own."""

    def __init__(self) -> None:
        self.base = ""
        self._boxes: dict[str, Mailbox] = {}

    def mailbox(self, name: str) -> Mailbox:
        """`name`: of the one play that uses it."""
        self._boxes[name] = box = Mailbox(f"{self.base}/{name}")
        return box

    async def results(self, request: web.Request) -> web.Response:
        """RReq, answered as received (EMV 3DS: RRes, resultsStatus 01)."""
        try:
            rreq = _decoded(await request.read())
        except ConnectionResetError as error:  # broken off on purpose: half a message is none
            raise web.HTTPBadRequest from error
        self._box(request).results.put_nowait(rreq)
        same = ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID", "sdkTransID")
        rres = {name: rreq[name] for name in same if name in rreq}
        body = orjson.dumps({"messageType": "RRes", **rres, "resultsStatus": "01"})
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    async def notification(self, request: web.Request) -> web.Response:
        self._box(request).returned.put_nowait(_decoded(_base64url(await _field(request, "cres"))))
        return _thanks()

    async def method_notification(self, request: web.Request) -> web.Response:
        self._box(request).called.put_nowait(_decoded(_base64url(await _field(request, "threeDSMethodData"))))
        return _thanks()

    async def term(self, request: web.Request) -> web.Response:
        """1.0.2: TermUrl."""
        self._box(request).pares.put_nowait(await _field(request, "PaRes"))
        return _thanks()

    def _box(self, request: web.Request) -> Mailbox:
        box = self._boxes.get(request.match_info["play"])
        if box is None:
            raise web.HTTPNotFound
        return box


@asynccontextmanager
async def running_gateway(host: str = "127.0.0.1") -> AsyncIterator[Gateway]:
    """A gateway on a free port."""
    gateway = Gateway()
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/{play}/results", gateway.results)
    app.router.add_post("/{play}/notification", gateway.notification)
    app.router.add_post("/{play}/method", gateway.method_notification)
    app.router.add_post("/{play}/term", gateway.term)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0).start()
        gateway.base = f"http://{host}:{runner.addresses[0][1]}"
        yield gateway
    finally:
        await runner.cleanup()


async def _field(request: web.Request, name: str) -> str:
    return str((await request.post()).get(name, ""))


def _thanks() -> web.Response:
    return web.Response(text="<!doctype html><title>Thank you</title><p>Thank you.", content_type="text/html")


def _base64url(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _decoded(raw: bytes) -> dict[str, Any]:
    """A message, or an empty one when it cannot be read: the play then shows what is missing."""
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
