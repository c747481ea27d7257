"""What a card's scenario has the issuer do, in either generation of the protocol (`threedsecure.cards.scenarios`)."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from msgspec import Struct

from acs.cards.records import Card
from threedsecure.cards.plays import AnswerErro, Ask, DeferIfAsked, KeepSilent, Method, PlayV1, RReqOrder, Settle
from threedsecure.cards.scenarios import SCENARIOS, UNAVAILABLE, V1_SCENARIOS


class Defer(Struct, frozen=True):
    """Answer transStatus D; the cardholder has so many minutes."""

    minutes: int
    method: Method = Method.DECOUPLED


class Confirm(Struct, frozen=True):
    """Answer transStatus S: the requestor's page asks the cardholder to confirm."""


Decision: TypeAlias = Settle | Ask | Defer | KeepSilent | AnswerErro
Play: TypeAlias = Settle | Ask | DeferIfAsked | KeepSilent | AnswerErro

INFORMED: Final = Settle("I")
_PLAYS: Final[Mapping[str, Play]] = MappingProxyType(
    {name: known.play for name, known in SCENARIOS.items() if not isinstance(known.play, PlayV1 | None)}
)
_SILENT: Final = frozenset(name for name, play in _PLAYS.items() if isinstance(play, KeepSilent))
METHODS_V1: Final = frozenset({Method.SMS_CODE, Method.AUTO_PASS, Method.AUTO_FAIL, Method.CHOICE, Method.OUTCOME_CODE})
"""How cardholders were asked in the time of 1.0.2, and how testers are."""
_STATUSES_V1: Final[Mapping[str, str]] = MappingProxyType({"Y": "Y", "A": "A", "N": "N", "R": "N"})
ATTEMPT_V1: Final = PlayV1(status="A")
"""What an attempts ACS plays for every card."""


def play_of(scenario: str) -> Play:
    """What a card with this scenario does in EMV 3DS; one that only 1.0.2 plays is unavailable."""
    return _PLAYS.get(scenario, UNAVAILABLE)


def play_v1_of(scenario: str) -> PlayV1:
    """What it does in 1.0.2: where nothing else is said, the same as in EMV 3DS, so that a challenge is the same one in both."""
    known = V1_SCENARIOS.get(scenario)
    if known is not None and isinstance(known.play, PlayV1):
        return known.play
    match play_of(scenario):
        case Ask(method) if method in METHODS_V1:
            return PlayV1(method=method)
        case Settle(status):
            return PlayV1(status=_STATUSES_V1.get(status, "U"))
        case _:
            return PlayV1(status="U")


def rreq_order_of(scenario: str) -> RReqOrder:
    """When the RReq goes out beside the CRes."""
    play = play_of(scenario)
    return play.rreq if isinstance(play, Ask) else RReqOrder.FIRST


def content_defect_of(scenario: str) -> str | None:
    """What is wrong with acsSignedContent, where a card is for that."""
    play = play_of(scenario)
    return play.content if isinstance(play, Ask) else None


def keeps_silent(card: Card) -> bool:
    """Whether the answer to an AReq for `card`, once decided, is held back."""
    return card.scenario in _SILENT


def expired(expiry: str | None, now: datetime) -> bool:
    """`expiry`: YYMM; a card is good to the end of that month."""
    return expiry is not None and expiry < f"{now.year % 100:02}{now.month:02}"
