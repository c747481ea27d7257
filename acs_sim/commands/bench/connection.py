"""One keep-alive HTTP/1.1 connection, cheap enough not to be what is measured."""

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

HEADER_END: Final = b"\r\n\r\n"
ANSWER_SECONDS: Final = 30.0


class AnswerMissing(ConnectionError):
    """The connection ended, or was silent for too long, before the answer was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


class AnswerReader:
    """Puts an answer together from what arrives; bodies come with their length, or in chunks."""

    def __init__(self) -> None:
        self._received = bytearray()

    def feed(self, data: bytes) -> Answer | None:
        """The answer, once it is whole. Errors: `ValueError` for what is no HTTP answer."""
        self._received += data
        end = self._received.find(HEADER_END)
        if end < 0:
            return None
        head = bytes(self._received[:end]).lower()
        start = end + len(HEADER_END)
        body = self._chunked(start) if b"\r\ntransfer-encoding: chunked" in head else self._measured(head, start)
        if body is None:
            return None
        self._received.clear()
        return Answer(int(head[9:12]), body)

    def _measured(self, head: bytes, start: int) -> bytes | None:
        _, found, rest = head.partition(b"\r\ncontent-length:")
        length = int(rest.partition(b"\r\n")[0]) if found else 0
        return bytes(self._received[start : start + length]) if len(self._received) >= start + length else None

    def _chunked(self, at: int) -> bytes | None:
        body = bytearray()
        while (line := self._received.find(b"\r\n", at)) >= 0:
            size = int(bytes(self._received[at:line]).partition(b";")[0], 16)
            at = line + 2 + size + 2
            if len(self._received) < at:
                return None
            if size == 0:
                return bytes(body)
            body += self._received[line + 2 : line + 2 + size]
        return None


class Connection(asyncio.Protocol):
    """One exchange at a time. A connection that the peer closed is opened again by the next exchange."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        """`url`: a base address."""
        parts = urlsplit(url)
        self._host, self._port = cast(str, parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = tls if parts.scheme == "https" else None
        self._transport: asyncio.WriteTransport | None = None
        self._reader = AnswerReader()
        self._answer: asyncio.Future[Answer] | None = None

    async def exchange(self, request: bytes) -> Answer:
        """The answer to `request`, a whole HTTP request. Errors: `OSError`, of which `AnswerMissing` is one."""
        loop = asyncio.get_running_loop()
        if self._transport is None:
            self._reader = AnswerReader()
            await loop.create_connection(lambda: self, self._host, self._port, ssl=self._tls)
        answer: asyncio.Future[Answer] = loop.create_future()
        self._answer = answer
        timer = loop.call_later(ANSWER_SECONDS, self._give_up)
        cast(asyncio.WriteTransport, self._transport).write(request)
        try:
            return await answer
        finally:
            timer.cancel()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            answer = self._reader.feed(data)
        except ValueError as error:
            self._end(AnswerMissing(f"no HTTP answer: {error}"))
            return
        if answer is not None and self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._end(AnswerMissing("the connection was closed before the answer"))

    def _give_up(self) -> None:
        self._end(AnswerMissing(f"no answer within {ANSWER_SECONDS:g} seconds"))
        self.close()

    def _end(self, error: AnswerMissing) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def request(method: str, url: str, body: bytes = b"", content_type: str = "application/json; charset=utf-8") -> bytes:
    """An HTTP request as bytes; `url` is absolute."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    head = f"{method} {target or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    if body:
        head += f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
