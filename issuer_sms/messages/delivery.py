"""What the network does to a text, by the number it is sent to.

    queued ──taken──► sent ──arrived──► delivered
       └──refused──► failed

The rules of this file: a text changes its state only through `TRANSITIONS`; a missing cell is a bug of ours. The whole passage is
decided when the text is accepted; afterwards `advance` only lets the hours strike. A text that is lost stays `sent` for ever, as
it does in the world, where nobody tells the issuer.

Numbers that begin `+33639989` or `+9999` are magic: their next digit says what happens (`TREATMENTS`). Any other number is
served at once.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

# Longer than a SecureCode lives (five minutes).
LATE_BY: Final = timedelta(minutes=6)
HELD_BACK_FOR: Final = timedelta(minutes=1)


class State(StrEnum):
    """`queued` and `sent` may change; `delivered` and `failed` are the end."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"


class Event(StrEnum):
    """What can happen to a text."""

    TAKEN = "taken"
    REFUSED = "refused"
    ARRIVED = "arrived"


TRANSITIONS: Final = MappingProxyType(
    {
        (State.QUEUED, Event.TAKEN): State.SENT,
        (State.QUEUED, Event.REFUSED): State.FAILED,
        (State.SENT, Event.ARRIVED): State.DELIVERED,
    }
)


class Treatment(StrEnum):
    """How the network serves a number."""

    NORMAL = "normal"
    LOST = "lost"
    LATE = "late"
    TWICE = "twice"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    OUT_OF_ORDER = "out-of-order"


MAGIC_PREFIXES: Final = ("+33639989", "+9999")
TREATMENTS: Final = MappingProxyType(
    {
        "0": Treatment.LOST,
        "1": Treatment.LATE,
        "2": Treatment.TWICE,
        "3": Treatment.REFUSED,
        "4": Treatment.UNKNOWN,
        "5": Treatment.OUT_OF_ORDER,
    }
)


def treatment(number: str) -> Treatment:
    """How the network serves `number`."""
    for prefix in MAGIC_PREFIXES:
        if number.startswith(prefix):
            return TREATMENTS.get(number[len(prefix) : len(prefix) + 1], Treatment.NORMAL)
    return Treatment.NORMAL


class Network(Struct, frozen=True):
    """How fast the network is: how long a text waits for the carrier to take it, and how long it is then on its way."""

    carrier_delay: timedelta = timedelta()
    delivery_delay: timedelta = timedelta()


class Passage(Struct, frozen=True):
    """One text on its way. `leaves_at` and `arrives_at` are the plan (`arrives_at` None: never; `refused`: it leaves for nowhere);
    `sent_at`, `delivered_at` and `failed_at` are what has happened."""

    state: State
    queued_at: datetime
    leaves_at: datetime
    arrives_at: datetime | None
    refused: bool = False
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def due(self) -> tuple[Event, datetime] | None:
        """What happens next, and when; None when nothing more will."""
        if self.state is State.QUEUED:
            return (Event.REFUSED if self.refused else Event.TAKEN), self.leaves_at
        if self.state is State.SENT and self.arrives_at is not None:
            return Event.ARRIVED, self.arrives_at
        return None

    @property
    def over(self) -> bool:
        return self.state in (State.DELIVERED, State.FAILED)


def accept(treated: Treatment, now: datetime, network: Network, *, another_on_its_way: bool) -> Passage:
    """The passage of a text accepted `now`. `another_on_its_way`: an earlier text to the same number has yet to arrive."""
    leaves_at = now + network.carrier_delay
    travels_for = _travel_time(treated, network, another_on_its_way=another_on_its_way)
    return Passage(
        State.QUEUED,
        queued_at=now,
        leaves_at=leaves_at,
        arrives_at=None if travels_for is None else leaves_at + travels_for,
        refused=treated is Treatment.REFUSED,
    )


def copies(treated: Treatment) -> int:
    """How many times one text arrives."""
    return 2 if treated is Treatment.TWICE else 1


def advance(passage: Passage, now: datetime) -> Passage:
    """`passage` after everything that was due by `now` has happened, each at its own time."""
    while (due := passage.due) is not None and due[1] <= now:
        passage = _happen(passage, *due)
    return passage


def _travel_time(treated: Treatment, network: Network, *, another_on_its_way: bool) -> timedelta | None:
    match treated:
        case Treatment.LOST | Treatment.REFUSED:
            return None
        case Treatment.LATE:
            return network.delivery_delay + LATE_BY
        case Treatment.OUT_OF_ORDER if not another_on_its_way:
            return network.delivery_delay + HELD_BACK_FOR
        case _:
            return network.delivery_delay


def _happen(passage: Passage, event: Event, at: datetime) -> Passage:
    state = TRANSITIONS[passage.state, event]
    match state:
        case State.SENT:
            return replace(passage, state=state, sent_at=at)
        case State.DELIVERED:
            return replace(passage, state=state, delivered_at=at)
        case _:
            return replace(passage, state=state, failed_at=at)
