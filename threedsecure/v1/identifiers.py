"""The identifiers of 1.0.2 that a party makes up. `random_bytes(n)` is handed in."""

import base64
import re
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
_SIX_OF_MANY_DIGITS = re.compile(r"(\d{6})\d(?=\d{6})")


def message_id(random_bytes: RandomBytes) -> str:
    """The id of a Message: 20 characters, never thirteen digits in a row, which would be masked as a card number wherever they are
    shown. An answer repeats that of its request."""
    return _SIX_OF_MANY_DIGITS.sub(r"\1f", random_bytes(10).hex())


def xid(random_bytes: RandomBytes) -> str:
    """The merchant's identifier of a payment: base64 of 20 bytes, 28 characters."""
    return base64.b64encode(random_bytes(20)).decode()


def account_id(random_bytes: RandomBytes) -> str:
    """The ACS's `acctID`: 28 characters that say nothing of the card number they stand for."""
    return base64.b64encode(random_bytes(20)).decode()


def pares_id(random_bytes: RandomBytes) -> str:
    """The id of a PARes element, which its signature refers to: an XML name."""
    return f"PARes.{random_bytes(8).hex()}.signed"
