"""The life of a 3-D Secure 1.0.2 authentication at the ACS: one table, (state, event) → state.

It begins with a VERes Y, and the browser brings its one PAReq. A result is decided once; the PARes that tells it may be asked for
again by the page that led to it, never by another PAReq.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    ENROLLED = "enrolled"
    CHALLENGING = "challenging"
    DECIDED = "decided"


class Event(StrEnum):
    PAREQ_SETTLED = "PAReq, decided at once"
    PAREQ_CHALLENGED = "PAReq, challenged"
    PAREQ_REPEATED = "the same PAReq again"
    PAGE_POSTED = "page posted"
    CHALLENGE_ENDED = "challenge ended"
    PAGE_TIMED_OUT = "page left idle"


TRANSITIONS: Final = MappingProxyType(
    {
        (State.ENROLLED, Event.PAREQ_SETTLED): State.DECIDED,
        (State.ENROLLED, Event.PAREQ_CHALLENGED): State.CHALLENGING,
        (State.CHALLENGING, Event.PAREQ_REPEATED): State.CHALLENGING,
        (State.CHALLENGING, Event.PAGE_POSTED): State.CHALLENGING,
        (State.CHALLENGING, Event.CHALLENGE_ENDED): State.DECIDED,
        (State.CHALLENGING, Event.PAGE_TIMED_OUT): State.DECIDED,
        (State.DECIDED, Event.PAGE_POSTED): State.DECIDED,
    }
)


class EventRefused(Exception):
    """The event has no cell in the table."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event} for an authentication that is {state}")
        self.state = state


def after(state: State, event: Event) -> State:
    """The state that follows. Errors: `EventRefused`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise EventRefused(state, event) from None
