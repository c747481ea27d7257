"""How a purchase ends: from the authentication result to accepted, refused, cancelled or error. Pure.

| known                                | the gateway                                              |
|---|---|
| Y or A with a good proof             | authorises, the issuer is liable                         |
| Y, not asked as the shop wished      | authorises, the merchant is liable                       |
| Y or A, proof missing or wrong       | is refused by the acquirer                               |
| N or R                               | refuses, the acquirer is never asked                     |
| ARes U or I, VERes U, not enrolled    | authorises without 3-D Secure, the merchant is liable    |
| data only, ARes U or I               | authorises without 3-D Secure, the merchant is liable    |
| U after a challenge                  | refuses: what began as a challenge must end as one       |
| nothing (Erro, no answer, no RReq)   | ends in an error, the acquirer is never asked            |
| the shop wants no 3-D Secure         | authorises, the merchant is liable; refuses where a rule with a date wants it |
| an answer code was asked for         | ends with it, where it would have been authorised        |
"""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec

from acs_sim.gateway.payment import acquirer, answer_codes
from acs_sim.gateway.records.purchase import Authentication, Outcome, Purchase
from threedsecure.v2.validation.dated import Remark, remarks

_CANCELLED: Final = frozenset({"cancelled-by-buyer", "page-expired"})
_REFUSED: Final = frozenset({"too-many-tries", "already-paid"})
_LIABLE: Final = frozenset({"02", "05"})
"""threeDSRequestorChallengeInd: the shop wishes no challenge, or has analysed the risk itself."""
_CHALLENGE_ENDINGS: Final = MappingProxyType(
    {"01": "challenge-cancelled", "03": "challenge-timed-out", "04": "challenge-timed-out", "05": "challenge-timed-out"}
)


class Numbers(msgspec.Struct, frozen=True):
    """Drawn beforehand, so that a verdict is a function of its arguments: authorisation, call and transaction number."""

    authorisation: str
    call: str
    transaction: str


def conclude(
    purchase: Purchase, pan: str | None, at: datetime, numbers: Numbers, rules: Sequence[Remark] = ()
) -> Outcome:
    """The outcome of a purchase whose state is `result`. `pan`: in clear, None when no card was typed. `rules`: what rules with a
    date say of it."""
    outcome = _conclude(purchase, pan, at, numbers)
    if outcome.result == "accepted" and any(remark.enforced for remark in rules):
        outcome = Outcome(result="refused", reason="authentication-required", at=at)
    return msgspec.structs.replace(outcome, call_number=numbers.call, transaction_number=numbers.transaction)


def ruled(purchase: Purchase, day: str | None) -> list[Remark]:
    """What rules with a date say of paying so. `day`: whose rules are in force, None for none."""
    if purchase.failure is not None or not purchase.request.without_3ds:
        return []
    return remarks({"merchantCountryCode": purchase.request.country, "transStatus": None}, day)


def _conclude(purchase: Purchase, pan: str | None, at: datetime, numbers: Numbers) -> Outcome:
    if purchase.failure is not None:
        result = (
            "cancelled" if purchase.failure in _CANCELLED else "refused" if purchase.failure in _REFUSED else "error"
        )
        return Outcome(result=result, reason=purchase.failure, at=at)
    authentication = purchase.authentication
    if authentication is None:
        reason = "authentication-waived" if purchase.request.without_3ds else "not-enrolled"
        return _authorise(purchase, reason, None, at, numbers)
    status = authentication.trans_status
    if status in ("Y", "A"):
        return _authorise_with_proof(purchase, authentication, pan or "", at, numbers)
    if status in ("U", "I") and authentication.source in ("ARes", "VERes"):
        reason = "data-only" if purchase.request.data_only else "unavailable" if status == "U" else "informational"
        return _authorise(purchase, reason, authentication.eci, at, numbers)
    return Outcome(result="refused", reason=_refusal(authentication), eci=authentication.eci, at=at)


def _authorise_with_proof(
    purchase: Purchase, authentication: Authentication, pan: str, at: datetime, numbers: Numbers
) -> Outcome:
    fault = acquirer.proof_fault(purchase, pan)
    if fault is not None:
        return Outcome(
            result="refused", reason=fault, eci=authentication.eci, acquirer_answer=acquirer.SUSPECTED_FRAUD, at=at
        )
    reason = "authenticated" if authentication.trans_status == "Y" else "attempted"
    outcome = _authorise(purchase, reason, authentication.eci, at, numbers)
    return msgspec.structs.replace(outcome, guarantee=outcome.result == "accepted" and not _spared(purchase))


def _spared(purchase: Purchase) -> bool:
    """Whether the issuer did not ask because the shop wished so, which leaves the liability with the shop."""
    found = purchase.authentication
    wishes_none = purchase.request.challenge_indicator in _LIABLE
    return wishes_none and found is not None and (found.source, found.trans_status) == ("ARes", "Y")


def _authorise(purchase: Purchase, reason: str, eci: str | None, at: datetime, numbers: Numbers) -> Outcome:
    answer = purchase.card.acquirer_answer if purchase.card else "14"
    code = purchase.request.forced_code or answer_codes.by_amount(purchase.request.amount)
    if code is not None and code != answer_codes.ACCEPTED:
        return _ended(code, eci, at)
    if answer != acquirer.APPROVED:
        return Outcome(result="refused", reason="acquirer-refused", eci=eci, acquirer_answer=answer, at=at)
    return Outcome(result="accepted", reason=reason, eci=eci, authorisation=numbers.authorisation, at=at)


def _ended(code: str, eci: str | None, at: datetime) -> Outcome:
    """The end that an answer code says."""
    answer = answer_codes.acquirer_answer(code)
    if answer is not None:
        return Outcome(result="refused", reason="acquirer-refused", eci=eci, acquirer_answer=answer, at=at)
    return Outcome(result=answer_codes.result(code), reason="platform-refused", eci=eci, code=code, at=at)


def _refusal(authentication: Authentication) -> str:
    ending = _CHALLENGE_ENDINGS.get(authentication.challenge_cancel or "")
    if ending is not None:
        return ending
    match authentication.trans_status:
        case "R":
            return "rejected"
        case "N":
            return "not-authenticated"
        case _:
            return "challenge-unavailable"
