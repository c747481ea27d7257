"""The ACS on a stage: a directory server and a phone that are small real servers, and a browser that posts forms."""

import asyncio
import base64
import html
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from acs.app import build
from acs.settings import AcsSettings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port
from tests.support.simulator import running, runtime
from tests.support.third_party import Page
from threedsecure.web.serving.application import serving
from threedsecure.web.serving.service import Runtime

OTP = "4000000001000001"
SILENT_SECONDS = 0.2
LOOK_EVERY_SECONDS = 0.005


def base64url(document: Any) -> str:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def from_base64url(text: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Directory:
    """A directory server that takes RReqs. `answer` makes the answer from the RReq: (HTTP status, document or bytes)."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.answer: Callable[[dict[str, Any]], tuple[int, Any]] = lambda rreq: (200, self.rres(rreq))
        self.hold: asyncio.Event | None = None
        self.holds: Callable[[dict[str, Any]], asyncio.Event | None] = lambda _rreq: self.hold
        self.arrived = asyncio.Event()

    async def until(self, count: int) -> None:
        """Return once `count` messages have come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.bodies) < count:  # noqa: ASYNC110 - an event could not count
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    @property
    def received(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    @property
    def rreqs(self) -> list[dict[str, Any]]:
        return [message for message in self.received if message["messageType"] == "RReq"]

    def rres(self, rreq: dict[str, Any], **changes: Any) -> dict[str, Any]:
        message = {
            "messageType": "RRes",
            "messageVersion": rreq["messageVersion"],
            "threeDSServerTransID": rreq["threeDSServerTransID"],
            "acsTransID": rreq["acsTransID"],
            "dsTransID": rreq["dsTransID"],
            "resultsStatus": "01",
            "sdkTransID": rreq.get("sdkTransID"),
        }
        return {name: value for name, value in {**message, **changes}.items() if value is not None}

    async def handle(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.arrived.set()
        message = self.received[-1]
        if (hold := self.holds(message)) is not None:
            await hold.wait()
        status, document = self.answer(message)
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return web.Response(status=status, body=body, content_type="application/json")


class Phone:
    """A phone network. `status` is what it answers."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.prompts: list[dict[str, str]] = []
        self.status = 201
        self.state = "delivered"
        self.hold: asyncio.Event | None = None
        self.wallet: dict[str, str] | None = None

    @property
    def code(self) -> str:
        return re.search(r"[0-9]{6}", self.messages[-1]["body"])[0]

    @property
    def wrong_code(self) -> str:
        """A code that was never sent."""
        sent = {re.search(r"[0-9]{6}", message["body"])[0] for message in self.messages}
        return next(code for code in (f"{number:06}" for number in range(len(sent) + 1)) if code not in sent)

    async def handle(self, request: web.Request) -> web.Response:
        self.messages.append(await request.json())
        await self._held()
        return web.json_response({"id": str(len(self.messages)), "state": self.state}, status=self.status)

    async def until(self, count: int) -> None:
        """Return once `count` texts and prompts have come."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.messages) + len(self.prompts) < count:  # noqa: ASYNC110 - an event could not count
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _held(self) -> None:
        if self.hold is not None:
            await self.hold.wait()

    async def show_wallet(self, _request: web.Request) -> web.Response:
        return web.json_response(self.wallet, status=404 if self.wallet is None else 200)

    async def show(self, request: web.Request) -> web.Response:
        self.prompts.append(await request.json())
        await self._held()
        return web.json_response({"id": f"prompt-{len(self.prompts)}"}, status=self.status)


@dataclass
class Stage:
    runtime: Runtime
    settings: AcsSettings
    url: str
    directory: Directory
    phone: Phone
    browser: aiohttp.ClientSession
    ds_url: str

    # --- the directory server's side ---

    def areq(self, pan: str = OTP, version: str = "2.2.0", **changes: Any) -> dict[str, Any]:
        """A payment of 42.00 euros in a browser, as a directory server forwards it. A change to None takes the element away."""
        message: dict[str, Any] = {
            "messageType": "AReq",
            "messageVersion": version,
            "deviceChannel": "02",
            "messageCategory": "01",
            "threeDSServerTransID": str(uuid4()),
            "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
            "threeDSServerURL": "http://127.0.0.1:8400/3ds2/results",
            "threeDSRequestorID": "azerty-0001",
            "threeDSRequestorName": "Librairie Exemple",
            "threeDSRequestorURL": "https://librairie.example/contact",
            "threeDSRequestorAuthenticationInd": "01",
            "threeDSCompInd": "U",
            "acctNumber": pan,
            "cardExpiryDate": "3012",
            "acquirerBIN": "400000",
            "acquirerMerchantID": "123456789012345",
            "mcc": "5942",
            "merchantCountryCode": "250",
            "merchantName": "Librairie Exemple",
            "purchaseAmount": "4200",
            "purchaseCurrency": "978",
            "purchaseExponent": "2",
            "purchaseDate": "20260615120000",
            "notificationURL": "http://127.0.0.1:8400/3ds2/notification",
            "browserAcceptHeader": "text/html,application/xhtml+xml",
            "browserIP": "192.0.2.17",
            "browserJavaEnabled": False,
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
            "dsReferenceNumber": "DS-TEST-0001",
            "dsTransID": str(uuid4()),
            "dsURL": self.ds_url,
        }
        if version != "2.1.0":
            message["browserJavascriptEnabled"] = True
        if version == "2.3.1":
            message |= {"acceptLanguage": ["en-GB"], "acquirerCountryCode": "250", "acquirerCountryCodeSource": "01"}
        message.update(changes)
        return {name: value for name, value in message.items() if value is not None}

    async def ask(self, pan: str = OTP, version: str = "2.2.0", **changes: Any) -> dict[str, Any]:
        """Post an AReq; the answer."""
        return (await self.post_areq(self.areq(pan, version, **changes)))[1]

    async def post_areq(self, message: Any, content_type: str = "application/json") -> tuple[int, dict[str, Any]]:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        headers = {"Content-Type": content_type}
        async with self.browser.post(self.url + "/3ds2/areq", data=body, headers=headers) as answer:
            return answer.status, await answer.json()

    # --- the browser's side ---

    async def post(self, url: str, fields: dict[str, str]) -> "Shown":
        async with self.browser.post(url, data=fields) as answer:
            return Shown(answer.status, await answer.text(), dict(answer.headers))

    def creq(self, ares: dict[str, Any], **changes: Any) -> dict[str, Any]:
        message = {
            "messageType": "CReq",
            "messageVersion": ares["messageVersion"],
            "threeDSServerTransID": ares["threeDSServerTransID"],
            "acsTransID": ares["acsTransID"],
            "challengeWindowSize": "05",
        }
        return {name: value for name, value in {**message, **changes}.items() if value is not None}

    async def open(self, ares: dict[str, Any], session_data: str | None = None, **changes: Any) -> "Shown":
        """Post the CReq."""
        fields = {"creq": base64url(self.creq(ares, **changes))}
        if session_data is not None:
            fields["threeDSSessionData"] = session_data
        return await self.post(self.url + "/3ds2/challenge", fields)

    async def challenge(self, pan: str = OTP, version: str = "2.2.0", **changes: Any) -> "Shown":
        """AReq and CReq: the page that asks for the code."""
        return await self.open(await self.ask(pan, version, **changes))

    async def type(self, shown: "Shown", code: str, action: str = "submit") -> "Shown":
        return await self.post(shown.form.action, {**shown.form.fields, "challengeValue": code, "action": action})

    async def decide(self, decision: str, prompt: int = -1) -> tuple[int, dict[str, Any]]:
        """What the phone posts when the cardholder decides in the banking app."""
        shown = self.phone.prompts[prompt]
        told = {"id": "prompt", "to": shown["to"], "reference": shown["reference"], "decision": decision}
        async with self.browser.post(shown["callback"], json=told) as answer:
            return answer.status, await answer.json(content_type=None)

    # --- the desk's side ---

    async def control(self, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        async with self.browser.post(f"{self.url}/control/{path}", json=body or {}) as answer:
            return answer.status, await answer.json(content_type=None)

    async def transaction(self, acs_trans_id: str) -> dict[str, Any]:
        listed = (await self.control("transactions", {"ids": [acs_trans_id]}))[1]["transactions"]
        return listed[0]

    async def settled(self) -> None:
        """Return when whatever could run by itself has run: what did not happen by now waits for something."""
        for _ in range(5):
            await self.control("transactions", {"limit": 1})

    async def until(self, acs_trans_id: str, state: str) -> dict[str, Any]:
        """The transaction, once it is in `state`."""
        return await self.once(acs_trans_id, lambda found: found["state"] == state)

    async def once(self, acs_trans_id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The transaction, once `condition` holds for it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition(found := await self.transaction(acs_trans_id)):  # noqa: ASYNC110 - seen from outside
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        return found


@dataclass
class Shown:
    """What the browser was answered."""

    status: int
    text: str
    headers: dict[str, str]

    @cached_property
    def form(self) -> Page:
        return Page(self.text)

    @property
    def message(self) -> str:
        return html.unescape(self.form.message).strip()

    @property
    def kind(self) -> str | None:
        found = re.search(r'data-kind="([^"]+)"', self.text)
        return found[1] if found else None

    @property
    def cres(self) -> dict[str, Any]:
        return from_base64url(self.form.fields["cres"])


@asynccontextmanager
async def stage(
    *, data: Path | None = None, shared: Runtime | None = None, ds_port: int | None = None, **changes: Any
) -> AsyncIterator[Stage]:
    """`data`: a folder for the database files; `shared`: a runtime that outlives this stage; `changes`: of the settings."""
    directory, phone = Directory(), Phone()
    async with AsyncExitStack() as stack:
        used = shared or await stack.enter_async_context(runtime(data=data))
        ds = web.Application()
        ds.router.add_post("/visa/3ds2", directory.handle)
        network = web.Application()
        network.router.add_post("/api/messages", phone.handle)
        network.router.add_post("/api/prompts", phone.show)
        network.router.add_post("/api/wallet", phone.show_wallet)
        ds_port = await stack.enter_async_context(serving(ds, "127.0.0.1", ds_port or free_port()))
        phone_port = await stack.enter_async_context(serving(network, "127.0.0.1", 0))
        port = free_port()
        settings = replace(
            AcsSettings(
                public_url=f"http://127.0.0.1:{port}",
                phone_url=f"http://127.0.0.1:{phone_port}",
                results_timeout=PATIENCE_SECONDS,
                phone_timeout=PATIENCE_SECONDS,
                silence=SILENT_SECONDS,
            ),
            **changes,
        )
        url = await stack.enter_async_context(running(build(used, settings), used, port=port))
        browser = await stack.enter_async_context(aiohttp.ClientSession())
        try:
            yield Stage(used, settings, url, directory, phone, browser, f"http://127.0.0.1:{ds_port}/visa/3ds2")
        finally:
            for hold in (directory.hold, phone.hold):
                if hold is not None:
                    hold.set()
