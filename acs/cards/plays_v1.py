"""What a card's scenario has the issuer do in 3-D Secure 1.0.2: to a VEReq and to a PAReq.

A scenario that this table does not name is played as in EMV 3DS, so that a challenge is the same one in both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from acs.cardholder.methods.table import Method
from acs.cards import plays as emv
from threedsecure.v1.errors import InvalidRequest, InvalidRequestCode
from threedsecure.v1.signature.signing import SignatureDefect


class Misbehaviour(StrEnum):
    """What the ACS does instead of answering."""

    SILENCE = "silence"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Play:
    """`enrolled` and `lookup`: for the VEReq, `not_looked_up`: the IReq beside N; `status` or `method`: for the PAReq, settled at
    once or challenged; `page`: what happens instead; `refusal`: the IReq of a PARes U; `defect`: of the signature."""

    enrolled: Literal["Y", "N", "U"] = "Y"
    lookup: Misbehaviour | None = None
    not_looked_up: InvalidRequest | None = None
    status: str | None = None
    method: Method | None = None
    page: Misbehaviour | None = None
    refusal: InvalidRequest | None = None
    defect: SignatureDefect | None = None


_REASON: Final = "the scenario of this card asks for it"
PLAYS: Final[Mapping[str, Play]] = MappingProxyType(
    {
        "enrolment-unknown": Play(enrolled="U"),
        "enrolment-refused": Play(
            enrolled="N", not_looked_up=InvalidRequest(InvalidRequestCode.TRANSIENT_FAILURE, _REASON)
        ),
        "acs-timeout": Play(lookup=Misbehaviour.SILENCE, enrolled="U"),
        "acs-error": Play(lookup=Misbehaviour.ERROR),
        "page-timeout": Play(page=Misbehaviour.SILENCE, status="U"),
        "page-error": Play(page=Misbehaviour.ERROR),
        "payment-refused": Play(
            status="U", refusal=InvalidRequest(InvalidRequestCode.TRANSACTION_DATA_INVALID, _REASON)
        ),
        "bad-signature": Play(status="Y", defect=SignatureDefect.TAMPERED),
        "bad-signature-chain": Play(status="Y", defect=SignatureDefect.WRONG_CHAIN),
        "bad-signature-expired": Play(status="Y", defect=SignatureDefect.EXPIRED_CERTIFICATE),
        "bad-signature-missing": Play(status="Y", defect=SignatureDefect.MISSING),
    }
)
ATTEMPT: Final = Play(status="A")
"""What an attempts ACS plays for every card."""
METHODS: Final = frozenset({Method.SMS_CODE, Method.AUTO_PASS, Method.AUTO_FAIL})
"""How cardholders were asked in the time of 1.0.2."""
_STATUSES: Final = MappingProxyType({"Y": "Y", "A": "A", "N": "N", "R": "N"})


def play_of(scenario: str) -> Play:
    """What a card with this scenario does in 1.0.2."""
    if scenario in PLAYS:
        return PLAYS[scenario]
    match emv.PLAYS.get(scenario):
        case emv.Ask(method) if method in METHODS:
            return Play(method=method)
        case emv.Settle(status):
            return Play(status=_STATUSES.get(status, "U"))
        case _:
            return Play(status="U")
