"""What leaves the process's memory leaves without card numbers, codes and keys.

Only the names listed here are touched, wherever they stand in a document; the rest passes unchanged.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from threedsecure.cards.card_numbers import luhn_valid, mask

HIDDEN: Final = "***"

_HIDE: Final = lambda _value: HIDDEN  # noqa: E731 - one of the two ways to redact, used as a table entry
_MASK: Final = lambda value: mask(value) if isinstance(value, str) else HIDDEN  # noqa: E731

# By the specifications' names, and by those of the forms and texts that travel beside them.
REDACTED_ELEMENTS: Final[Mapping[str, Callable[[Any], str]]] = {
    "acctNumber": _MASK,
    "pan": _MASK,
    "token": _MASK,
    "NUMERO_CARTE": _MASK,
    "CCNumber": _MASK,
    "cardSecurityCode": _HIDE,
    "CVVX": _HIDE,
    "CVVCode": _HIDE,
    "cvx": _HIDE,
    "challengeValue": _HIDE,
    "challengeDataEntry": _HIDE,
    "challengeDataEntryTwo": _HIDE,
    "challengeHTMLDataEntry": _HIDE,
    "code": _HIDE,
    "password": _HIDE,
    "tokenCryptogram": _HIDE,
    "sdkEncData": _HIDE,
    "threeDSReqAuthData": _HIDE,
}

_SHORTEST_PAN: Final = 13
_CARD_NUMBER = re.compile(r"(?<!\d)\d{13,19}(?!\d)")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


def redact(document: Any) -> Any:
    """A copy of a decoded message, form or JSON document, fit for a journal."""
    kind = type(document)
    if kind is str:
        return document if len(document) < _SHORTEST_PAN else redact_card_numbers(document)
    if kind is dict:
        return {name: _redact_member(name, value) for name, value in document.items()}
    if kind is list or kind is tuple:
        return [redact(item) for item in document]
    if isinstance(document, Mapping):
        return redact(dict(document))
    return document


def _redact_member(name: Any, value: Any) -> Any:
    how = REDACTED_ELEMENTS.get(name)
    return redact(value) if how is None or not value else how(value)


class _NotPlain(Exception):
    """Something stands where only the slow reading knows what it is."""


_DIGITS_AS_ZEROS: Final = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else ord(" ") for byte in range(256))
_DIGIT_RUN: Final = b"0" * _SHORTEST_PAN
_LONGEST_PAN: Final = 19
_BACKSLASH: Final = ord("\\")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"').match
_SECRET: Final = frozenset(REDACTED_ELEMENTS)


class Redacted(NamedTuple):
    """A document as JSON: as it came (for memory alone; empty where it has no such form) and as it may be kept."""

    plain: bytes
    shown: bytes
    members: int


def redact_json(document: Any) -> bytes:
    """`redact(document)` as JSON."""
    return redacted(document).shown


def redacted(document: Any, before: Redacted | None = None) -> Redacted:
    """`redact(document)` as JSON. Most of a message is harmless, so its encoded form is searched instead of its members; where it
    begins byte for byte as `before`, which came by on an earlier hop, only the members that follow are looked at."""
    try:
        plain = orjson.dumps(document)
    except TypeError:
        return Redacted(b"", orjson.dumps(redact(document)), 0)
    if type(document) is not dict:
        return Redacted(plain, orjson.dumps(redact(document)), 0)
    if before is not None and before.members:
        if plain == before.plain:
            return before
        if plain.startswith(before.plain[:-1] + b","):
            more = redact_json(dict(islice(document.items(), before.members, None)))
            return Redacted(plain, before.shown[:-1] + b"," + more[1:], len(document))
    return Redacted(plain, _redacted(document, plain), len(document))


def _redacted(document: dict[str, Any], written: bytes) -> bytes:
    try:
        return _without_card_numbers(_without_secrets(written, _secrets_in(document)))
    except _NotPlain:
        return orjson.dumps(redact(document))


def _secrets_in(value: Any) -> set[str]:
    """The names in a document that are to be hidden."""
    found: set[str] = set()
    items = value
    if isinstance(value, dict):
        if not _SECRET.isdisjoint(value):
            found.update(_SECRET & value.keys())
        items = value.values()
    for item in items:
        if type(item) is not str and isinstance(item, (dict, list, tuple)):
            found |= _secrets_in(item)
    return found


def _without_secrets(written: bytes, names: Iterable[str]) -> bytes:
    for name in names:
        member = f'"{name}":'.encode()
        at = written.find(member)
        while at >= 0:
            start = at + len(member)
            if written[at - 1] != _BACKSLASH:  # else it is text that looks like a member
                written = _with_secret_hidden(written, start, REDACTED_ELEMENTS[name])
            at = written.find(member, start)
    return written


def _with_secret_hidden(written: bytes, start: int, how: Callable[[Any], str]) -> bytes:
    found = _TEXT(written, start)
    if found is None:
        raise _NotPlain
    value = orjson.loads(found[0])
    return written if not value else written[:start] + orjson.dumps(how(value)) + written[found.end() :]


def _without_card_numbers(written: bytes) -> bytes:
    """Text that is nothing but a card number is masked where it stands; a number in the midst of words is left to `redact`."""
    digits = written.translate(_DIGITS_AS_ZEROS)
    at = digits.find(_DIGIT_RUN)
    while at >= 0:
        end = digits.find(b" ", at)
        if end - at <= _LONGEST_PAN and luhn_valid(run := written[at:end].decode()):
            if not (_opens_a_text(written[at - 2 : at]) and _closes_a_value(written[end : end + 2])):
                raise _NotPlain
            written = written[:at] + mask(run).encode() + written[end:]
        at = digits.find(_DIGIT_RUN, end)
    return written


def _opens_a_text(before: bytes) -> bool:
    return before in (b':"', b',"', b'["')


def _closes_a_value(after: bytes) -> bool:
    return after in (b'",', b'"}', b'"]')


def redact_card_numbers(text: str) -> str:
    """`text` with every Luhn-valid run of 13 to 19 digits masked: for words that a peer wrote, such as an errorDetail."""
    if len(text) < _SHORTEST_PAN:
        return text
    return _CARD_NUMBER.sub(lambda match: mask(match[0]) if luhn_valid(match[0]) else match[0], text)


def redact_text_message(text: str) -> str:
    """A text to a cardholder with its code hidden."""
    return _CODE.sub("*" * 6, redact_card_numbers(text))
