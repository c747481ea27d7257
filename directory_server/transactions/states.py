"""The life of a transaction at the directory server.

    RECEIVED     the AReq is with the ACS
    ANSWERED     the 3DS Server holds a final ARes, the issuer's or a stand-in, or an ARes S; no result follows
    CHALLENGED   the 3DS Server holds an ARes C or D; an RReq must follow
    UNANSWERED   the ACS did not answer in time and the 3DS Server was told so; the ACS may still report
    FAILED       the AReq ended in an Erro; no result follows
    REPORTING    an RReq is on its way to the 3DS Server, or got there and was not acknowledged: only the same result may follow
    UNDELIVERED  the RReq never arrived, or the 3DS Server refused it with an Erro: any result may follow
    COMPLETED    the RRes stands, and with it the result

State changes happen here alone. A result may overtake the ARes that announces it, so the answer to the AReq changes nothing once
a result is known. A cell that is missing is an event that the protocol does not allow.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    RECEIVED = "received"
    ANSWERED = "answered"
    CHALLENGED = "challenged"
    UNANSWERED = "unanswered"
    FAILED = "failed"
    REPORTING = "reporting"
    UNDELIVERED = "undelivered"
    COMPLETED = "completed"


class Event(StrEnum):
    ARES_FINAL = "ARes final"
    ARES_CHALLENGE = "ARes challenge"
    ARES_MISSED = "ARes missed"
    ARES_FAILED = "ARes failed"
    RREQ = "RReq"
    RRES = "RRes"
    RREQ_NOT_DELIVERED = "RReq not delivered"


class EventNotAllowed(Exception):
    """The table has no cell for this event in this state."""

    def __init__(self, state: State, event: Event) -> None:
        super().__init__(f"{event.value} is not allowed for a transaction that is {state.value}")
        self.state = state
        self.event = event


_RESULT_KNOWN: Final = (State.REPORTING, State.UNDELIVERED, State.COMPLETED)
_ARES_EVENTS: Final = (Event.ARES_FINAL, Event.ARES_CHALLENGE, Event.ARES_MISSED, Event.ARES_FAILED)

TRANSITIONS: Final = MappingProxyType(
    {
        (State.RECEIVED, Event.ARES_FINAL): State.ANSWERED,
        (State.RECEIVED, Event.ARES_CHALLENGE): State.CHALLENGED,
        (State.RECEIVED, Event.ARES_MISSED): State.UNANSWERED,
        (State.RECEIVED, Event.ARES_FAILED): State.FAILED,
        (State.RECEIVED, Event.RREQ): State.REPORTING,
        (State.CHALLENGED, Event.RREQ): State.REPORTING,
        (State.UNANSWERED, Event.RREQ): State.REPORTING,
        (State.UNDELIVERED, Event.RREQ): State.REPORTING,
        (State.REPORTING, Event.RREQ): State.REPORTING,
        (State.REPORTING, Event.RRES): State.COMPLETED,
        (State.REPORTING, Event.RREQ_NOT_DELIVERED): State.UNDELIVERED,
        **{(state, event): state for state in _RESULT_KNOWN for event in _ARES_EVENTS},
    }
)


def step(state: State, event: Event) -> State:
    """The state after `event`. Errors: `EventNotAllowed`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise EventNotAllowed(state, event) from None
