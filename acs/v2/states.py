"""The life of an EMV 3DS transaction at the ACS: one table, (state, event) → state.

The rules of this file:

* A transaction changes its state only here, by looking the table up. What is not in the table does not happen: the missing cell
  is the protocol error, and `EventRefused` carries the errorCode that answers it.
* SPC_AWAITED waits for the second AReq, whatever that brings: an assertion counts once, also when it is refused.
* RECEIVED is where an AReq is judged; it is never stored. ANSWERED, SPC_OVER, REPORTED and UNREPORTED are where a transaction
  stays.
* Every way out of a challenge leads to DECIDED and only there, so there is one result. It is decided and its RReq is written in one
  unit of work; what follows (REPORTED, UNREPORTED) only says what became of the RReq.
* A page posted again after the end (a double click, the back button) changes nothing: it is shown how it ended.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final

from threedsecure.v2.errors import ErrorCode, MessageError


class State(StrEnum):
    RECEIVED = "received"
    ANSWERED = "answered"
    CREQ_AWAITED = "creq-awaited"
    CHALLENGING = "challenging"
    DECOUPLED = "decoupled"
    SPC_AWAITED = "spc-awaited"
    SPC_OVER = "spc-over"
    DECIDED = "decided"
    REPORTED = "reported"
    UNREPORTED = "unreported"


class Event(StrEnum):
    ARES_FINAL = "ARes Y, N, U, A, R or I"
    ARES_CHALLENGE = "ARes C"
    ARES_DECOUPLED = "ARes D"
    ARES_SPC = "ARes S"
    CREQ = "CReq"
    PAGE_POSTED = "page posted"
    CHALLENGE_ENDED = "challenge ended"
    APP_DECIDED = "decided in the banking app"
    DEADLINE_MISSED = "not decided in time"
    CREQ_TIMED_OUT = "no CReq in time"
    PAGE_TIMED_OUT = "page left idle"
    CREQ_BROKEN = "CReq refused"
    SDK_GAVE_UP = "SDK gave up"
    SPC_ANSWERED = "second AReq"
    SPC_TIMED_OUT = "no second AReq in time"
    RRES_ACCEPTED = "RRes accepted"
    RREQ_GIVEN_UP = "RReq given up"


TRANSITIONS: Final = MappingProxyType(
    {
        State.RECEIVED: MappingProxyType(
            {
                Event.ARES_FINAL: State.ANSWERED,
                Event.ARES_CHALLENGE: State.CREQ_AWAITED,
                Event.ARES_DECOUPLED: State.DECOUPLED,
                Event.ARES_SPC: State.SPC_AWAITED,
            }
        ),
        State.ANSWERED: MappingProxyType({}),
        State.CREQ_AWAITED: MappingProxyType(
            {
                Event.CREQ: State.CHALLENGING,
                Event.CREQ_TIMED_OUT: State.DECIDED,
                Event.CREQ_BROKEN: State.DECIDED,
                Event.SDK_GAVE_UP: State.DECIDED,
            }
        ),
        State.CHALLENGING: MappingProxyType(
            {
                Event.CREQ: State.CHALLENGING,
                Event.PAGE_POSTED: State.CHALLENGING,
                Event.CHALLENGE_ENDED: State.DECIDED,
                Event.APP_DECIDED: State.DECIDED,
                Event.PAGE_TIMED_OUT: State.DECIDED,
                Event.CREQ_BROKEN: State.DECIDED,
                Event.SDK_GAVE_UP: State.DECIDED,
            }
        ),
        State.DECOUPLED: MappingProxyType(
            {
                Event.APP_DECIDED: State.DECIDED,
                Event.DEADLINE_MISSED: State.DECIDED,
            }
        ),
        State.SPC_AWAITED: MappingProxyType(
            {
                Event.SPC_ANSWERED: State.SPC_OVER,
                Event.SPC_TIMED_OUT: State.SPC_OVER,
            }
        ),
        State.SPC_OVER: MappingProxyType({}),
        State.DECIDED: MappingProxyType(
            {
                Event.PAGE_POSTED: State.DECIDED,
                Event.RRES_ACCEPTED: State.REPORTED,
                Event.RREQ_GIVEN_UP: State.UNREPORTED,
            }
        ),
        State.REPORTED: MappingProxyType({Event.PAGE_POSTED: State.REPORTED}),
        State.UNREPORTED: MappingProxyType({Event.PAGE_POSTED: State.UNREPORTED}),
    }
)

OPEN: Final = frozenset({State.CREQ_AWAITED, State.CHALLENGING})
"""A challenge can still be decided."""


class EventRefused(MessageError):
    """The event has no cell in the table: errorCode 305 (transaction data not valid)."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(
            ErrorCode.TRANSACTION_DATA_NOT_VALID, f"{event} for a transaction that is {state.replace('-', ' ')}"
        )
        self.state = state
        self.event = event


def after(state: State, event: Event) -> State:
    """The state that follows. Errors: `EventRefused`."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise EventRefused(state, event) from None
