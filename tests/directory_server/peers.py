"""The parties around the directory server, as small real servers, and the directory server between them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from directory_server.app import build
from directory_server.settings import DirectoryServerSettings
from tests.directory_server import messages
from tests.directory_server.messages import Message
from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.web.serving.application import serving
from threedsecure.web.serving.service import Runtime


@dataclass
class Silence:
    """An answer that comes only when `over` is set: what `then` makes of the message, or HTTP 500."""

    over: asyncio.Event = field(default_factory=asyncio.Event)
    then: Callable[[Message], Message] | None = None


class CutOff:
    """The connection is closed instead of an answer."""


@dataclass
class OutOfOrder:
    """An HTTP status and no message."""

    status: int


Answer = Message | bytes | Silence | CutOff | OutOfOrder


class Peer:
    """A server that keeps what it receives and answers what the test says: a message, bytes, silence, or a closed connection."""

    def __init__(self, answer: Callable[[Message], Answer]) -> None:
        self.answer = answer
        self.received: list[Message] = []
        self.url = ""
        self._queue: asyncio.Queue[Message] = asyncio.Queue()

    async def next(self) -> Message:
        """The next message that arrives, or has arrived and was not asked for yet."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._queue.get()

    @asynccontextmanager
    async def serving(self, path: str) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post(path, self._take)
        async with serving(app, "127.0.0.1", 0) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield

    async def _take(self, request: web.Request) -> web.Response:
        message = json.loads(await request.read())
        self.received.append(message)
        self._queue.put_nowait(message)
        if message["messageType"] == "Erro":
            return web.Response()
        answer = self.answer(message)
        if isinstance(answer, CutOff):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(answer, OutOfOrder):
            return web.Response(status=answer.status)
        if isinstance(answer, Silence):
            await answer.over.wait()
            if answer.then is None:
                return web.Response(status=500)
            answer = answer.then(message)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return web.Response(body=body, content_type="application/json")


@dataclass
class Scene:
    """A directory server between an ACS and a 3DS Server."""

    url: str
    runtime: Runtime
    acs: Peer
    three_ds_server: Peer
    session: aiohttp.ClientSession

    def areq(self, pan: str, version: str = "2.2.0", **changes: Any) -> Message:
        return messages.areq(pan, f"{self.three_ds_server.url}/results", version, **changes)

    async def post(
        self,
        message: Message | bytes,
        scheme: str = "visa",
        *,
        content_type: str = "application/json; charset=utf-8",
        path: str | None = None,
        status: int = 200,
    ) -> Message:
        """What the directory server answers; every answer has the HTTP status that the test expects."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        url = self.url + (path or f"/{scheme}/3ds2")
        async with self.session.post(url, data=BytesIO(body), headers={"Content-Type": content_type}) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return json.loads(text) if text else {}

    async def control(self, call: str, body: Message | None = None, *, status: int = 200) -> Message:
        return await self.post(body or {}, path=f"/control/{call}", status=status)

    async def challenged(self, pan: str, version: str = "2.2.0", **changes: Any) -> tuple[Message, Message]:
        """A transaction that waits for its result: the AReq as the ACS got it, and the ARes."""
        answer = await self.post(self.areq(pan, version, **changes))
        assert answer.get("transStatus") == "C", answer
        return await self.acs.next(), answer

    async def state(self, identifier: str) -> Message:
        found = await self.control("transactions", {"id": identifier})
        [transaction] = found["transactions"]
        return transaction

    async def journal(self, identifier: str) -> list[tuple[str, str, str]]:
        """Who sent what to whom in a transaction, in order."""
        transaction = await self.runtime.journal.transaction_of(identifier)
        assert transaction is not None
        entries = await self.runtime.journal.entries_of(transaction)
        return [(entry["from"], entry["to"], entry["kind"]) for entry in entries]


@asynccontextmanager
async def scene(*, data: Path | None = None, postgresql: str | None = None, **changes: Any) -> AsyncIterator[Scene]:
    """The directory server, an ACS that challenges, and a 3DS Server that acknowledges.
    `changes`: to the settings."""
    acs = Peer(lambda areq: messages.ares(areq, "C"))
    three_ds_server = Peer(messages.rres)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(acs.serving("/3ds2/areq"))
        await stack.enter_async_context(three_ds_server.serving("/results"))
        shared = await stack.enter_async_context(runtime(data=data, postgresql=postgresql))
        patient = DirectoryServerSettings(
            acs_url=acs.url, acs_timeout=PATIENCE_SECONDS, results_timeout=PATIENCE_SECONDS
        )
        settings = replace(patient, **changes)
        url = await stack.enter_async_context(running(build(shared, settings), shared))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Scene(url, shared, acs, three_ds_server, session)
