"""A gateway and its shops on a real port, with a scheme of our own making behind it."""

import asyncio
import html.parser
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

import aiohttp
import pytest

from acs_sim.gateway.app import build
from acs_sim.gateway.settings import GatewaySettings
from tests.acs_sim.gateway.scheme import Scheme, running_scheme
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port
from tests.support.simulator import running, runtime
from threedsecure.web.serving.service import Runtime

VISA = "4000000001000001"
EXPIRY = "12/29"


class Reader(html.parser.HTMLParser):
    """A page as a script sees it: forms by id, attributes and text by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.forms: dict[str, dict[str, Any]] = {}
        self.attributes: dict[str, dict[str, str]] = {}
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self._form: dict[str, Any] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if "id" in named:
            self.attributes[named["id"]] = named
        if tag == "form":
            self._form = {"action": named.get("action", ""), "fields": {}}
            self.forms[named.get("id", f"form-{len(self.forms)}")] = self._form
        if tag == "input" and self._form is not None and named.get("type") != "radio":
            self._form["fields"][named["name"]] = named.get("value", "")
        if tag not in {"input", "meta", "link", "br", "path", "circle", "ellipse", "rect"}:
            self._open.append((tag, named.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        while self._open:
            if self._open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        for _, identifier in self._open:
            if identifier:
                self.texts[identifier] = self.texts.get(identifier, "") + data


@dataclass
class World:
    """`url` of the gateway; `get` and `post` follow redirects, as a browser does."""

    url: str
    scheme: Scheme
    runtime: Runtime
    session: aiohttp.ClientSession

    async def get(self, path: str, expected: int = 200) -> Reader:
        async with self.session.get(urljoin(self.url, path)) as answer:
            text = await answer.text()
            assert answer.status == expected, text
            return Reader(text)

    async def post(self, path: str, fields: dict[str, str], expected: int = 200) -> Reader:
        async with self.session.post(urljoin(self.url, path), data=fields) as answer:
            text = await answer.text()
            assert answer.status == expected, text
            return Reader(text)

    async def json(self, method: str, path: str, document: Any = None, expected: int = 200) -> Any:
        async with self.session.request(method, self.url + path, json=document) as answer:
            found = await answer.json(content_type=None)
            assert answer.status == expected, found
            return found

    async def to_payment_page(self, shop: str = "e-transactions", query: str = "", **basket: str) -> Reader:
        """From the shop's basket to the form that asks for a card."""
        page = await self.get(f"/shops/{shop}{query}")
        form = page.forms["basket"]
        left = await self.post(form["action"], {**form["fields"], "way": "card", **basket})
        sealed = left.forms["to-payment"]
        return await self.post(sealed["action"], sealed["fields"])

    async def pay(
        self, page: Reader, pan: str = VISA, expiry: str = EXPIRY, *, expected: int = 200, **told: str
    ) -> Reader:
        """Type a card and press pay."""
        form = page.forms["payment-form"]
        typed = {**form["fields"], "card_number": pan, "expiry": expiry, "cryptogram": "123", **told}
        return await self.post(form["action"], typed, expected)

    async def purchase(self, pan: str = VISA, expected: int = 201, **changes: Any) -> Any:
        """A purchase without a browser."""
        document = {
            "shop": "e-transactions",
            "pan": pan,
            "expiry": "2912",
            "amount": 4200,
            "currency": "978",
            **changes,
        }
        return await self.json("POST", "/api/purchases", document, expected)

    async def newest(self) -> Any:
        return (await self.json("GET", "/api/purchases"))["purchases"][0]

    def advance(self, **by: float) -> None:
        self.runtime.clock.advance(timedelta(**by))


@pytest.fixture
async def scheme() -> AsyncIterator[Scheme]:
    async with running_scheme() as found:
        yield found


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test wants otherwise of GatewaySettings."""
    return {}


@pytest.fixture
async def world(scheme: Scheme, settings: dict[str, Any]) -> AsyncIterator[World]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    asked = {"public_url": url, "directory_server_url": scheme.url, "version": "2.2.0"}
    wanted = GatewaySettings(**{**asked, **settings})
    async with (
        runtime() as shared,
        running(build(shared, wanted), shared, port=port),
        aiohttp.ClientSession() as session,
    ):
        yield World(url, scheme, shared, session)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until it holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens behind a socket
            await asyncio.sleep(0.01)
