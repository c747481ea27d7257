"""What the issuer answers to an AReq: pure, by the card's scenario.

A scenario whose point lies elsewhere (the card range, the 3DS Method) is authenticated here without a challenge.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from acs import reasons
from acs.methods.table import Method
from acs.orderings import ORDERINGS
from acs.records import Card
from threedsecure.v2.errors import ErrorCode
from threedsecure.v2.views import AuthenticationRequest


@dataclass(frozen=True, slots=True)
class Settle:
    """Answer with a final transStatus."""

    trans_status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer transStatus C and challenge by this method."""

    method: Method


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

_AUTHENTICATED: Final = Settle("Y")
_UNAVAILABLE: Final = Settle("U", reasons.ACS_TECHNICAL_ISSUE)

PLAYS: Final[Mapping[str, Play]] = MappingProxyType(
    {
        "frictionless": _AUTHENTICATED,
        "frictionless-attempt": Settle("A"),
        "not-authenticated": Settle("N", reasons.CARD_AUTHENTICATION_FAILED),
        "unavailable": _UNAVAILABLE,
        "rejected": Settle("R", reasons.SUSPECTED_FRAUD),
        "challenge-otp": Ask(Method.SMS_CODE),
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
        **{name: Ask(Method.SMS_CODE) for name in ORDERINGS},
        "acs-timeout": KeepSilent(_UNAVAILABLE),
        "acs-error": AnswerErro(ErrorCode.TRANSIENT_FAILURE, "the scenario of this card asks for an error"),
        "not-enrolled": _AUTHENTICATED,
        "method-none": _AUTHENTICATED,
        "method-timeout": _AUTHENTICATED,
        "acs-down": _AUTHENTICATED,
    }
)
"""By scenario name. A scenario that this release does not play cannot be registered."""

DECOUPLED_WANTED: Final = ("Y", "B")
SHORTEST_DECOUPLED_MINUTES: Final = 1
APP: Final = "01"
THREE_RI: Final = "03"
NON_PAYMENT: Final = "02"
NO_CHALLENGE_DATA_SHARE_ONLY: Final = "06"


def decide(request: AuthenticationRequest, card: Card, now: datetime) -> Decision:
    """The answer to a checked AReq for `card`."""
    play = PLAYS.get(card.scenario, _UNAVAILABLE)
    if isinstance(play, KeepSilent | AnswerErro):
        return play
    if expired(request.card_expiry_date, now):
        return Settle("N", reasons.EXPIRED_CARD)
    if request.message_category == NON_PAYMENT:
        return Settle("U", reasons.NPA_NOT_SUPPORTED)
    if isinstance(play, DeferIfAsked):
        return _deferred(request)
    if isinstance(play, Ask):
        return _unless_impossible(request, play)
    return play


def _deferred(request: AuthenticationRequest) -> Decision:
    """transStatus D exists since 2.2.0, and answers only a requestor that asked for it."""
    if request.version == "2.1.0" or request.decoupled_ind not in DECOUPLED_WANTED:
        return Settle("N", reasons.DECOUPLED_NOT_REQUESTED)
    return Defer(request.decoupled_max_minutes or SHORTEST_DECOUPLED_MINUTES)


def keeps_silent(card: Card) -> bool:
    """Whether the answer to an AReq for `card`, once decided, is held back."""
    return isinstance(PLAYS.get(card.scenario), KeepSilent)


def expired(expiry: str | None, now: datetime) -> bool:
    """`expiry`: YYMM; a card is good to the end of that month."""
    return expiry is not None and expiry < f"{now:%y%m}"


def _unless_impossible(request: AuthenticationRequest, ask: Ask) -> Decision:
    """A challenge needs a browser, and a requestor that did not rule it out (transStatus C may not answer challengeInd 06)."""
    if request.device_channel == APP:
        return Settle("U", reasons.UNSUPPORTED_DEVICE)
    if request.device_channel == THREE_RI:
        return Settle("U", reasons.THREE_RI_NOT_SUPPORTED)
    if NO_CHALLENGE_DATA_SHARE_ONLY in request.challenge_indicators:
        return Settle("I")
    return ask
