"""The issuer's end of a callback: a small real server that keeps what it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.support.patience import PATIENCE_SECONDS
from threedsecure.web.serving.application import serving


class Issuer:
    """Answers each call with the next of `answers`, then with 204, and never at `silent_address`.

    `heard` keeps the documents in order."""

    def __init__(self, *answers: int) -> None:
        self.address = ""
        self.silent_address = ""
        self.leaving = asyncio.Event()
        self.heard: list[dict[str, Any]] = []
        self._answers = list(answers)
        self._calls = asyncio.Condition()

    async def hears(self, count: int) -> list[dict[str, Any]]:
        """What was heard, once there have been `count` calls."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._calls:
            await self._calls.wait_for(lambda: len(self.heard) >= count)
        return self.heard

    async def answer(self, request: web.Request) -> web.Response:
        document = await request.json()
        async with self._calls:
            self.heard.append(document)
            self._calls.notify_all()
        return web.Response(status=self._answers.pop(0) if self._answers else 204)

    async def say_nothing(self, _request: web.Request) -> web.Response:
        await self.leaving.wait()
        return web.Response()


@asynccontextmanager
async def an_issuer(*answers: int) -> AsyncIterator[Issuer]:
    issuer = Issuer(*answers)
    app = web.Application()
    app.router.add_post("/told", issuer.answer)
    app.router.add_post("/silent", issuer.say_nothing)
    async with serving(app, "127.0.0.1", 0) as port:
        issuer.address = f"http://127.0.0.1:{port}/told"
        issuer.silent_address = f"http://127.0.0.1:{port}/silent"
        try:
            yield issuer
        finally:
            issuer.leaving.set()
