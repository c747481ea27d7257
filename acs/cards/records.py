"""What the issuer remembers of a card. Plain data."""

from dataclasses import replace
from typing import Any, Final, NamedTuple

from msgspec import Struct

from acs.cards.status import CardStatus
from acs.settings import Limits

_OWN_LIMITS: Final = ("failures", "challenges", "unasked", "unasked_amount")


class Registration(Struct, frozen=True, omit_defaults=True):
    """What a minted card was told to be, over what its digits say."""

    pan: str
    scenario: str
    phone: str
    tries: int | None = None
    language: str | None = None
    trans_status: str | None = None
    reason: str | None = None
    password: str | None = None
    failures: int | None = None
    challenges: int | None = None
    unasked: int | None = None
    unasked_amount: int | None = None


class OnFile(NamedTuple):
    """What is known of a card when an AReq arrives. `method_seen`: whether the 3DS Method was called; None where nobody asked."""

    registration: Registration | None
    card_status: CardStatus
    method_seen: bool | None


class Card(Struct, frozen=True, omit_defaults=True):
    """A card of this issuer. `language`: BCP 47, when the cardholder has one of their own; `tries`: when it is not the issuer's.
    `trans_status` and `reason` (transStatusReason): when they are not the scenario's. `password` and the limits `failures`,
    `challenges`, `unasked` and `unasked_amount`: when they are its own.
    `tells`: elements that the ARes and the RReq have beside what the scenario says."""

    pan: str
    scheme: str
    scenario: str
    phone: str
    tries: int | None = None
    language: str | None = None
    trans_status: str | None = None
    reason: str | None = None
    password: str | None = None
    failures: int | None = None
    challenges: int | None = None
    unasked: int | None = None
    unasked_amount: int | None = None
    tells: dict[str, Any] | None = None

    def within(self, limits: Limits) -> Limits:
        """The issuer's limits, as far as the card has none of its own."""
        own = {name: value for name in _OWN_LIMITS if (value := getattr(self, name)) is not None}
        return replace(limits, **own) if own else limits
