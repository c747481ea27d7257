"""Faults of answers: which messages an answer carries, and what happens to each of them."""

import gzip
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from threedsecure.faults import (
    POINTS,
    Carriage,
    Carrier,
    Fault,
    MessageFault,
    SignatureFault,
    Written,
    forms,
    json_messages,
    xml_messages,
)
from threedsecure.faults.changes import changed
from threedsecure.faults.kinds.browser import Late, OtherSession, PaddedBase64
from threedsecure.faults.kinds.message import Erro
from threedsecure.v1.codec import encode
from threedsecure.v1.envelope import pack, unpack
from threedsecure.v1.errors import MessageError
from threedsecure.web.faults.injector import Faults
from threedsecure.web.wire import JSON, Disruption, WireRequest, WireResponse

Resign = Callable[[bytes, str | None], Awaitable[bytes]]
"""Signs a PARes that has no signature, or the payload of acsSignedContent; with the name of a defect, badly."""

_SENDERS: Final = {"directory server": "Directory Server", "acs": "ACS", "gateway": "3DS Server"}
_ANSWERS: Final = frozenset(name for name, point in POINTS.items() if point.carrier is Carrier.ANSWER)
_XML_ANSWERS: Final = frozenset(at for at in _ANSWERS if POINTS[at].written is Written.XML)
_PAGES: Final = (("cres", "CRes page"), ("PaRes", "PARes page"), ("threeDSMethodData", "Method page"))
SESSION_BYTES: Final = 32
SIGNED: Final = "acsSignedContent"
SIGNED_PARTS: Final = 3
_WORSE: Final = ("whole", "dribbled", "cut", "reset", "silent")
"""How an answer may end; what is worse is behind."""
_POSTS: Final = {"CRes page": "CRes post", "PARes page": "PARes", "Method page": "Method callback"}


@dataclass(slots=True)
class _Carried:
    """A message in an answer: where it is, its bytes, what it says (as far as that can be read). `padded`: whether its base64 is
    written with =."""

    at: str
    raw: bytes
    message: Mapping[str, Any]
    padded: bool = False


class Answering:
    """The answers of one service. `resign`: how it signs a PARes again."""

    def __init__(self, faults: Faults, service: str, resign: Resign | None) -> None:
        self._faults = faults
        self._sender = _SENDERS.get(service)
        self._resign = resign

    async def answered(self, request: WireRequest, response: WireResponse) -> WireResponse:
        """`response` with all that is to happen to it."""
        self._learn(request)
        if self._sender is None or response.status >= 300:
            return response
        carried = self._carried(_plain(response))
        for one in carried:
            names = await self._faults.names_of(one.at, self._sender, one.message)
            if one.at == "ARes":
                self._faults.release_callback(str(one.message.get("threeDSServerTransID")))
            for fault in await self._faults.struck(one.at, self._sender, names, one.raw):
                await self._strike(fault, one, response, names)
        return response

    def _learn(self, request: WireRequest) -> None:
        if request.message is not None:
            self._faults.learn(request.message, _field(request, forms.SESSION_FIELD))
        elif (packed := _field(request, "PaReq")) is not None:
            self._faults.learn(_xml_message(_unpacked(packed)))

    def _carried(self, response: WireResponse) -> list[_Carried]:
        """The messages of an answer: one, or a page and what it has the browser post."""
        media_type = response.content_type.partition(";")[0].strip()
        if media_type == "application/json":
            return self._of_json(response)
        if response.sealed is not None and response.message is not None:
            return [_Carried("CRes", json_messages.encoded(response.message), response.message)]
        if media_type == "application/xml":
            xml = _xml_message(response.body)
            kind = str(xml.get("messageType"))
            return [_Carried(kind, response.body, xml)] if kind in _XML_ANSWERS else []
        return self._of_page(response) if media_type == "text/html" and self._sender == "ACS" else []

    def _of_json(self, response: WireResponse) -> list[_Carried]:
        """A message, and what the ACS signed for an SDK in it."""
        message = json_messages.decoded(response.body) or {}
        kind = str(message.get("messageType"))
        carried = [_Carried(kind, response.body, message)] if kind in _ANSWERS else []
        if self._sender == "ACS" and (payload := _signed(message)) is not None:
            carried.append(_Carried(SIGNED, payload, message))
        return carried

    def _of_page(self, response: WireResponse) -> list[_Carried]:
        page = response.body.decode(errors="replace")
        for field, at in _PAGES:
            if (value := forms.field_of(page, field)) is not None:
                raw = _unpacked(value) if field == "PaRes" else forms.raw_of(value) or b""
                message = _xml_message(raw) if field == "PaRes" else json_messages.decoded(raw) or {}
                return [_Carried(_POSTS[at], raw, message), _Carried(at, response.body, message)]
        acs_trans_id = forms.field_of(page, "acsTransID")
        return [] if acs_trans_id is None else [_Carried("challenge page", b"", {"acsTransID": acs_trans_id})]

    async def _strike(self, fault: Fault, one: _Carried, response: WireResponse, names: frozenset[str]) -> None:
        sent = None
        if POINTS[one.at].carrier is Carrier.POST:
            await self._strike_post(fault, one, response, names)
            sent = one.raw if isinstance(fault, MessageFault) else None
        elif one.at == SIGNED:
            sent = await self._sign_again(fault, one, response, names)
        elif response.sealed is not None and isinstance(fault, MessageFault | SignatureFault):
            sent = await self._seal_again(fault, one, response, names)
        elif isinstance(fault, MessageFault):
            sent = response.body = one.raw = await self._changed(fault, one.raw, names)
        else:
            carriage = fault.carriage(self._faults.draw)
            _carry(carriage, response, self._faults)
            one.raw = one.raw if carriage.body is None else carriage.body
        self._faults.note(fault, one.message, sent)

    async def _changed(self, fault: MessageFault, raw: bytes, names: frozenset[str]) -> bytes:
        return changed(fault, raw, await self._faults.around(fault, self._sender or "", names))

    # What is signed or encrypted for an app.

    async def _sign_again(
        self, fault: Fault, one: _Carried, response: WireResponse, names: frozenset[str]
    ) -> bytes | None:
        """Only what was asked for is wrong with acsSignedContent: what was changed is signed again."""
        message = json_messages.decoded(response.body) or {}
        if self._resign is None or _signed(message) is None:
            return None
        if isinstance(fault, MessageFault):
            one.raw = await self._changed(fault, one.raw, names)
        defect = fault.defect if isinstance(fault, SignatureFault) else None
        message[SIGNED] = (await self._resign(one.raw, defect)).decode()
        response.body = json_messages.encoded(message)
        return one.raw

    async def _seal_again(
        self, fault: Fault, one: _Carried, response: WireResponse, names: frozenset[str]
    ) -> bytes | None:
        if isinstance(fault, MessageFault):
            one.raw = await self._changed(fault, one.raw, names)
        if isinstance(fault, Erro):  # it travels in clear
            response.body, response.content_type = one.raw, JSON
        elif response.sealed is not None:
            response.body = response.sealed(one.raw, fault.defect if isinstance(fault, SignatureFault) else None)
        return one.raw

    # What a page has the browser post.

    async def _strike_post(self, fault: Fault, one: _Carried, response: WireResponse, names: frozenset[str]) -> None:
        page, field = response.body.decode(errors="replace"), POINTS[one.at].field or ""
        carriage = fault.carriage(self._faults.draw)
        if carriage.ends == "silent":
            response.body = forms.without_form(response.body)
        elif carriage.times > 1:
            response.body = forms.posted_twice(response.body)
        elif isinstance(fault, Late):
            named = str(one.message.get("threeDSServerTransID"))
            await self._faults.hold_callback(named, forms.action_of(page), forms.field_of(page, field) or "")
            response.body = forms.without_form(response.body)
        elif isinstance(fault, OtherSession):
            session = self._faults.memory.another_session(names) or self._unknown_session()
            response.body = forms.with_field(page, forms.SESSION_FIELD, session).encode()
        else:
            one.raw = one.raw if carriage.body is None else carriage.body
            value = await self._value(fault, one, names)
            response.body = forms.with_field(page, field, value).encode()

    def _unknown_session(self) -> str:
        return forms.value_of(self._faults.draw(1 << 8 * SESSION_BYTES).to_bytes(SESSION_BYTES, "big"))

    async def _value(self, fault: Fault, one: _Carried, names: frozenset[str]) -> str:
        """The field after the fault."""
        if one.at == "PARes":
            one.raw = await self._pares(fault, one.raw, names)
            return pack(one.raw)
        if isinstance(fault, MessageFault):
            one.raw = await self._changed(fault, one.raw, names)
        one.padded = one.padded or isinstance(fault, PaddedBase64)
        return forms.padded_value(one.raw) if one.padded else forms.value_of(one.raw)

    async def _pares(self, fault: Fault, raw: bytes, names: frozenset[str]) -> bytes:
        """A PARes that was changed is signed again, so that only what was asked for is wrong with it."""
        if isinstance(fault, MessageFault):
            raw = await self._changed(fault, raw, names)
        message = xml_messages.decoded(raw)
        if message is None or isinstance(fault, Erro) or self._resign is None:
            return raw
        unsigned = encode(message)
        defect = fault.defect if isinstance(fault, SignatureFault) else None
        if isinstance(fault, SignatureFault) and defect is None:
            return unsigned
        try:
            return await self._resign(unsigned, defect)
        except ValueError:  # what the signature stands on was taken away
            return unsigned


def _carry(carriage: Carriage, response: WireResponse, faults: Faults) -> None:
    """Everything that happens to the carriage of an answer. Of several ways to end the worst one wins; delays add up."""
    known = response.disruption or Disruption(0.0, faults.pause)
    ends = known.ends
    if carriage.ends is not None and carriage.ends != "refused":
        ends = max(ends, carriage.ends, key=_WORSE.index)
    if carriage.seconds or ends != known.ends:
        keep = min(known.keep, carriage.keep)
        response.disruption = Disruption(known.seconds + carriage.seconds, faults.pause, ends, keep)
    response.status = carriage.status or response.status
    response.body = response.body if carriage.body is None else carriage.body
    response.content_type = carriage.content_type or response.content_type
    response.headers.update(carriage.headers)


def _signed(message: Mapping[str, Any]) -> bytes | None:
    """The payload of acsSignedContent, None where there is none."""
    parts = str(message.get(SIGNED, "")).split(".")
    return forms.raw_of(parts[1]) if len(parts) == SIGNED_PARTS else None


def _plain(response: WireResponse) -> WireResponse:
    """The answer in one piece and not compressed, so that something can happen to what is in it."""
    response.whole()
    if response.headers.get("Content-Encoding") == "gzip":
        with suppress(OSError, EOFError, zlib.error):
            response.body = gzip.decompress(response.body)
            del response.headers["Content-Encoding"]
    return response


def _field(request: WireRequest, name: str) -> str | None:
    if request.media_type != "application/x-www-form-urlencoded":
        return None
    try:
        return next(iter(parse_qs(request.body.decode("ascii"), max_num_fields=40).get(name, ())), None)
    except ValueError:
        return None


def _unpacked(value: str) -> bytes:
    try:
        return unpack(value)
    except MessageError:
        return b""


def _xml_message(raw: bytes) -> dict[str, Any]:
    message = xml_messages.decoded(raw) if raw else None
    return {} if message is None else xml_messages.summary(message)
