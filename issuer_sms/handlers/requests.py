"""What callers hand in, checked: bodies, numbers and query parameters. Every error is a `Problem` that names what is wrong."""

import math
import re
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from issuer_sms import numbers
from issuer_sms.numbers import NumberNotValid
from issuer_sms.prompts import Decision
from threedsecure.addresses import is_web_address
from threedsecure.redaction import holds_card_number
from threedsecure.web.wire import Problem, WireRequest, read_json

MAX_WAIT_SECONDS: Final = 60.0
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1_000
MAX_QUERY_CHARACTERS: Final = 200
MAX_ID_CHARACTERS: Final = 36

Address = Annotated[str, Meta(max_length=2048)]
Reference = Annotated[str, Meta(min_length=1, max_length=64)]
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
# 3GPP TS 23.040 clause 9.1.2.5: an alphanumeric address holds eleven characters of the 7-bit alphabet; else it is a number.
_SENDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .&_-]{0,10}|\+?[0-9]{3,15}")

Body = TypeVar("Body", bound=Struct)
Choice = TypeVar("Choice", bound=Enum)


class MessageBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /api/messages`: ten segments at most."""

    to: Annotated[str, Meta(max_length=64)]
    sender: Annotated[str, Meta(max_length=32)] = msgspec.field(name="from")
    body: Annotated[str, Meta(min_length=1, max_length=1530)]
    reference: Reference | None = None
    callback: Address | None = None


class PromptBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /api/prompts`."""

    to: Annotated[str, Meta(max_length=64)]
    title: Annotated[str, Meta(min_length=1, max_length=80)]
    body: Annotated[str, Meta(max_length=1000)] = ""
    reference: Reference | None = None
    callback: Address | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class DecisionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /api/prompts/{id}`."""

    decision: Decision


def read_body(request: WireRequest, kind: type[Body]) -> Body:
    """The posted JSON object as a `kind`, its telephone number, addresses and words checked."""
    try:
        body = msgspec.convert(read_json(request), kind)
    except msgspec.ValidationError as error:
        raise _bad(str(error)) from error
    for field in kind.__struct_encode_fields__:
        _check(field, getattr(body, "sender" if field == "from" else field))
    return body


def number_in_path(request: WireRequest) -> str:
    return parse_number(request.match["number"])


def id_in_path(request: WireRequest) -> str:
    """The id that an address names. One that cannot be an id is one that nothing has."""
    text = request.match["id"]
    if len(text) > MAX_ID_CHARACTERS or not (text.isascii() and text.isprintable()):
        raise Problem(404, "Not Found", "no such id")
    return text


def parse_number(text: str) -> str:
    """A number that stood in an address."""
    try:
        return numbers.from_address(text)
    except NumberNotValid as error:
        raise _bad(str(error)) from error


def wait_seconds(request: WireRequest) -> float:
    """How long the caller is willing to wait: `?wait=`, real seconds."""
    text = request.query.get("wait", "0")
    try:
        seconds = float(text) if len(text) <= 20 else math.nan
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise _bad(f"wait is a number of seconds from 0 to {MAX_WAIT_SECONDS:g}")
    return seconds


def limit(request: WireRequest) -> int:
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MAX_LIMIT):
        raise _bad(f"limit is a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def words(request: WireRequest, name: str) -> str | None:
    """A query parameter of free text; absent and empty are the same."""
    text = request.query.get(name, "").strip()
    if len(text) > MAX_QUERY_CHARACTERS:
        raise _bad(f"{name} is longer than {MAX_QUERY_CHARACTERS} characters")
    if _CONTROL.search(text):
        raise _bad(f"{name} holds control characters")
    return text or None


def choice(request: WireRequest, name: str, kind: type[Choice]) -> Choice | None:
    """A query parameter that names one of `kind`, or is absent."""
    text = words(request, name)
    known = {member.value: member for member in kind}
    if text is not None and text not in known:
        raise _bad(f"{name} is one of {', '.join(known)}")
    return None if text is None else known[text]


def _check(field: str, value: Any) -> None:
    if value is None:
        return
    if field == "to":
        _check_to(value)
    elif field == "from" and _SENDER.fullmatch(value) is None:
        raise _bad("from is a name of at most 11 letters, digits, spaces and .&_-, or a number of 3 to 15 digits")
    elif field == "callback" and not (value.isascii() and is_web_address(value)):
        raise _bad("callback is an http or https address")
    elif field == "reference" and not (value.isascii() and value.isprintable() and " " not in value):
        raise _bad("reference is made of printable ASCII characters without spaces")
    elif field == "reference" and holds_card_number(value):
        raise _bad("reference holds a card number; it is kept and shown as it is")
    elif field in ("title", "body") and _CONTROL.search(value):
        raise _bad(f"{field} holds control characters")


def _check_to(value: str) -> None:
    try:
        numbers.parse(value)
    except NumberNotValid as error:
        raise _bad(f"to: {error}") from error


def _bad(detail: str) -> Problem:
    return Problem(400, "Bad Request", detail)
