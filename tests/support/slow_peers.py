"""Peers as small real servers: one that says nothing, one that dribbles, one that answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

Answer = Callable[[bytes], bytes]


@dataclass
class Peer:
    """`bodies`: of every request so far."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def called(self, times: int = 1) -> None:
        """Return when so many requests have arrived."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.bodies) >= times)

    async def heard(self, body: bytes) -> None:
        async with self._news:
            self.bodies.append(body)
            self._news.notify_all()


@asynccontextmanager
async def silent() -> AsyncIterator[Peer]:
    """It takes every request and never answers."""

    async def say_nothing(_body: bytes, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with _serving(say_nothing) as peer:
        yield peer


@asynccontextmanager
async def dribbling() -> AsyncIterator[Peer]:
    """It begins to answer, and goes on beginning."""

    async def dribble(_body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nContent-Type: application/json\r\n\r\n{")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with _serving(dribble) as peer:
        yield peer


@asynccontextmanager
async def heading() -> AsyncIterator[Peer]:
    """The head of its answer never ends: one header after the other, each of them harmless."""

    async def head(_body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        while True:
            writer.write(b"X-More: and more\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with _serving(head) as peer:
        yield peer


@asynccontextmanager
async def answering(answer: bytes | Answer, status: int = 200) -> AsyncIterator[Peer]:
    """It answers at once: always the same, or what `answer` makes of the request's body."""

    async def tell(body: bytes, writer: asyncio.StreamWriter) -> None:
        told = answer(body) if callable(answer) else answer
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {len(told)}"
        writer.write(head.encode() + b"\r\n\r\n" + told)
        await writer.drain()

    async with _serving(tell) as peer:
        yield peer


@asynccontextmanager
async def _serving(tell: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[Peer]:
    peer, open_connections = Peer(), set[asyncio.Task[Any]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_connections.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while True:
                    body = await _body(reader)
                    await peer.heard(body)
                    await tell(body, writer)
        finally:
            open_connections.discard(task)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=2_000)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield peer
    finally:
        server.close()
        for task in list(open_connections):
            task.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    return await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0))


@asynccontextmanager
async def ended(tasks: Collection["asyncio.Task[Any]"]) -> AsyncIterator[None]:
    """Whatever happens, `tasks` end with the context."""
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
