"""The payment gateway of a run: a 3DS Server and a shop, as small as they can be, behind real sockets."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import orjson
from aiohttp import web

MAX_BODY: Final = 1 << 18

# The purchase that is made where a file says nothing else: 42.00 euros at a French bookshop, in a desktop browser.
PURCHASE: Final[Mapping[str, Any]] = {
    "messageType": "AReq",
    "deviceChannel": "02",
    "messageCategory": "01",
    "threeDSServerRefNumber": "3DS_LOA_SER_SIMU_020200_00001",
    "threeDSRequestorID": "acs-sim-run",
    "threeDSRequestorName": "Librairie Exemple",
    "threeDSRequestorURL": "https://librairie.example/contact",
    "threeDSRequestorAuthenticationInd": "01",
    "threeDSCompInd": "U",
    "acquirerBIN": "400000",
    "acquirerMerchantID": "123456789012345",
    "mcc": "5942",
    "merchantCountryCode": "250",
    "merchantName": "Librairie Exemple",
    "purchaseAmount": "4200",
    "purchaseCurrency": "978",
    "purchaseExponent": "2",
    "browserAcceptHeader": "text/html,application/xhtml+xml",
    "browserIP": "192.0.2.17",
    "browserJavaEnabled": False,
    "browserJavascriptEnabled": True,
    "browserLanguage": "en-GB",
    "browserColorDepth": "24",
    "browserScreenHeight": "1080",
    "browserScreenWidth": "1920",
    "browserTZ": "-120",
    "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
    "cardholderName": "Camille Exemple",
    "email": "camille@example.org",
    "billAddrCity": "Lyon",
    "billAddrCountry": "250",
    "billAddrLine1": "1 rue de la Paix",
    "billAddrPostCode": "69001",
}
SINCE_231: Final[Mapping[str, Any]] = {
    "acceptLanguage": ["en-GB"],
    "acquirerCountryCode": "250",
    "acquirerCountryCodeSource": "01",
}
NOT_BEFORE_220: Final = frozenset({"browserJavascriptEnabled"})


def areq(version: str, now: datetime, *changes: Mapping[str, Any]) -> dict[str, Any]:
    """The default purchase with `changes`, the last one winning; an element changed to None is taken away."""
    message = {**PURCHASE, "messageVersion": version, "purchaseDate": f"{now:%Y%m%d%H%M%S}"}
    if version == "2.3.1":
        message |= SINCE_231
    if version == "2.1.0":
        message = {name: value for name, value in message.items() if name not in NOT_BEFORE_220}
    for change in changes:
        for path, value in change.items():
            _put(message, path, value)
    return message


def _put(message: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        inner = message.get(parent)
        message[parent] = inner = dict(inner) if isinstance(inner, dict) else {}
        message = inner
    if value is None:
        message.pop(name, None)
    else:
        message[name] = value


class Mailbox:
    """What came for one play: RReqs from the directory server, CRes from the browser."""

    def __init__(self, base: str) -> None:
        self.results_url = f"{base}/results"
        self.notification_url = f"{base}/notification"
        self.results: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.returned: asyncio.Queue[dict[str, Any]] = asyncio.Queue()


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
        rreq = _decoded(await request.read())
        self._box(request).results.put_nowait(rreq)
        same = ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID")
        rres = {name: rreq[name] for name in same if name in rreq}
        body = orjson.dumps({"messageType": "RRes", **rres, "resultsStatus": "01"})
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    async def notification(self, request: web.Request) -> web.Response:
        fields = await request.post()
        text = str(fields.get("cres", ""))
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raw = b""
        self._box(request).returned.put_nowait(_decoded(raw))
        return web.Response(text="<!doctype html><title>Thank you</title><p>Thank you.", content_type="text/html")

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
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0).start()
        gateway.base = f"http://{host}:{runner.addresses[0][1]}"
        yield gateway
    finally:
        await runner.cleanup()


def _decoded(raw: bytes) -> dict[str, Any]:
    """A message, or an empty one when it cannot be read: the play then shows what is missing."""
    try:
        message = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
