"""What the ACS remembers of a 3-D Secure 1.0.2 authentication. Plain data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acs.cardholder.challenge import Challenge, Ending
from acs.cardholder.methods.table import Method
from acs.cards.records import Card
from acs.v1.states import State
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


WINDOW_SIZE = "02"
"""390 by 400 pixels, as the pop-up of 1.0.2 was."""
