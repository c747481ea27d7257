"""How a challenge ends, and what the RReq says of it. `docs/endings.md` is written from these tables."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from acs.cardholder.challenge import Ending
from acs.cards.reasons import (
    ATTEMPTED_NOT_PERFORMED,
    CARD_AUTHENTICATION_FAILED,
    DECOUPLED_TIME_EXCEEDED,
    GOES_DECOUPLED,
    INVALID_TRANSACTION,
    MAXIMUM_CHALLENGES_EXCEEDED,
    MORE_NEEDED,
    NOT_PERMITTED_TO_CARDHOLDER,
    SUSPECTED_FRAUD,
    TIMED_OUT_AT_ACS,
)


class Told(Struct, frozen=True):
    """`reason` in the words of 2.3.1 (`acs.v2.decision.result.reason_in` finds those of earlier versions)."""

    trans_status: str
    reason: str | None = None
    challenge_cancel: str | None = None


ENDINGS: Final[Mapping[Ending, Told]] = MappingProxyType(
    {
        Ending.PASSED: Told("Y"),
        Ending.FAILED: Told("N", CARD_AUTHENTICATION_FAILED),
        Ending.TOO_MANY_TRIES: Told("N", MAXIMUM_CHALLENGES_EXCEEDED),
        Ending.CANCELLED: Told("N", ATTEMPTED_NOT_PERFORMED, "01"),
        Ending.DECLINED: Told("N", CARD_AUTHENTICATION_FAILED),
        Ending.GOES_DECOUPLED: Told("D", GOES_DECOUPLED),
        Ending.MORE_NEEDED: Told("D", MORE_NEEDED),
        Ending.ATTEMPTED: Told("A"),
        Ending.UNAVAILABLE: Told("U", INVALID_TRANSACTION),
        Ending.REJECTED: Told("R", SUSPECTED_FRAUD),
        Ending.CARD_LOCKED: Told("N", NOT_PERMITTED_TO_CARDHOLDER),
        Ending.DEADLINE_MISSED: Told("N", DECOUPLED_TIME_EXCEEDED, "03"),
        Ending.NEVER_BEGUN: Told("N", TIMED_OUT_AT_ACS, "05"),
        Ending.LEFT_IDLE: Told("N", TIMED_OUT_AT_ACS, "04"),
        Ending.APP_TIMED_OUT: Told("N", TIMED_OUT_AT_ACS, "08"),
        Ending.BROKEN: Told("U", INVALID_TRANSACTION, "06"),
    }
)
"""RReq by the ending of a challenge."""
