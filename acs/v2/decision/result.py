"""What an outcome is called in EMV 3DS: transStatus, its reason, challengeCancel, ECI and proof."""

from types import MappingProxyType
from typing import Final

from msgspec.structs import replace

from acs.cardholder.challenge import Challenge, Ending
from acs.cards.reasons import INVALID_TRANSACTION
from acs.cards.records import Card
from acs.v2.decision.endings import ENDINGS
from acs.v2.records import Purchase, Result
from threedsecure.cards.authentication_values import NoAuthenticationValue, emv_authentication_value
from threedsecure.cards.schemes import eci
from threedsecure.v2 import reasons

EXPLAINED: Final = frozenset({"N", "U", "R"})
"""transStatus that goes with a transStatusReason."""
PAYMENT: Final = "01"
DATA_ONLY: Final = "80"

# Visa's code of how the cardholder was authenticated, which goes into the proof: nobody was asked, or a code by SMS.
FRICTIONLESS: Final = "99"
ATTEMPT: Final = "98"
ASKED: Final = "02"

TRUSTED: Final = "Y"
NOT_TRUSTED: Final = "N"
TRUST_REJECTED: Final = "R"

# deviceBindingStatus: a browser is known again by data that stay the same.
NOT_BOUND: Final = "01"
BINDING_REJECTED: Final = "04"
BOUND: Final = "14"


def reason_in(version: str, reason: str | None) -> str | None:
    """The transStatusReason that `version` has for it."""
    return None if reason is None else reasons.reason_in(version, reason)


def final_result(
    card: Card, purchase: Purchase, trans_status: str, reason: str | None, exemption: str | None = None
) -> Result:
    """What an ARes says that settles the authentication. `exemption`: what spared the cardholder a challenge."""
    method = ATTEMPT if trans_status == "A" else FRICTIONLESS
    result = Result(trans_status, reason_in(purchase.version, reason), exemption=exemption)
    return _proven(card, purchase, result, method)


def challenge_result(card: Card, purchase: Purchase, challenge: Challenge | None, ending: Ending) -> Result:
    """What the RReq says about how a challenge ended; `challenge` is None when it never began."""
    told = ENDINGS[ending]
    missed = ending is Ending.DEADLINE_MISSED
    result = Result(
        purchase.decoupled_missed if missed else told.trans_status,
        reason_in(purchase.version, _own(card, challenge, ending) or told.reason),
        told.challenge_cancel,
        interaction_counter=challenge.answers if challenge else 0,
        trust_status=_trust(challenge) if ending is Ending.PASSED else None,
        binding_status=_binding(challenge) if ending is Ending.PASSED else None,
        ending=ending,
    )
    return _proven(card, purchase, result, ATTEMPT if ending is Ending.ATTEMPTED else ASKED)


def _trust(challenge: Challenge | None) -> str | None:
    """whiteListStatus after a challenge: what the cardholder answered where the page offered to trust the merchant."""
    if challenge is None or challenge.trusts is None:
        return None
    return TRUSTED if challenge.trusts else TRUST_REJECTED


def _binding(challenge: Challenge | None) -> str | None:
    """deviceBindingStatus after a challenge."""
    if challenge is None or challenge.binds is None:
        return None
    return BOUND if challenge.binds else BINDING_REJECTED


def _proven(card: Card, purchase: Purchase, result: Result, method: str) -> Result:
    """With ECI, and with the proof that goes with Y and A in a payment."""
    if purchase.message_category != PAYMENT:
        return replace(result, eci=_eci_without_payment(card, purchase.message_category, result.trans_status))
    if result.trans_status not in ("Y", "A"):
        return replace(result, eci=eci(card.scheme, card.pan, result.trans_status))
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
        return replace(
            result, trans_status="U", trans_status_reason=INVALID_TRANSACTION, eci=eci(card.scheme, card.pan, "U")
        )
    return replace(result, eci=eci(card.scheme, card.pan, result.trans_status), authentication_value=value)


_MASTERCARD_NON_PAYMENT: Final = MappingProxyType({"Y": "N2", "A": "N1"})


def _eci_without_payment(card: Card, category: str, trans_status: str) -> str | None:
    """Mastercard has ECIs of its own for what is no payment (N0 to N2) and for data only (04)."""
    if card.scheme != "mastercard":
        return eci(card.scheme, card.pan, trans_status)
    return "04" if category == DATA_ONLY else _MASTERCARD_NON_PAYMENT.get(trans_status, "N0")


def _own(card: Card, challenge: Challenge | None, ending: Ending) -> str | None:
    """The reason that was chosen, or that a card was minted for, where a challenge failed."""
    if challenge is not None and challenge.reason is not None:
        return challenge.reason
    return card.reason if ending in (Ending.FAILED, Ending.TOO_MANY_TRIES) else None
