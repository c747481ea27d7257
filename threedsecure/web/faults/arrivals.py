"""Faults of what others send here: their messages are changed, lost or doubled before anybody reads them."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from threedsecure.faults import POINTS, Carriage, Fault, MessageFault, Written, forms, json_messages, xml_messages
from threedsecure.faults.changes import changed
from threedsecure.v1.envelope import pack, unpack
from threedsecure.v1.errors import MessageError
from threedsecure.web.faults.injector import Faults
from threedsecure.web.wire import FORM, Disruption, WireRequest, WireResponse

_AT: Final[Mapping[str, tuple[str, ...]]] = {"directory server": ("PReq", "CRReq"), "acs": ("CReq post", "PAReq")}
MOST_FIELDS: Final = 40


class _Came(NamedTuple):
    """What came: the point, its bytes, what it says, and the form around it."""

    at: str
    raw: bytes
    message: Mapping[str, Any]
    form: dict[str, str]


class Arriving:
    """What comes to one service."""

    def __init__(self, faults: Faults, service: str) -> None:
        self._faults = faults
        self._points = _AT.get(service, ())

    async def arrived(self, request: WireRequest) -> Carriage:
        """Change `request` as the faults in force want it; what else is to become of it."""
        came = self._came(request)
        if came is None:
            return Carriage()
        sender = POINTS[came.at].senders[0]
        names = await self._faults.names_of(came.at, sender, came.message)
        carriages = [Carriage()]
        for fault in await self._faults.struck(came.at, sender, names, came.raw):
            came = await self._changed(fault, came, names, sender)
            carriages.append(fault.carriage(self._faults.draw))
            _write(request, came, carriages[-1])
        return max(carriages, key=lambda each: (each.ends is not None, each.times, each.seconds))

    async def _changed(self, fault: Fault, came: _Came, names: frozenset[str], sender: str) -> _Came:
        raw = came.raw
        if isinstance(fault, MessageFault):
            raw = changed(fault, raw, await self._faults.around(fault, sender, names))
        self._faults.note(fault, came.message, None if raw is came.raw else raw)
        return came._replace(raw=raw)

    def disrupted(self, carriage: Carriage, response: WireResponse) -> WireResponse:
        """The answer to what arrived; none where the connection broke."""
        if carriage.ends in ("silent", "reset"):
            response.disruption = Disruption(carriage.seconds, self._faults.pause, carriage.ends)
        return response

    def _came(self, request: WireRequest) -> _Came | None:
        if not self._points or request.handed is not None:
            return None
        if request.media_type == FORM:
            return self._in_a_form(request)
        written = Written.XML if request.body.lstrip().startswith(b"<") else Written.JSON
        message = _read(request.body, written)
        at = str(message.get("messageType"))
        return _Came(at, request.body, message, {}) if at in self._points and POINTS[at].field is None else None

    def _in_a_form(self, request: WireRequest) -> _Came | None:
        try:
            form = dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        except ValueError:
            return None
        for at in self._points:
            point = POINTS[at]
            if point.field in form:
                raw = _unpacked(form[point.field], point.written)
                return _Came(at, raw, _read(raw, point.written), form)
        return None


def _read(raw: bytes, written: Written) -> Mapping[str, Any]:
    if written is Written.JSON:
        return json_messages.decoded(raw) or {}
    message = xml_messages.decoded(raw) if raw else None
    return {} if message is None else xml_messages.summary(message)


def _unpacked(value: str, written: Written) -> bytes:
    try:
        return unpack(value) if written is Written.XML else forms.raw_of(value) or b""
    except MessageError:
        return b""


def _write(request: WireRequest, came: _Came, carriage: Carriage) -> None:
    """What is read instead of what came."""
    point, raw = POINTS[came.at], came.raw if carriage.body is None else carriage.body
    if point.field is None:
        request.body = raw
    else:
        value = pack(raw) if point.written is Written.XML else forms.value_of(raw)
        request.body = urlencode({**came.form, point.field: value}).encode()
