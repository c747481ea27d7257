"""What happens to a transaction: pure functions from a record and an event to the next record and what has to be answered.

Each is one step of a unit of work: storage reads the record, calls the function and writes what it returns, and nothing comes
between.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from acs import challenge as challenges
from acs.challenge import Ending, NextCounter, Over, Page, SendCode, Submission
from acs.decision import Ask, Settle
from acs.messages import answered_with, rreq
from acs.records import Card, Delivery, Purchase, Session, Transaction
from acs.results import challenge_result, final_result
from acs.securecode import SecureCodes
from acs.settings import AcsSettings
from acs.transactions import OPEN, Event, State, after
from acs.versions import LATEST
from threedsecure.v2.codec import encode
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.views import AuthenticationRequest

CHALLENGE_MANDATED: Final = "04"

_TIMEOUTS: Final = {
    State.CREQ_AWAITED: (Event.CREQ_TIMED_OUT, Ending.NEVER_BEGUN),
    State.CHALLENGING: (Event.PAGE_TIMED_OUT, Ending.LEFT_IDLE),
}
_TIMED_OUT: Final = frozenset({Ending.NEVER_BEGUN, Ending.LEFT_IDLE})


@dataclass(frozen=True, slots=True)
class Show:
    """Answer with the challenge page."""

    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """Answer with the final CRes."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an Erro through the browser."""

    error: MessageError


@dataclass(frozen=True, slots=True)
class Change:
    """The record as it has to be written, what to answer, and what to do once it is written."""

    transaction: Transaction
    answer: Show | Finish | Refuse
    effects: tuple[SendCode, ...] = ()


@dataclass(frozen=True, slots=True)
class ChallengeRequest:
    """A CReq that passed the tables."""

    value: str
    digest: str
    version: str
    three_ds_server_trans_id: str
    window_size: str
    session_data: str | None


def begin(
    acs_trans_id: str, purchase: Purchase, card: Card, decision: Settle | Ask, now: datetime, settings: AcsSettings
) -> Transaction:
    """The record of a new transaction, as decided."""
    record = Transaction(acs_trans_id, State.RECEIVED, card, purchase, created_at=now, updated_at=now)
    if isinstance(decision, Ask):
        state = after(record.state, Event.ARES_CHALLENGE)
        purchase = replace(purchase, challenge_mandated=purchase.challenge_mandated or decision.insists)
        due_at = now + settings.timers.first_creq
        return replace(record, state=state, purchase=purchase, method=decision.method, due_at=due_at)
    result = final_result(card, purchase, decision.trans_status, decision.reason, decision.exemption)
    return replace(record, state=after(record.state, Event.ARES_FINAL), result=result)


def purchase_of(request: AuthenticationRequest, ds_reference_number: str) -> Purchase:
    """What the AReq says that is needed later. The AReq has passed the tables of its leg, which require `dsTransID` and `dsURL`."""
    return Purchase(
        version=request.version,
        device_channel=request.device_channel,
        message_category=request.message_category,
        three_ds_server_trans_id=request.three_ds_server_trans_id,
        ds_trans_id=request.ds_trans_id or "",
        ds_url=request.ds_url or "",
        ds_reference_number=ds_reference_number,
        challenge_mandated=CHALLENGE_MANDATED in request.challenge_indicators,
        sdk_trans_id=request.sdk_trans_id,
        notification_url=request.notification_url,
        merchant_name=request.merchant_name or "",
        amount=str(request.purchase_amount) if request.purchase_amount is not None else None,
        currency=request.purchase_currency,
        exponent=request.purchase_exponent or 0,
        purchase_date=request.purchase_date,
        language=request.browser_language,
    )


def receive_creq(
    transaction: Transaction, creq: ChallengeRequest, now: datetime, next_counter: NextCounter, settings: AcsSettings
) -> Change:
    """The first CReq begins the challenge, the same one again shows its page, every other one is refused."""
    transaction = expire(transaction, now)
    try:
        return _admit(transaction, creq, now, next_counter, settings)
    except MessageError as error:
        return refuse(transaction, error, now)


def refuse(transaction: Transaction, error: MessageError, now: datetime) -> Change:
    """A CReq that is wrong in itself or for this transaction: an open challenge ends with it (errors, section 2), a result that
    stands is left as it is."""
    transaction = expire(transaction, now)
    if transaction.state in OPEN:
        transaction = _conclude(transaction, Event.CREQ_BROKEN, Ending.BROKEN, now, error)
    return Change(transaction, Refuse(error))


def receive_answer(
    transaction: Transaction,
    submission: Submission,
    now: datetime,
    next_counter: NextCounter,
    codes: SecureCodes,
    settings: AcsSettings,
) -> Change:
    """A page of the challenge came back. After the end it is answered with the end again.

    Errors: `EventRefused` for a transaction that has no page."""
    transaction = expire(transaction, now)
    state = after(transaction.state, Event.PAGE_POSTED)
    if state not in OPEN or transaction.challenge is None:
        return Change(transaction, Finish())
    pan = transaction.card.pan
    step = challenges.answer(
        transaction.challenge,
        submission,
        now,
        lambda sent, typed: codes.judge(pan, sent, typed, now),
        next_counter,
    )
    transaction = replace(transaction, state=state, challenge=step.challenge)
    return _take(transaction, step, now, settings)


def sending_failed(transaction: Transaction, counter: int, now: datetime) -> Transaction:
    """The phone could not be reached with the code of `counter`."""
    if transaction.challenge is None:
        return transaction
    challenge = challenges.sending_failed(transaction.challenge, counter)
    return replace(transaction, challenge=challenge, updated_at=now)


def expire(transaction: Transaction, now: datetime) -> Transaction:
    """The record after what time alone did to it: at its deadline an open challenge ends."""
    timeout = _TIMEOUTS.get(transaction.state)
    if timeout is None or transaction.due_at is None or now < transaction.due_at:
        return transaction
    event, ending = timeout
    return _conclude(transaction, event, ending, now)


def _admit(
    transaction: Transaction, creq: ChallengeRequest, now: datetime, next_counter: NextCounter, settings: AcsSettings
) -> Change:
    _check_against(transaction, creq)
    if transaction.delivery is not None and transaction.purchase.version == LATEST:
        raise MessageError(ErrorCode.CHALLENGE_REQUEST_AFTER_RESULTS, "the result of the transaction is known already")
    state = after(transaction.state, Event.CREQ)
    if transaction.session is not None and transaction.session.digest != creq.digest:
        raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "the repeated CReq differs from the first one")
    if transaction.challenge is not None:
        shown = replace(transaction, state=state, updated_at=now, due_at=now + settings.timers.idle)
        return Change(shown, Show(transaction.challenge.notice))
    return _open(replace(transaction, state=state), creq, now, next_counter, settings)


def _check_against(transaction: Transaction, creq: ChallengeRequest) -> None:
    if creq.version != transaction.purchase.version:
        raise MessageError(ErrorCode.FORMAT_INVALID, "messageVersion")
    if creq.three_ds_server_trans_id != transaction.purchase.three_ds_server_trans_id:
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, "threeDSServerTransID")
    ended = transaction.result.ending if transaction.result is not None else None
    if ended in _TIMED_OUT and transaction.purchase.version != LATEST:
        raise MessageError(ErrorCode.TRANSACTION_TIMED_OUT, f"the transaction ended: {ended}")


def _open(
    transaction: Transaction, creq: ChallengeRequest, now: datetime, next_counter: NextCounter, settings: AcsSettings
) -> Change:
    if transaction.method is None:
        raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "the transaction is not challenged")
    step = challenges.begin(
        transaction.method,
        tries=transaction.card.tries or settings.tries,
        resends=settings.resends,
        now=now,
        next_counter=next_counter,
    )
    session = Session(creq.value, creq.digest, creq.window_size, creq.session_data, begun_at=now)
    return _take(replace(transaction, session=session, challenge=step.challenge), step, now, settings)


def _take(transaction: Transaction, step: challenges.Step, now: datetime, settings: AcsSettings) -> Change:
    match step.reply:
        case Page(notice):
            shown = replace(transaction, updated_at=now, due_at=now + settings.timers.idle)
            return Change(shown, Show(notice), step.effects)
        case Over(ending):
            return Change(_conclude(transaction, Event.CHALLENGE_ENDED, ending, now), Finish())


def _conclude(
    transaction: Transaction, event: Event, ending: Ending, now: datetime, error: MessageError | None = None
) -> Transaction:
    """Decide, once: the result and the RReq that tells it are written together, and the RReq is due at once. `error`: what the
    browser is answered with where that ends the challenge."""
    state = after(transaction.state, event)
    result = challenge_result(transaction.card, transaction.purchase, transaction.challenge, ending)
    reported = None if error is None else answered_with(transaction, error)
    delivery = Delivery(transaction.purchase.ds_url, encode(rreq(transaction, result, reported)))
    return replace(transaction, state=state, result=result, delivery=delivery, updated_at=now, due_at=now)
