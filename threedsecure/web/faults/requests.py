"""Faults of requests: what a party sends, and what happens to it on the way."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable
from threedsecure.faults import POINTS, Carrier, Fault, json_messages, xml_messages
from threedsecure.faults import documents as kinds
from threedsecure.faults.changes import ELEMENT_KINDS, changed, garbage, seconds_of
from threedsecure.web.broken_answers import PIECES, pieces
from threedsecure.web.calling.transport import Body, Transport
from threedsecure.web.faults.injector import Faults
from threedsecure.web.wire import JSON, WireResponse

_SMS_PATH: Final = "/api/messages"


class PartyTransport:
    """A transport through which the requests of one party meet their faults. Without any it costs one look."""

    def __init__(self, faults: Faults, party: str, transport: Transport) -> None:
        self._faults = faults
        self._plan = faults.plan
        self._party = party
        self._transport = transport

    def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Coroutine[Any, Any, WireResponse]:
        if not self._plan.active or not isinstance(body, bytes):
            return self._transport.post(url, body, timeout=timeout, content_type=content_type, headers=headers)
        letter = _Letter(url, body, timeout, content_type, dict(headers or {}))
        return _Sending(self._faults, self._party, self._transport, letter).sent()

    def get(self, url: str, *, timeout: float) -> Coroutine[Any, Any, WireResponse]:
        return self._transport.get(url, timeout=timeout)


class _Letter:
    """A request as it goes out; faults change it."""

    def __init__(self, url: str, body: bytes, timeout: float, content_type: str, headers: dict[str, str]) -> None:
        self.url = url
        self.body = body
        self.timeout = timeout
        self.content_type = content_type
        self.headers = headers


class _Sending:
    def __init__(self, faults: Faults, party: str, transport: Transport, letter: _Letter) -> None:
        self._faults = faults
        self._party = party
        self._transport = transport
        self._letter = letter

    async def sent(self) -> WireResponse:
        message = self._read()
        at = self._point(message)
        names = await self._faults.names_of(at, self._party, message)
        struck = await self._faults.struck(at, self._party, names, self._letter.body) if at else []
        for fault in struck:
            await self._change(fault, names)
            became = self._letter.body if isinstance(fault, ELEMENT_KINDS) else None
            self._faults.note(fault, message, became)
        return await self._go([fault for fault in struck if not isinstance(fault, ELEMENT_KINDS)])

    def _read(self) -> dict[str, Any]:
        body = self._letter.body
        if body.lstrip().startswith(b"<"):
            root = xml_messages.decoded(body)
            return {} if root is None else dict(xml_messages.summary(root))
        message = json_messages.decoded(body) or {}
        if self._is_text(message):
            return {**message, "acsTransID": message.get("reference")}
        return message

    def _is_text(self, message: Mapping[str, Any]) -> bool:
        return self._party == "ACS" and "reference" in message and urlsplit(self._letter.url).path == _SMS_PATH

    def _point(self, message: Mapping[str, Any]) -> str | None:
        at = "SMS" if self._is_text(message) else str(message.get("messageType"))
        point = POINTS.get(at)
        if point is None or point.carrier is not Carrier.REQUEST or self._party not in point.senders:
            return None
        return at

    async def _change(self, fault: Fault, names: frozenset[str]) -> None:
        """What happens to the message and its envelope, before it goes."""
        match fault:
            case kinds.ContentType(value=value):
                self._letter.content_type = value
            case kinds.Garbage(bytes=count):
                self._letter.body = garbage(count, self._faults.draw)
            case _ if isinstance(fault, ELEMENT_KINDS):
                around = await self._faults.around(fault, self._party, names)
                self._letter.body = changed(fault, self._letter.body, around)

    async def _go(self, faults: list[Fault]) -> WireResponse:
        """What happens on the way, in order; the last thing is that it arrives."""
        url, timeout = self._letter.url, self._letter.timeout
        twice = False
        for fault in faults:
            match fault:
                case kinds.Delay():
                    await self._delayed(seconds_of(fault, self._faults.draw))
                case kinds.Silence(seconds=seconds):
                    await self._faults.pause(min(seconds, timeout))
                    raise PeerTimedOut(url, f"no answer within {timeout:g} seconds")
                case kinds.Refuse():
                    raise PeerUnreachable(url, "no connection: Connection refused")
                case kinds.Reset():
                    await self._arrive()
                    raise ExchangeBroken(url, "the exchange broke off: connection reset by peer")
                case kinds.Truncate(keep=keep):
                    return await self._in_pieces(0, keep)
                case kinds.Dribble(seconds=seconds):
                    return await self._in_pieces(seconds, None)
                case kinds.Twice():
                    twice = True
        answer = await self._arrive()
        if twice:
            await self._arrive()
        return answer

    async def _delayed(self, seconds: float) -> None:
        """A sender that has given up meanwhile does not keep the message from arriving. Errors: `PeerTimedOut`."""
        letter = self._letter
        if seconds < letter.timeout:
            await self._faults.pause(seconds)
            return
        self._faults.later(self._after(seconds), f"late request to {letter.url}")
        await self._faults.pause(letter.timeout)
        raise PeerTimedOut(letter.url, f"no answer within {letter.timeout:g} seconds")

    async def _after(self, seconds: float) -> None:
        await self._faults.pause(seconds)
        await self._arrive()

    async def _arrive(self) -> WireResponse:
        letter = self._letter
        return await self._transport.post(
            letter.url, letter.body, timeout=letter.timeout, content_type=letter.content_type, headers=letter.headers
        )

    async def _in_pieces(self, seconds: float, keep: float | None) -> WireResponse:
        """Over so many seconds, or only a share of it."""
        letter = self._letter
        told = {**letter.headers, "Content-Length": str(len(letter.body))}
        body = self._cut(keep) if keep is not None else self._drops(seconds)
        return await self._transport.post(
            letter.url, body, timeout=letter.timeout, content_type=letter.content_type, headers=told
        )

    async def _drops(self, seconds: float) -> AsyncIterator[bytes]:
        for piece in pieces(self._letter.body):
            await self._faults.pause(seconds / PIECES)
            yield piece

    async def _cut(self, keep: float) -> AsyncIterator[bytes]:
        yield self._letter.body[: int(len(self._letter.body) * keep)]
        await asyncio.sleep(0)
        raise ExchangeBroken(self._letter.url, "the exchange broke off in the middle of the body")
