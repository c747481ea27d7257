"""What leaves the process's memory leaves without card numbers, codes and keys.

Only the names listed here are touched, wherever they stand in a document; the rest passes unchanged.
"""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from threedsecure.cards.card_numbers import luhn_valid, mask
from threedsecure.secrets.remembering import remembering

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
_BASE64 = re.compile(r"(?=[^\s]{18,8192}\Z)(?=.*[A-Za-z])[A-Za-z0-9+/_-]+={0,2}")
_TO_BASE64 = str.maketrans("-_", "+/")
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


def redact(document: Any) -> Any:
    """A copy of a decoded message, form or JSON document, fit for a journal."""
    kind = type(document)
    if kind is str:
        return document if len(document) < _SHORTEST_PAN else redact_card_numbers(document)
    if kind is dict:
        return {
            _name(name) if type(name) is str else name: _redact_member(name, value) for name, value in document.items()
        }
    if kind is list or kind is tuple:
        return [redact(item) for item in document]
    if isinstance(document, Mapping):
        return redact(dict(document))
    return document


@remembering(4096)
def _name(name: str) -> str:
    return redact_card_numbers(name)


def _redact_member(name: Any, value: Any) -> Any:
    how = REDACTED_ELEMENTS.get(name)
    return redact(value) if how is None or not value else how(value)


def redact_card_numbers(text: str) -> str:
    """`text` with every Luhn-valid run of 13 to 19 digits masked, and hidden where it is base64 of one: for words that a
    peer wrote, such as an errorDetail."""
    if len(text) < _SHORTEST_PAN:
        return text
    if _BASE64.fullmatch(text) and _holds_card_number(text):
        return HIDDEN
    return _CARD_NUMBER.sub(lambda match: mask(match[0]) if luhn_valid(match[0]) else match[0], text)


def holds_card_number(text: str) -> bool:
    """Whether a Luhn-valid card number stands in `text`, as it is or in base64."""
    return redact_card_numbers(text) != text


def _holds_card_number(text: str) -> bool:
    """Whether base64 or base64url hides one."""
    plain = text.translate(_TO_BASE64).rstrip("=")
    try:
        read = base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("latin-1")
    except ValueError:
        return False
    return any(luhn_valid(found[0]) for found in _CARD_NUMBER.finditer(read))


def redact_text_message(text: str) -> str:
    """A text to a cardholder with its code hidden."""
    return _CODE.sub("*" * 6, redact_card_numbers(text))
