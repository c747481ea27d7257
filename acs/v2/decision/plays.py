"""What the issuer answers to an AReq: pure, by the card's scenario.

A scenario whose point lies elsewhere (the card range, the 3DS Method) is authenticated here without a challenge.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from acs.cardholder.methods.table import Method
from acs.v2.decision import preferences, reasons
from acs.v2.decision.result import EXPLAINED
from acs.v2.decision.rreq_order import ORDERINGS
from acs.v2.records import Card
from threedsecure.v2.errors import ErrorCode
from threedsecure.v2.views import AuthenticationRequest


class Settle(Struct, frozen=True):
    """Answer with a final transStatus."""

    trans_status: str
    reason: str | None = None
    exemption: str | None = None


class Ask(Struct, frozen=True):
    """Answer transStatus C and challenge by this method. `insists`: whatever the requestor wishes."""

    method: Method
    insists: bool = False


class Defer(Struct, frozen=True):
    """Answer transStatus D; the cardholder has so many minutes."""

    minutes: int
    method: Method = Method.DECOUPLED


class DeferIfAsked(Struct, frozen=True):
    """Decoupled, when the requestor asks for it."""


class KeepSilent(Struct, frozen=True):
    """Decide as `late` says, and let the caller wait for it longer than it can."""

    late: Settle


class AnswerErro(Struct, frozen=True):
    """Answer with an Erro although the AReq is right."""

    code: str
    detail: str


Decision = Settle | Ask | Defer | KeepSilent | AnswerErro
Play = Settle | Ask | DeferIfAsked | KeepSilent | AnswerErro

_AUTHENTICATED: Final = Settle("Y")
_INFORMED: Final = Settle("I")
_UNAVAILABLE: Final = Settle("U", reasons.ACS_TECHNICAL_ISSUE)

PLAYS: Final[Mapping[str, Play]] = MappingProxyType(
    {
        "frictionless": _AUTHENTICATED,
        "frictionless-attempt": Settle("A"),
        "not-authenticated": Settle("N", reasons.CARD_AUTHENTICATION_FAILED),
        "unavailable": _UNAVAILABLE,
        "rejected": Settle("R", reasons.SUSPECTED_FRAUD),
        "challenge-otp": Ask(Method.SMS_CODE),
        "informational": _INFORMED,
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
        "acs-timeout": KeepSilent(_UNAVAILABLE),
        "acs-error": AnswerErro(ErrorCode.TRANSIENT_FAILURE, "the scenario of this card asks for an error"),
        "not-enrolled": _AUTHENTICATED,
        "method-none": _AUTHENTICATED,
        "method-timeout": _AUTHENTICATED,
        "method-late": _AUTHENTICATED,
        "method-required": _AUTHENTICATED,
        "acs-down": _AUTHENTICATED,
        "stand-in-attempt": _AUTHENTICATED,
        "stand-in-unavailable": _AUTHENTICATED,
    }
)
"""By scenario name. A scenario that this release does not play cannot be registered."""

METHOD_REQUIRED: Final = "method-required"
DECOUPLED_FALLBACK: Final = "decoupled-fallback"
FALLBACK_CONTINUES: Final = "19"
DECOUPLED_WANTED: Final = ("Y", "B")
SHORTEST_DECOUPLED_MINUTES: Final = 1
APP: Final = "01"
THREE_RI: Final = "03"
PAYMENT: Final = "01"
NON_PAYMENT: Final = "02"
DATA_ONLY: Final = "80"
"""messageCategory, and Mastercard's transStatusReason for it."""


def decide(request: AuthenticationRequest, card: Card, now: datetime, *, method_seen: bool | None = None) -> Decision:
    """The answer to a checked AReq for `card`. `method_seen`: the 3DS Method was called (None: nobody says that it was)."""
    play = PLAYS.get(card.scenario, _UNAVAILABLE)
    if isinstance(play, KeepSilent | AnswerErro):
        return play
    if expired(request.card_expiry_date, now):
        return Settle("N", reasons.EXPIRED_CARD)
    if card.scenario == METHOD_REQUIRED and not method_seen:
        return Settle("N", reasons.SUSPECTED_FRAUD)
    if request.message_category not in (PAYMENT, NON_PAYMENT):
        return _for_the_scheme(request, card)
    if isinstance(play, DeferIfAsked) or _goes_on_decoupled(request, card):
        return _deferred(request)
    wished = _as_wished(request, _as_minted(card, play))
    return _unless_impossible(request, wished) if isinstance(wished, Ask) else wished


def _deferred(request: AuthenticationRequest) -> Decision:
    """transStatus D exists since 2.2.0, and answers only a requestor that asked for it."""
    if request.version == "2.1.0" or request.decoupled_ind not in DECOUPLED_WANTED:
        return Settle("N", reasons.DECOUPLED_NOT_REQUESTED)
    return Defer(request.decoupled_max_minutes or SHORTEST_DECOUPLED_MINUTES)


def _goes_on_decoupled(request: AuthenticationRequest, card: Card) -> bool:
    """Whether the requestor comes back after an RReq D (3RI, threeRIInd 19)."""
    return card.scenario == DECOUPLED_FALLBACK and request.three_ri_ind == FALLBACK_CONTINUES


def keeps_silent(card: Card) -> bool:
    """Whether the answer to an AReq for `card`, once decided, is held back."""
    return isinstance(PLAYS.get(card.scenario), KeepSilent)


def expired(expiry: str | None, now: datetime) -> bool:
    """`expiry`: YYMM; a card is good to the end of that month."""
    return expiry is not None and expiry < f"{now.year % 100:02}{now.month:02}"


def _for_the_scheme(request: AuthenticationRequest, card: Card) -> Settle:
    """A category that belongs to the scheme: Mastercard's data only (80) is answered U, and no other is known here."""
    known = card.scheme == "mastercard" and request.message_category == DATA_ONLY
    return Settle("U", DATA_ONLY if known else reasons.NPA_NOT_SUPPORTED)


def _as_minted(card: Card, play: Settle | Ask) -> Settle | Ask:
    """The scenario, with the outcome that the card was minted for; what a challenge that fails says is decided at its end."""
    if isinstance(play, Ask):
        return play
    status = card.trans_status or play.trans_status
    reason = reasons.CARD_AUTHENTICATION_FAILED if status in EXPLAINED else None
    return Settle(status, card.reason or (play.reason if status == play.trans_status else reason))


def _as_wished(request: AuthenticationRequest, play: Settle | Ask) -> Settle | Ask:
    """What the requestor wishes, where the card allows it. I where the requestor did not ask for it is Y instead."""
    if isinstance(play, Settle) and play.trans_status == "I" and not preferences.informs(request):
        play = _AUTHENTICATED
    if isinstance(play, Settle) and play.trans_status != "Y":
        return play
    if preferences.shares_data_only(request):
        return _INFORMED
    if isinstance(play, Ask):
        return play if play.insists or preferences.wants_challenge(request) else _spared(request, play)
    return Ask(Method.SMS_CODE) if _can_be_challenged(request) else play


def _spared(request: AuthenticationRequest, ask: Ask) -> Settle | Ask:
    """No challenge after all, when the requestor wishes none."""
    exemption = preferences.exemption(request)
    if preferences.wants_none(request):
        return Settle("Y", exemption=exemption)
    return Settle("I", exemption=exemption) if preferences.informs(request) else ask


def _can_be_challenged(request: AuthenticationRequest) -> bool:
    """A mere wish is dropped where no challenge can be shown; a mandate is not, and cannot be met there."""
    if request.device_channel in (APP, THREE_RI):
        return preferences.mandates_challenge(request)
    return preferences.wants_challenge(request)


def _unless_impossible(request: AuthenticationRequest, ask: Ask) -> Decision:
    """A challenge needs a browser: the encrypted one of an app is not spoken, and 3RI has no cardholder to ask."""
    if request.device_channel == APP:
        return Settle("U", reasons.UNSUPPORTED_DEVICE)
    if request.device_channel == THREE_RI:
        return Settle("U", reasons.THREE_RI_NOT_SUPPORTED)
    return ask
