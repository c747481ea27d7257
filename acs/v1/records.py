"""What the ACS remembers of a 3-D Secure 1.0.2 authentication. Plain data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acs.cardholder.challenge import Challenge, Ending
from acs.cardholder.methods.table import Method
from acs.v1.states import State
from acs.v2.records import Card, Purchase, Session
from acs.v2.records import Transaction as ChallengedTransaction
from acs.v2.states import State as EmvState
from threedsecure.v1.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Payment:
    """What the browser brought. `pareq`: the message; `digest`: of the form value; `md` goes back as it came."""

    pareq: dict[str, Any]
    digest: str
    term_url: str
    md: str
    language: str | None
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the PARes says. `ending`: of the challenge, None without one; `number`: the ACS's own number of the authentication,
    which the CAVV carries."""

    status: str
    at: datetime
    pares_id: str
    number: int
    ending: Ending | None = None
    refusal: InvalidRequest | None = None


@dataclass(frozen=True, slots=True)
class Authentication:
    """`name`: the ACS's identifier, which its pages and texts carry; `acct_id`: the cardholder in front of the merchant;
    `vereq_id`: the id of the VEReq, under which the journal files the whole; `due_at`: when an open page times out."""

    name: str
    acct_id: str
    state: State
    card: Card
    vereq_id: str
    version: str
    acq_bin: str
    mer_id: str
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None = None
    method: Method | None = None
    payment: Payment | None = None
    challenge: Challenge | None = None
    outcome: Outcome | None = None


def as_challenged(found: Authentication) -> ChallengedTransaction:
    """The authentication in the words that the pages and the phone know: one path for the cardholder, whatever the protocol.

    Errors: ValueError before the PAReq has come."""
    payment = found.payment
    if payment is None:
        raise ValueError("there is no payment yet")
    bought, merchant = payment.pareq["Purchase"], payment.pareq["Merchant"]
    purchase = Purchase(
        version=found.version,
        device_channel="02",
        message_category="01",
        three_ds_server_trans_id=found.vereq_id,
        ds_trans_id="",
        ds_url="",
        ds_reference_number="",
        challenge_mandated=False,
        merchant_name=merchant["name"],
        amount=bought["purchAmount"],
        currency=bought["currency"],
        exponent=int(bought["exponent"]),
        language=payment.language,
    )
    return ChallengedTransaction(
        acs_trans_id=found.name,
        state=EmvState.CHALLENGING,
        card=found.card,
        purchase=purchase,
        created_at=found.created_at,
        updated_at=found.updated_at,
        method=found.method,
        challenge=found.challenge,
        session=Session("", payment.digest, WINDOW_SIZE, None, payment.began_at),
    )


WINDOW_SIZE = "02"
"""390 by 400 pixels, as the pop-up of 1.0.2 was."""
