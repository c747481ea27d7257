"""What the issuer answers to an AReq: pure, by the card's scenario.

A scenario whose point lies elsewhere (the card range, the 3DS Method) is authenticated here without a challenge.
"""

from datetime import datetime
from typing import Final

from acs.cards import reasons
from acs.cards.plays import INFORMED, Decision, Defer, expired, play_of
from acs.cards.records import Card
from acs.v2.decision import preferences
from acs.v2.decision.result import EXPLAINED
from threedsecure.cards.plays import AnswerErro, Ask, DeferIfAsked, KeepSilent, Method, Settle
from threedsecure.cards.scenarios import AUTHENTICATED
from threedsecure.v2.views import AuthenticationRequest

METHOD_REQUIRED: Final = "method-required"
DECOUPLED_FALLBACK: Final = "decoupled-fallback"
FALLBACK_CONTINUES: Final = "19"
DECOUPLED_WANTED: Final = ("Y", "B")
SHORTEST_DECOUPLED_MINUTES: Final = 1
THREE_RI: Final = "03"
PAYMENT: Final = "01"
NON_PAYMENT: Final = "02"
DATA_ONLY: Final = "80"
"""messageCategory, and Mastercard's transStatusReason for it."""


def decide(request: AuthenticationRequest, card: Card, now: datetime, *, method_seen: bool | None = None) -> Decision:
    """The answer to a checked AReq for `card`. `method_seen`: the 3DS Method was called (None: nobody says that it was)."""
    play = play_of(card.scenario)
    if isinstance(play, (KeepSilent, AnswerErro)):
        return play
    if expired(request.card_expiry_date, now):
        return Settle("N", reasons.EXPIRED_CARD)
    if card.scenario == METHOD_REQUIRED and not method_seen:
        return Settle("N", reasons.SUSPECTED_FRAUD)
    if request.message_category not in (PAYMENT, NON_PAYMENT):
        return _for_the_scheme(request, card)
    if isinstance(play, DeferIfAsked) or _goes_on_decoupled(request, card):
        return _deferred(request)
    wished = _as_wished(request, card.scheme, _as_minted(card, play))
    return _unless_impossible(request, wished) if isinstance(wished, Ask) else wished


def _deferred(request: AuthenticationRequest) -> Decision:
    """transStatus D exists since 2.2.0, and answers only a requestor that asked for it."""
    if request.version == "2.1.0" or request.decoupled_ind not in DECOUPLED_WANTED:
        return Settle("N", reasons.DECOUPLED_NOT_REQUESTED)
    return Defer(request.decoupled_max_minutes or SHORTEST_DECOUPLED_MINUTES)


def _goes_on_decoupled(request: AuthenticationRequest, card: Card) -> bool:
    """Whether the requestor comes back after an RReq D (3RI, threeRIInd 19)."""
    return card.scenario == DECOUPLED_FALLBACK and request.three_ri_ind == FALLBACK_CONTINUES


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


def _as_wished(request: AuthenticationRequest, scheme: str, play: Settle | Ask) -> Settle | Ask:
    """What the requestor wishes, where the card allows it. I where the requestor did not ask for it is Y instead."""
    if isinstance(play, Settle) and play.trans_status == "I" and not preferences.informs(request):
        play = AUTHENTICATED
    if isinstance(play, Settle) and play.trans_status != "Y":
        return play
    if preferences.shares_data_only(request):
        return INFORMED
    if isinstance(play, Ask):
        return play if play.insists or preferences.wants_challenge(request) else _spared(request, scheme, play)
    return Ask(Method.SMS_CODE) if _can_be_challenged(request) else play


def _spared(request: AuthenticationRequest, scheme: str, ask: Ask) -> Settle | Ask:
    """No challenge after all, when the requestor wishes none."""
    exemption = preferences.exemption(request, scheme)
    if preferences.wants_none(request, scheme):
        return Settle("Y", exemption=exemption)
    return Settle("I", exemption=exemption) if preferences.informs(request) else ask


def _can_be_challenged(request: AuthenticationRequest) -> bool:
    """A mere wish is dropped where no challenge can be shown; a mandate is not, and cannot be met there."""
    if request.device_channel == THREE_RI:
        return preferences.mandates_challenge(request)
    return preferences.wants_challenge(request)


def _unless_impossible(request: AuthenticationRequest, ask: Ask) -> Decision:
    """3RI has no cardholder to ask."""
    if request.device_channel == THREE_RI:
        return Settle("U", reasons.THREE_RI_NOT_SUPPORTED)
    return ask
