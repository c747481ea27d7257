"""What an outcome is called in EMV 3DS: transStatus, its reason, challengeCancel, ECI and proof."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from acs.challenge import Challenge, Ending
from acs.endings import ENDINGS
from acs.reasons import (
    ACS_TECHNICAL_ISSUE,
    ATTEMPTED_NOT_PERFORMED,
    CARD_AUTHENTICATION_FAILED,
    DECOUPLED_NOT_REQUESTED,
    INVALID_TRANSACTION,
    TIMED_OUT_AT_ACS,
)
from acs.records import Card, Purchase, Result
from threedsecure.authentication_values import NoAuthenticationValue, emv_authentication_value
from threedsecure.schemes import SCHEMES

# 22 to 26 exist since 2.2.0. What 2.1.0 says instead: 14 is its only reason that blames the ACS; 01 is its general one.
_IN_2_1_0: Final[Mapping[str, str]] = MappingProxyType(
    {
        ACS_TECHNICAL_ISSUE: TIMED_OUT_AT_ACS,
        DECOUPLED_NOT_REQUESTED: CARD_AUTHENTICATION_FAILED,
        ATTEMPTED_NOT_PERFORMED: CARD_AUTHENTICATION_FAILED,
    }
)

# Visa's code of how the cardholder was authenticated, which goes into the proof: nobody was asked, or a code by SMS.
FRICTIONLESS: Final = "99"
ATTEMPT: Final = "98"
ASKED: Final = "02"

TRUSTED: Final = "Y"
NOT_TRUSTED: Final = "N"
TRUST_REJECTED: Final = "R"


def reason_in(version: str, reason: str | None) -> str | None:
    """The transStatusReason that `version` has for it."""
    return _IN_2_1_0.get(reason, reason) if version == "2.1.0" and reason is not None else reason


def final_result(card: Card, purchase: Purchase, trans_status: str, reason: str | None) -> Result:
    """What an ARes says that settles the authentication."""
    method = ATTEMPT if trans_status == "A" else FRICTIONLESS
    return _proven(card, purchase, Result(trans_status, reason_in(purchase.version, reason)), method)


def challenge_result(card: Card, purchase: Purchase, challenge: Challenge | None, ending: Ending) -> Result:
    """What the RReq says about how a challenge ended; `challenge` is None when it never began."""
    told = ENDINGS[ending]
    missed = ending is Ending.DEADLINE_MISSED
    result = Result(
        purchase.decoupled_missed if missed else told.trans_status,
        reason_in(purchase.version, told.reason),
        told.challenge_cancel,
        interaction_counter=challenge.answers if challenge else 0,
        trust_status=_trust(challenge) if ending is Ending.PASSED else None,
        ending=ending,
    )
    return _proven(card, purchase, result, ASKED)


def _trust(challenge: Challenge | None) -> str | None:
    """whiteListStatus after a challenge: what the cardholder answered where the page offered to trust the merchant."""
    if challenge is None or challenge.trusts is None:
        return None
    return TRUSTED if challenge.trusts else TRUST_REJECTED


def _proven(card: Card, purchase: Purchase, result: Result, method: str) -> Result:
    """With ECI, and with the proof that goes with Y and A."""
    scheme = SCHEMES[card.scheme]
    if result.trans_status not in ("Y", "A"):
        return replace(result, eci=scheme.eci(result.trans_status))
    try:
        value = emv_authentication_value(
            card.scheme,
            pan=card.pan,
            trans_status=result.trans_status,
            ds_trans_id=purchase.ds_trans_id,
            purchase_amount=int(purchase.amount or 0),
            purchase_currency=purchase.currency or "",
            purchase_date=purchase.purchase_date or "",
            version=purchase.version,
            method=method,
        )
    except NoAuthenticationValue:
        # Without a proof nobody may be told that the cardholder was authenticated.
        return replace(result, trans_status="U", trans_status_reason=INVALID_TRANSACTION, eci=scheme.eci("U"))
    return replace(result, eci=scheme.eci(result.trans_status), authentication_value=value)
