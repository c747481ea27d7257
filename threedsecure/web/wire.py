"""A request and its answer as bytes with a few words around them: what every handler sees, whether they crossed a socket or not."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import orjson
from msgspec import Struct, field

from threedsecure.errors import ProtocolError
from threedsecure.secrets.remembering import remembering
from threedsecure.storage.ledger import More

JSON: Final = "application/json; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
PROBLEM: Final = "application/problem+json"
FORM: Final = "application/x-www-form-urlencoded"
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class WireRequest(Struct):
    """One request. Header names are lower-case. `message` is filled by the handler once it has decoded the body; whoever is
    listening (`on_message`) is told then, before the handler acts on it. `peer`: as whom the caller comes by its
    certificate, with TLS. `handed`: the message itself, from a sender in this process, in the place of the body that would say the
    same; `more` is how the ledger has it, then. `noted`: where it stands in the journal; `filed`: what it goes by there, where it
    carries no identifier."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = NOTHING
    query: Mapping[str, str] = NOTHING
    match: Mapping[str, str] = NOTHING
    peer: str | None = None
    on_message: "Callable[[WireRequest, Mapping[str, Any]], None] | None" = None
    handed: dict[str, Any] | None = None
    more: More | None = None
    noted: int = -1
    filed: str | None = None
    _message: Mapping[str, Any] | None = None

    @property
    def message(self) -> Mapping[str, Any] | None:
        return self._message

    @message.setter
    def message(self, message: Mapping[str, Any]) -> None:
        self._message = message
        if self.on_message is not None:
            self.on_message(self, message)

    @property
    def media_type(self) -> str:
        return _media_type(self.headers.get("content-type", ""))


@remembering(64)
def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


class WireResponse(Struct):
    """One answer. `message` is the document that `body` was encoded from, when there is one worth journalling. `chunks` stands in
    for `body` where an answer is too long to be held whole. `noting`: what else the journal is told of `message`; `noted`: where it
    stands there (`Journal.record`). `promises`: nobody may be told before all that was noted and written is safe. `disruption`: how
    whoever carries it is to misbehave. `sealed`: where `body` is encrypted, what it is for another plaintext, badly encrypted
    where a defect is named."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    message: Mapping[str, Any] | None = None
    noting: dict[str, Any] = field(default_factory=dict)
    noted: int = -1
    promises: bool = False
    chunks: Iterable[bytes] | None = None
    disruption: "Disruption | None" = None
    sealed: "Callable[[bytes, str | None], bytes] | None" = None

    def whole(self) -> "WireResponse":
        """The same with its chunks as a body, for a caller within the process."""
        if self.chunks is not None:
            self.body, self.chunks = b"".join(self.chunks), None
        return self


class Disruption(Struct, frozen=True):
    """How an answer misbehaves on its way (`threedsecure.faults`).

    `seconds` pass before it goes, or until it has gone where it dribbles; `pause` lets them pass. `ends`: whole, or how it breaks
    off instead; `keep`: the share of the body that comes before it is cut."""

    seconds: float
    pause: Callable[[float], Awaitable[None]]
    ends: Literal["whole", "dribbled", "cut", "reset", "silent"] = "whole"
    keep: float = 1.0


Handler = Callable[[WireRequest], WireResponse | Awaitable[WireResponse]]
"""Answers at once where nothing has to be waited for (`threedsecure.web.straight`)."""


class BodyTooLarge(ProtocolError):
    """The body is longer than the endpoint reads; `limit` is in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body is longer than {limit} bytes")
        self.limit = limit


class Problem(Exception):
    """An answer of the simulator's own APIs that is not a success: `application/problem+json` (RFC 9457)."""

    def __init__(self, status: int, title: str, detail: str = "", **members: Any) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.title = title
        self.detail = detail
        self.members = members

    def response(self) -> WireResponse:
        document = {"type": "about:blank", "title": self.title, "status": self.status, **self.members}
        if self.detail:
            document["detail"] = self.detail
        return WireResponse(self.status, orjson.dumps(document), PROBLEM)


def json_response(document: Any, status: int = 200) -> WireResponse:
    return WireResponse(status, orjson.dumps(document), JSON)


def message_response(message: Mapping[str, Any], body: bytes, status: int = 200) -> WireResponse:
    """A protocol message: `body` is `message` encoded."""
    return WireResponse(status, body, JSON, message=message)


def page(html: str, status: int = 200, *, frame_ancestors: str = "'self'", form_action: str = "*") -> WireResponse:
    """A page that runs no script but its own, loads nothing from elsewhere, and is not kept by caches.

    `frame_ancestors` and `form_action` are Content-Security-Policy source lists."""
    policy = (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; frame-src *; frame-ancestors {frame_ancestors}; form-action {form_action}; base-uri 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return WireResponse(status, html.encode(), HTML, headers)


def see_other(location: str) -> WireResponse:
    return WireResponse(303, b"", HTML, {"Location": location})


def read_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Names in lower case, and values that can be written: octets beyond ASCII, which mean nothing there (RFC 9110, 5.5), may be no
    text in any coding."""
    return {name.lower(): value if value.isascii() else _readable(value) for name, value in headers.items()}


def _readable(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_form(request: WireRequest, *, max_fields: int = 40) -> dict[str, str]:
    """The fields of a posted form. A field that stands twice keeps its first value; a body that is no form gives none.

    Errors: `Problem` 415 for another content type, 400 for a body that is not a form."""
    if request.media_type != FORM:
        raise Problem(415, "Unsupported Media Type", f"a form is posted as {FORM}")
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=False,
            max_num_fields=max_fields,
            errors="strict",
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise Problem(400, "Bad Request", "the body is not a form") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def read_json(request: WireRequest) -> dict[str, Any]:
    """The object that a call of the simulator's own APIs posts; an empty body is an empty object. Errors: `Problem` 400."""
    if not request.body:
        return {}
    try:
        document = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise Problem(400, "Bad Request", f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Problem(400, "Bad Request", "the body is not a JSON object")
    return document
