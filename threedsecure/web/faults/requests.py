"""Faults of requests: what a party sends, and what happens to it on the way."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable
from threedsecure.faults import POINTS, Carriage, Carrier, Fault, MessageFault, json_messages, xml_messages
from threedsecure.faults.changes import changed
from threedsecure.storage.ledger import More
from threedsecure.web.broken_answers import PIECES, pieces
from threedsecure.web.calling.transport import Body, Transport
from threedsecure.web.faults.injector import Faults
from threedsecure.web.wire import JSON, WireResponse

_PHONE: Final = {"/api/messages": "SMS", "/api/prompts": "prompt"}


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

    def hand_over(
        self, url: str, message: dict[str, Any], more: More | None, *, timeout: float, headers: Mapping[str, str]
    ) -> WireResponse | Awaitable[WireResponse] | None:
        if not self._faults.spares(message):
            return None
        return self._transport.hand_over(url, message, more, timeout=timeout, headers=headers)


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
        on_the_way = [await self._change(fault, names, message) for fault in struck]
        return await self._go(on_the_way, message)

    def _read(self) -> dict[str, Any]:
        body = self._letter.body
        if body.lstrip().startswith(b"<"):
            told = xml_messages.decoded(body)
            return {} if told is None else dict(xml_messages.summary(told))
        message = json_messages.decoded(body) or {}
        if self._to_the_phone(message) is not None:
            return {**message, "acsTransID": message.get("reference")}
        return message

    def _to_the_phone(self, message: Mapping[str, Any]) -> str | None:
        if self._party != "ACS" or "reference" not in message:
            return None
        path = urlsplit(self._letter.url).path
        return next((at for end, at in _PHONE.items() if path.endswith(end)), None)

    def _point(self, message: Mapping[str, Any]) -> str | None:
        at = self._to_the_phone(message) or str(message.get("messageType"))
        point = POINTS.get(at)
        if point is None or point.carrier is not Carrier.REQUEST or self._party not in point.senders:
            return None
        return at

    async def _change(self, fault: Fault, names: frozenset[str], message: Mapping[str, Any]) -> Carriage:
        """What happens to the message and its envelope, before it goes; what is to happen on the way."""
        became = None
        if isinstance(fault, MessageFault):
            around = await self._faults.around(fault, self._party, names)
            became = self._letter.body = changed(fault, self._letter.body, around)
        carriage = fault.carriage(self._faults.draw)
        self._letter.content_type = carriage.content_type or self._letter.content_type
        self._letter.body = self._letter.body if carriage.body is None else carriage.body
        self._faults.note(fault, message, became)
        return carriage

    async def _go(self, on_the_way: list[Carriage], message: Mapping[str, Any]) -> WireResponse:
        """What happens on the way, in order; the last thing is that it arrives, drop by drop where nothing worse happens."""
        url, timeout = self._letter.url, self._letter.timeout
        for carriage in sorted(on_the_way, key=lambda each: each.ends == "dribbled"):
            match carriage.ends:
                case "silent":
                    await self._faults.pause(min(carriage.seconds, timeout))
                    raise PeerTimedOut(url, f"no answer within {timeout:g} seconds")
                case "refused":
                    raise PeerUnreachable(url, "no connection: Connection refused")
                case "reset":
                    await self._arrive()
                    raise ExchangeBroken(url, "the exchange broke off: connection reset by peer")
                case "cut":
                    return await self._in_pieces(0, carriage.keep)
                case "dribbled":
                    return await self._in_pieces(carriage.seconds, None)
            if carriage.seconds:
                await self._delayed(carriage.seconds)
        answer = await self._arrive()
        for copy in range(2, max((carriage.times for carriage in on_the_way), default=1) + 1):
            self._faults.note_copy(self._party, copy, message, await self._arrive())
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
