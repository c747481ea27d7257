"""What stays of a payment for the questions of a shop's server: transactions, and the authentications of ID3D. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import msgspec

CONTEXT_LIFE: Final = timedelta(minutes=15)
"""How long an ID3D can be used."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """`number` is NUMTRANS, `call` NUMAPPEL; `order`: of `order_key`; `state`: authorised, captured, cancelled or credited;
    `captured` and `refunded` in minor units; `capture_at`: when it is captured by itself; `print`: stands for the card."""

    number: str
    call: str
    order: str
    site: str
    rank: str
    amount: int
    currency: str
    authorisation: str
    at: datetime
    state: str = "authorised"
    captured: int = 0
    refunded: int = 0
    capture_at: datetime | None = None
    masked: str = ""
    print: str = ""
    scheme: str = ""


class Context(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What an authentication came to. `number` is ID3D; `authenticated`: whether an authorisation may follow."""

    number: str
    identifier: str
    amount: int
    currency: str
    print: str
    authenticated: bool
    at: datetime
    call: str = ""
    order: str = ""

    def holds_at(self, now: datetime) -> bool:
        return now < self.at + CONTEXT_LIFE


Kept = Transaction | Context


def order_key(manner: str, merchant: Iterable[str], reference: str) -> str:
    """One order of one merchant, in 64 characters."""
    return sha256("\0".join((manner, *merchant, reference)).encode()).hexdigest()


def as_of(transaction: Transaction, now: datetime) -> Transaction:
    """The transaction as it is at `now`: what was deferred is captured when its day has come."""
    due = transaction.capture_at is not None and transaction.capture_at <= now
    if transaction.state == "authorised" and due:
        return msgspec.structs.replace(transaction, state="captured", captured=transaction.amount)
    return transaction
