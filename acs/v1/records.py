"""What the ACS remembers of a 3-D Secure 1.0.2 authentication. Plain data."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from acs.cardholder.challenge import Challenge, Ending
from acs.cardholder.confirmation import Confirmation
from acs.cards.records import Card
from acs.settings import AcsSettings
from acs.v1.states import State
from threedsecure.cards.plays import Method
from threedsecure.cards.schemes import SCHEMES
from threedsecure.redaction import redact_card_numbers
from threedsecure.v1.errors import InvalidRequest


class Payment(Struct, frozen=True):
    """What the browser brought. `pareq`: the message; `digest`: of the form value; `md` goes back as it came."""

    pareq: dict[str, Any]
    digest: str
    term_url: str
    md: str
    language: str | None
    began_at: datetime


class Outcome(Struct, frozen=True):
    """What the PARes says. `ending`: of the challenge, None without one; `number`: the ACS's own number of the authentication,
    which the CAVV carries."""

    status: str
    at: datetime
    pares_id: str
    number: int
    ending: Ending | None = None
    refusal: InvalidRequest | None = None


class Authentication(Struct, frozen=True):
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


def confirmation(found: Authentication, settings: AcsSettings) -> Confirmation:
    """What the cardholder is asked, as the pages and the phone know it. Errors: ValueError before the PAReq has come."""
    payment, card = found.payment, found.card
    if payment is None:
        raise ValueError("there is no payment yet")
    bought, scheme = payment.pareq["Purchase"], SCHEMES[card.scheme]
    return Confirmation(
        reference=found.name,
        journal_id=found.vereq_id,
        pan=card.pan,
        scheme=replace(scheme, programme=scheme.classic_programme or scheme.programme),
        phone=card.phone,
        language=card.language or payment.language,
        merchant_name=redact_card_numbers(payment.pareq["Merchant"]["name"]),
        amount=bought["purchAmount"],
        currency=bought["currency"],
        exponent=int(bought["exponent"]),
        answer_url=settings.of(card.pan).classic_answer_url,
        challenge=found.challenge,
        begun_at=payment.began_at,
        window_size=WINDOW_SIZE,
    )


WINDOW_SIZE = "02"
"""390 by 400 pixels, as the pop-up of 1.0.2 was."""
