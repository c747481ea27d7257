"""RReq and RRes at the directory server: the checks, and the decision that lets exactly one result stand for a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from directory_server.authentication.rules import (
    check_identifiers,
    check_same_version,
    eci_of,
    identifiers,
    with_scheme_eci,
)
from directory_server.transactions.records import Transaction
from directory_server.transactions.states import Event, EventNotAllowed, State, step
from directory_server.transactions.versions import at_least
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of, defined
from threedsecure.v2.validation.identifiers import same_id

Message = Mapping[str, Any]

WAITING: Final = (State.CHALLENGED, State.UNANSWERED, State.REPORTING, State.UNDELIVERED)


@dataclass(frozen=True, slots=True)
class Forward:
    """The result goes to the 3DS Server."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The 3DS Server acknowledged this very result before: `answer` is its RRes."""

    answer: Message


@dataclass(frozen=True, slots=True)
class Refuse:
    """The transaction takes no result, or has another one."""

    error: MessageError


Decision = Forward | Repeat | Refuse


def check_results(rreq: Message, transaction: Transaction | None) -> None:
    """Hold an RReq against its transaction, which is None for one that is not ours. Errors: `MessageError`."""
    if transaction is None:
        check(rreq, context_of(rreq, Leg.ACS_TO_DS))
        raise not_recognised(rreq)
    check_same_version(rreq, transaction.version)
    check(rreq, context_of(rreq, Leg.ACS_TO_DS, transaction.areq, transaction.ares))
    check_identifiers(rreq, transaction.identifiers)


def waits_for(rreq: Message, transaction: Transaction) -> bool:
    """Whether an RReq, however wrong, is meant for a transaction whose result is not known yet: all its identifiers are known."""
    known = transaction.identifiers
    return transaction.state in WAITING and all(same_id(rreq.get(name, known[name]), known[name]) for name in known)


def not_recognised(rreq: Message) -> MessageError:
    return MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, "dsTransID", message=rreq)


def decide(transaction: Transaction, rreq: Message, fingerprint: str, now: datetime) -> tuple[Transaction, Decision]:
    """What becomes of a result. `fingerprint` stands for the whole RReq: a repetition has the same."""
    same = transaction.results_fingerprint == fingerprint
    if transaction.state is State.COMPLETED and same and transaction.results_answer is not None:
        return transaction, Repeat(transaction.results_answer)
    if transaction.state is State.REPORTING and not same:
        return transaction, Refuse(_second_result(rreq))
    try:
        state = step(transaction.state, Event.RREQ)
    except EventNotAllowed:
        error = _second_result(rreq) if transaction.state is State.COMPLETED else _not_expected(rreq)
        return transaction, Refuse(error)
    claimed = replace(
        transaction,
        state=state,
        acs_trans_id=transaction.acs_trans_id or rreq["acsTransID"],
        trans_status=rreq.get("transStatus"),
        trans_status_reason=rreq.get("transStatusReason"),
        eci=eci_of(rreq, transaction.scheme, rreq["messageCategory"]),
        results_fingerprint=fingerprint,
        updated_at=now,
    )
    return claimed, Forward()


def acknowledged(transaction: Transaction, fingerprint: str, rres: Message, now: datetime) -> Transaction:
    """The RRes stands, unless another delivery ended meanwhile. `rres` as the ACS gets it."""
    if transaction.results_fingerprint != fingerprint or transaction.state is not State.REPORTING:
        return transaction
    return replace(
        transaction,
        state=step(transaction.state, Event.RRES),
        results_answer=rres,
        results_status=rres["resultsStatus"],
        updated_at=now,
    )


def not_delivered(transaction: Transaction, fingerprint: str, now: datetime) -> Transaction:
    """The 3DS Server was not reached, or refused the result: whatever the ACS reports next is welcome."""
    if transaction.results_fingerprint != fingerprint or transaction.state is not State.REPORTING:
        return transaction
    return replace(
        transaction, state=step(transaction.state, Event.RREQ_NOT_DELIVERED), results_fingerprint=None, updated_at=now
    )


def for_the_three_ds_server(rreq: Message, transaction: Transaction) -> dict[str, Any]:
    """The RReq as the 3DS Server gets it: only what is defined there, with the scheme's ECI, and up to 2.2.0 without
    authenticationMethod, which the ACS sends for the directory server alone."""
    whole = {**rreq, **transaction.identifiers}
    relayed = defined(whole, context_of(rreq, Leg.DS_TO_THREE_DS_SERVER, transaction.areq, transaction.ares))
    if not at_least(transaction.version, "2.3.0"):
        relayed.pop("authenticationMethod", None)
    return with_scheme_eci(relayed, transaction.scheme, rreq["messageCategory"])


def check_answer(rres: Message, sent: Message, transaction: Transaction) -> None:
    """Hold an RRes against the RReq that the 3DS Server got. Errors: `MessageError`."""
    check_same_version(rres, transaction.version)
    check(rres, context_of(rres, Leg.THREE_DS_SERVER_TO_DS, transaction.areq, transaction.ares))
    check_identifiers(rres, identifiers(sent))


def for_the_acs(rres: Message, transaction: Transaction) -> dict[str, Any]:
    """The RRes as the ACS gets it: only what is defined."""
    return defined(rres, context_of(rres, Leg.DS_TO_ACS, transaction.areq, transaction.ares))


def _second_result(rreq: Message) -> MessageError:
    code = ErrorCode.DUPLICATE_MESSAGE if _has_codes_of_2_3(rreq) else ErrorCode.TRANSACTION_DATA_NOT_VALID
    return MessageError(code, "RReq: another result stands for this transaction", message=rreq)


def _not_expected(rreq: Message) -> MessageError:
    code = ErrorCode.RESULTS_REQUEST_NOT_EXPECTED if _has_codes_of_2_3(rreq) else ErrorCode.TRANSACTION_DATA_NOT_VALID
    return MessageError(code, "RReq: the ARes of this transaction announced no result", message=rreq)


def _has_codes_of_2_3(message: Message) -> bool:
    return at_least(message["messageVersion"], "2.3.0")
