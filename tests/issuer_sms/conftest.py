"""A running phone, and somebody who calls it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from issuer_sms.app import service
from issuer_sms.phone import Phone
from issuer_sms.settings import PhoneSettings
from issuer_sms.storage import SCHEMA, PhoneStore
from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.web.serving.service import Runtime


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes
    json: Any


class Caller:
    """Speaks to the phone over a socket; addresses go out exactly as they are written."""

    def __init__(self, base: str, phone: Phone, shared: Runtime, session: aiohttp.ClientSession) -> None:
        self.base = base
        self.phone = phone
        self.shared = shared
        self.clock = shared.clock
        self.session = session

    async def get(self, path: str) -> Answer:
        return await self._call("GET", path)

    async def delete(self, path: str) -> Answer:
        return await self._call("DELETE", path)

    async def post(self, path: str, document: Any) -> Answer:
        return await self._call("POST", path, json=document)

    async def post_raw(self, path: str, body: bytes, content_type: str = "application/json") -> Answer:
        return await self._call("POST", path, data=body, headers={"Content-Type": content_type})

    async def text(self, to: str, body: str = "BANQUE: code 123456 pour 42,00 EUR", **more: Any) -> dict[str, Any]:
        """Send a text as the issuer does; it must be taken."""
        answer = await self.post("/api/messages", {"to": to, "from": "BANQUE", "body": body, **more})
        assert answer.status == 201, answer.body
        return answer.json

    async def waited_on(self, number: str, by: int = 1) -> None:
        """Return once `by` callers wait for news of `number`."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.phone.publisher.watchers(number) < by:  # noqa: ASYNC110 - nothing announces a caller who only waits
                await asyncio.sleep(0)

    async def _call(self, method: str, path: str, **more: Any) -> Answer:
        url = URL(self.base + path, encoded=True)
        async with self.session.request(method, url, allow_redirects=False, **more) as answer:
            body = await answer.read()
            is_json = answer.content_type.endswith("json")
            return Answer(
                answer.status, answer.headers, body, await answer.json(content_type=None) if is_json else None
            )


@asynccontextmanager
async def a_phone(
    data: Path | None = None, settings: PhoneSettings | None = None, *, postgresql: str | None = None
) -> AsyncIterator[Caller]:
    settings = settings or PhoneSettings()
    async with runtime(data=data, postgresql=postgresql) as shared, aiohttp.ClientSession() as session:
        store = PhoneStore(shared.open_database(SCHEMA), shared.vault, settings.network, shared.shared.worker)
        served = Phone(store, shared.clock, lambda thing: shared.randomness.of(thing).uuid(), shared.shared)
        async with running(service(served, shared, settings), shared) as base:
            yield Caller(base, served, shared, session)


@pytest.fixture
def frame_ancestors() -> str:
    """Who may show the pages in a frame."""
    return "'self'"


@pytest.fixture
async def phone(frame_ancestors: str) -> AsyncIterator[Caller]:
    async with a_phone(settings=PhoneSettings(frame_ancestors=frame_ancestors)) as caller:
        yield caller
