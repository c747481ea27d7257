"""Telling the issuer: the delivery receipt of a text, the decision on a prompt. Tried until taken or given up.

An address takes the news by answering 2xx. Attempts are spaced on the simulator's clock; how long one may last
is real time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

BACK_OFF: Final = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=60))


class CallbackState(StrEnum):
    PENDING = "pending"
    TAKEN = "taken"
    GIVEN_UP = "given-up"


class Subject(StrEnum):
    """What the news is about."""

    MESSAGE = "message"
    PROMPT = "prompt"


class Callback(Struct, frozen=True):
    """`number` identifies it; `due_at` is the next attempt (None when there will be none); `outcome` is what the last attempt met:
    an HTTP status, or why there was none."""

    number: int
    subject: Subject
    subject_id: str
    reference: str | None
    url: str
    payload: Mapping[str, Any]
    state: CallbackState
    attempts: int
    due_at: datetime | None
    outcome: str | None


def after_attempt(callback: Callback, outcome: str, now: datetime, *, taken: bool) -> Callback:
    """`callback` once an attempt ended at `now` with `outcome`."""
    attempts = callback.attempts + 1
    if taken:
        state, due_at = CallbackState.TAKEN, None
    elif attempts > len(BACK_OFF):
        state, due_at = CallbackState.GIVEN_UP, None
    else:
        state, due_at = CallbackState.PENDING, now + BACK_OFF[attempts - 1]
    return replace(callback, state=state, attempts=attempts, due_at=due_at, outcome=outcome)


def callback_document(callback: Callback | None) -> dict[str, Any] | None:
    if callback is None:
        return None
    return {"state": callback.state.value, "attempts": callback.attempts, "outcome": callback.outcome}
