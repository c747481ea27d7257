"""What the answer to an RReq means, and what becomes of its delivery. Pure; `acs.v2.results.outbox` does the posting."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from acs.v2.messages import identifiers
from acs.v2.records import Delivery, Transaction
from acs.v2.states import Event, State, after
from threedsecure.v2.codec import decode
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Context, Leg, check
from threedsecure.v2.validation.identifiers import same_id

MAX_REASON: Final = 300
_ANSWERS: Final = frozenset({"RRes", "Erro"})
# An Erro of these codes says that something further on is down for now, not that the RReq is wrong.
_PASSING: Final = frozenset(
    {ErrorCode.TRANSACTION_TIMED_OUT, ErrorCode.TRANSIENT_FAILURE, ErrorCode.CONNECTION_FAILURE}
)
_PASSING_STATUSES: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Acknowledged:
    results_status: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Worth another attempt."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """No attempt will fare better. `error`: what was wrong with the RRes, for the directory server to be told."""

    reason: str
    error: MessageError | None = None


Outcome = Acknowledged | Failed | Rejected


def judge(transaction: Transaction, status: int, body: bytes, versions: Sequence[str]) -> Outcome:
    """What an answer to the RReq of `transaction` means."""
    if status >= 500 or status in _PASSING_STATUSES:
        return Failed(f"the directory server answered HTTP {status}")
    if status >= 300:
        return Rejected(f"the directory server answered HTTP {status}")
    try:
        message = decode(body, accepts=_ANSWERS, versions=versions)
        if message["messageType"] == "Erro":
            return _erro_received(message)
        _check(transaction, message)
    except MessageError as error:
        return Rejected(f"the RRes is not valid: {error}"[:MAX_REASON], error)
    return Acknowledged(str(message["resultsStatus"]))


def record(transaction: Transaction, outcome: Outcome, now: datetime, retry: Sequence[timedelta]) -> Transaction:
    """The record after an attempt. `retry`: what passes between attempts."""
    if transaction.delivery is None or transaction.state is not State.DECIDED:
        return transaction
    tried = replace(transaction.delivery, attempts=transaction.delivery.attempts + 1)
    match outcome:
        case Acknowledged(results_status):
            done = replace(tried, acknowledged_at=now, results_status=results_status)
            return _after(transaction, Event.RRES_ACCEPTED, done, now)
        case Rejected(reason):
            return _after(transaction, Event.RREQ_GIVEN_UP, replace(tried, given_up=reason), now)
        case failed:
            return _later(transaction, replace(tried, last_failure=failed.reason), now, retry)


def postpone(transaction: Transaction, now: datetime, retry: Sequence[timedelta]) -> Transaction:
    """The record where no attempt was made: its gateway is silent, and others are trying."""
    if transaction.delivery is None or transaction.state is not State.DECIDED:
        return transaction
    pause = retry[min(transaction.delivery.attempts, len(retry) - 1)] if retry else timedelta(seconds=1)
    return replace(transaction, updated_at=now, due_at=now + pause)


def _later(transaction: Transaction, tried: Delivery, now: datetime, retry: Sequence[timedelta]) -> Transaction:
    if tried.attempts > len(retry):
        given_up = f"given up after {tried.attempts} attempts: {tried.last_failure}"
        return _after(transaction, Event.RREQ_GIVEN_UP, replace(tried, given_up=given_up), now)
    return replace(transaction, delivery=tried, updated_at=now, due_at=now + retry[tried.attempts - 1])


def _after(transaction: Transaction, event: Event, delivery: Delivery, now: datetime) -> Transaction:
    state = after(transaction.state, event)
    return replace(transaction, state=state, delivery=delivery, updated_at=now, due_at=None)


def _erro_received(message: dict[str, Any]) -> Outcome:
    code, detail = str(message.get("errorCode")), str(message.get("errorDetail"))
    reason = f"the directory server answered Erro {code}: {detail}"[:MAX_REASON]
    return Failed(reason) if code in _PASSING else Rejected(reason)


def _check(transaction: Transaction, message: dict[str, Any]) -> None:
    purchase = transaction.purchase
    check(message, Context(purchase.version, purchase.device_channel, purchase.message_category, Leg.DS_TO_ACS))
    if message["messageVersion"] != purchase.version:
        raise MessageError(ErrorCode.FORMAT_INVALID, "messageVersion", message=message)
    foreign = [name for name, value in identifiers(transaction).items() if not same_id(message.get(name, value), value)]
    if foreign:
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, ",".join(foreign), message=message)
