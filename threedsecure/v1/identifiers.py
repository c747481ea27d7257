"""The identifiers of 1.0.2 that a party makes up. `random_bytes(n)` is handed in."""

import base64
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]


def message_id(random_bytes: RandomBytes) -> str:
    """The id of a Message: 20 characters. An answer repeats that of its request."""
    return random_bytes(10).hex()


def xid(random_bytes: RandomBytes) -> str:
    """The merchant's identifier of a payment: base64 of 20 bytes, 28 characters."""
    return base64.b64encode(random_bytes(20)).decode()


def account_id(random_bytes: RandomBytes) -> str:
    """The ACS's `acctID`: 28 characters that say nothing of the card number they stand for."""
    return base64.b64encode(random_bytes(20)).decode()


def pares_id(random_bytes: RandomBytes) -> str:
    """The id of a PARes element, which its signature refers to: an XML name."""
    return f"PARes.{random_bytes(8).hex()}.signed"
