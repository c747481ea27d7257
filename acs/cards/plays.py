"""What a card's scenario has the issuer do, in the words of EMV 3-D Secure.

A scenario whose point lies elsewhere (the card range, the 3DS Method) is authenticated here without a challenge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from acs.cardholder.methods.table import Method
from acs.cards import reasons
from acs.cards.records import Card
from acs.cards.rreq_order import ORDERINGS
from threedsecure.v2.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Settle:
    """Answer with a final transStatus."""

    trans_status: str
    reason: str | None = None
    exemption: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer transStatus C and challenge by this method. `insists`: whatever the requestor wishes."""

    method: Method
    insists: bool = False


@dataclass(frozen=True, slots=True)
class Defer:
    """Answer transStatus D; the cardholder has so many minutes."""

    minutes: int
    method: Method = Method.DECOUPLED


@dataclass(frozen=True, slots=True)
class DeferIfAsked:
    """Decoupled, when the requestor asks for it."""


@dataclass(frozen=True, slots=True)
class KeepSilent:
    """Decide as `late` says, and let the caller wait for it longer than it can."""

    late: Settle


@dataclass(frozen=True, slots=True)
class AnswerErro:
    """Answer with an Erro although the AReq is right."""

    code: str
    detail: str


Decision = Settle | Ask | Defer | KeepSilent | AnswerErro
Play = Settle | Ask | DeferIfAsked | KeepSilent | AnswerErro

AUTHENTICATED: Final = Settle("Y")
INFORMED: Final = Settle("I")
UNAVAILABLE: Final = Settle("U", reasons.ACS_TECHNICAL_ISSUE)

PLAYS: Final[Mapping[str, Play]] = MappingProxyType(
    {
        "frictionless": AUTHENTICATED,
        "frictionless-attempt": Settle("A"),
        "not-authenticated": Settle("N", reasons.CARD_AUTHENTICATION_FAILED),
        "unavailable": UNAVAILABLE,
        "rejected": Settle("R", reasons.SUSPECTED_FRAUD),
        "challenge-otp": Ask(Method.SMS_CODE),
        "informational": INFORMED,
        "challenge-mandated": Ask(Method.SMS_CODE, insists=True),
        "challenge-auto-pass": Ask(Method.AUTO_PASS),
        "challenge-auto-fail": Ask(Method.AUTO_FAIL),
        "sms-lost": Ask(Method.SMS_CODE),
        "sms-late": Ask(Method.SMS_CODE),
        "sms-twice": Ask(Method.SMS_CODE),
        "sms-refused": Ask(Method.SMS_CODE),
        "challenge-oob": Ask(Method.OUT_OF_BAND),
        "challenge-single-select": Ask(Method.SINGLE_SELECT),
        "challenge-multi-select": Ask(Method.MULTI_SELECT),
        "challenge-html": Ask(Method.HTML_PAGE),
        "challenge-password": Ask(Method.PASSWORD),
        "challenge-password-otp": Ask(Method.PASSWORD_AND_SMS_CODE),
        "challenge-knowledge": Ask(Method.KNOWLEDGE),
        "decoupled": DeferIfAsked(),
        "decoupled-fallback": Ask(Method.SMS_CODE),
        **{name: Ask(Method.SMS_CODE) for name in ORDERINGS},
        "acs-timeout": KeepSilent(UNAVAILABLE),
        "acs-error": AnswerErro(ErrorCode.TRANSIENT_FAILURE, "the scenario of this card asks for an error"),
        "not-enrolled": AUTHENTICATED,
        "method-none": AUTHENTICATED,
        "method-timeout": AUTHENTICATED,
        "method-late": AUTHENTICATED,
        "method-required": AUTHENTICATED,
        "acs-down": AUTHENTICATED,
        "stand-in-attempt": AUTHENTICATED,
        "stand-in-unavailable": AUTHENTICATED,
    }
)
"""By scenario name. A scenario that this release does not play cannot be registered."""


def keeps_silent(card: Card) -> bool:
    """Whether the answer to an AReq for `card`, once decided, is held back."""
    return isinstance(PLAYS.get(card.scenario), KeepSilent)


def expired(expiry: str | None, now: datetime) -> bool:
    """`expiry`: YYMM; a card is good to the end of that month."""
    return expiry is not None and expiry < f"{now.year % 100:02}{now.month:02}"
