"""What happens to a transaction: pure functions from a record and an event to the next record and what has to be answered.

Each is one step of a unit of work: storage reads the record, calls the function and writes what it returns, and nothing comes
between.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from acs.cardholder import challenge as challenges
from acs.cardholder.challenge import Challenge, Effect, Ending, JudgeOfPasskeys, NextCounter, Page, Submission
from acs.cardholder.methods.table import Question
from acs.cardholder.passkeys.ceremony import Asserted, Ceremony, Outcome
from acs.cardholder.securecode import SecureCodes, Verdict
from acs.cards.plays import Confirm, Defer, rreq_order_of
from acs.cards.records import Card
from acs.cards.status import CardStatus, after_ending, binding, trusting, using
from acs.settings import AcsSettings, Limits
from acs.v2.decision import preferences
from acs.v2.decision.decide import DECOUPLED_FALLBACK
from acs.v2.decision.passkeys import Secret, ceremony_of
from acs.v2.decision.payment_confirmation import Second, judged
from acs.v2.decision.result import BOUND, TRUSTED, challenge_result, final_result
from acs.v2.decision.versions import LATEST
from acs.v2.decision.wallet import presented, wallet_request
from acs.v2.messages import answered_with, rreq
from acs.v2.records import Delivery, Purchase, Session, Transaction
from acs.v2.states import OPEN, Event, State, after
from threedsecure.cards.plays import Ask, Method, RReqOrder, Settle
from threedsecure.v2.codec import encode
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.conditions import text
from threedsecure.v2.validation.identifiers import same_id
from threedsecure.v2.views import AuthenticationRequest, integer

CHALLENGE_MANDATED: Final = "04"
CHALLENGE_TO_TRUST: Final = "09"
RESULT_LATE_BY: Final = timedelta(seconds=30)

_TIMEOUTS: Final = {
    State.CREQ_AWAITED: (Event.CREQ_TIMED_OUT, Ending.NEVER_BEGUN),
    State.CHALLENGING: (Event.PAGE_TIMED_OUT, Ending.LEFT_IDLE),
    State.DECOUPLED: (Event.DEADLINE_MISSED, Ending.DEADLINE_MISSED),
}
_TIMED_OUT: Final = frozenset({Ending.NEVER_BEGUN, Ending.LEFT_IDLE, Ending.APP_TIMED_OUT})
_GOING_DECOUPLED: Final = {Ending.PASSED: Ending.MORE_NEEDED, Ending.TOO_MANY_TRIES: Ending.GOES_DECOUPLED}
_ASKING: Final = frozenset({State.CHALLENGING, State.DECOUPLED})


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
    """The record as it has to be written, what to answer, and what to do once it is written. `asserted`: what the browser made of
    being asked for a passkey."""

    transaction: Transaction
    answer: Show | Finish | Refuse
    effects: tuple[Effect, ...] = ()
    asserted: Asserted | None = None


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
    acs_trans_id: str,
    purchase: Purchase,
    card: Card,
    decision: Settle | Ask | Defer | Confirm,
    now: datetime,
    settings: AcsSettings,
) -> Transaction:
    """The record of a new transaction, as decided."""
    if isinstance(decision, Settle):
        result = final_result(card, purchase, decision.trans_status, decision.reason, decision.exemption)
        state = after(State.RECEIVED, Event.ARES_FINAL)
        return Transaction(acs_trans_id, state, card, purchase, created_at=now, updated_at=now, result=result)
    record = Transaction(acs_trans_id, State.RECEIVED, card, purchase, created_at=now, updated_at=now)
    if isinstance(decision, Defer):
        return _defer(record, decision, now, settings)
    if isinstance(decision, Confirm):
        state = after(record.state, Event.ARES_SPC)
        return replace(record, state=state, method=Method.SPC, due_at=now + settings.timers.second_areq)
    state = after(record.state, Event.ARES_CHALLENGE)
    purchase = replace(purchase, challenge_mandated=purchase.challenge_mandated or decision.insists)
    due_at = now + settings.timers.first_creq
    return replace(record, state=state, purchase=purchase, method=decision.method, due_at=due_at)


def purchase_of(areq: Mapping[str, Any], request: AuthenticationRequest) -> Purchase:
    """What an AReq says that is needed later; `request`: the view of it. It has passed the tables of its leg."""
    get, amount = areq.get, integer(areq.get("purchaseAmount"))
    return Purchase(
        version=request.version,
        device_channel=request.device_channel,
        message_category=request.message_category,
        three_ds_server_trans_id=request.three_ds_server_trans_id,
        ds_trans_id=areq["dsTransID"],
        ds_url=get("dsURL") or "",
        ds_reference_number=areq["dsReferenceNumber"],
        challenge_mandated=CHALLENGE_MANDATED in request.challenge_indicators,
        sdk_trans_id=get("sdkTransID"),
        notification_url=get("notificationURL"),
        merchant_name=text(areq, "merchantName"),
        amount=None if amount is None else str(amount),
        currency=get("purchaseCurrency"),
        exponent=integer(get("purchaseExponent")) or 0,
        purchase_date=get("purchaseDate"),
        language=get("browserLanguage"),
        merchant=f"{text(areq, 'acquirerBIN')}.{text(areq, 'acquirerMerchantID')}",
        asks_for_trust=CHALLENGE_TO_TRUST in request.challenge_indicators and request.version != "2.1.0",
        may_go_decoupled=request.decoupled_ind in ("F", "B") and request.version == LATEST,
        asks_to_bind=preferences.wants_binding(request),
        three_ds_server_url=text(areq, "threeDSServerURL"),
        echoed=preferences.echoed(areq),
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
        reported = answered_with(transaction, error)
        transaction = _conclude(transaction, Event.CREQ_BROKEN, Ending.BROKEN, now, reported)
    return Change(transaction, Refuse(error))


def give_up(transaction: Transaction, ending: Ending, now: datetime, reported: Mapping[str, Any] | None) -> Transaction:
    """The SDK of an app ends the challenge: it timed out, or it sent an Erro (`reported`). What is over is left as it is."""
    transaction = expire(transaction, now)
    if transaction.state not in OPEN:
        return transaction
    return _conclude(transaction, Event.SDK_GAVE_UP, ending, now, reported)


def receive_answer(
    transaction: Transaction,
    submission: Submission,
    now: datetime,
    next_counter: NextCounter,
    codes: SecureCodes,
    settings: AcsSettings,
    secret: Secret | None = None,
    wallet_key: Mapping[str, Any] | None = None,
) -> Change:
    """A page of the challenge came back. After the end it is answered with the end again. `wallet_key`: that of the cardholder's
    wallet, where it was asked.

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
        _judge(transaction, now, settings, secret, wallet_key),
    )
    transaction = replace(transaction, state=state, method=step.challenge.method, challenge=step.challenge)
    return dataclasses.replace(_take(transaction, step, now, settings), asserted=step.asserted)


def _judge(
    transaction: Transaction,
    now: datetime,
    settings: AcsSettings,
    secret: Secret | None,
    wallet_key: Mapping[str, Any] | None,
) -> JudgeOfPasskeys | None:
    """What judges the answer of an authenticator or a wallet, where the page asks for one."""
    asked = wallet_request(transaction, settings, secret)
    if asked is not None:
        return lambda answer: presented(asked, answer, wallet_key, now)
    ceremony = ceremony_of(transaction, settings, secret)
    return None if ceremony is None else ceremony.judge


def receive_decision(transaction: Transaction, now: datetime, *, approved: bool) -> Transaction:
    """The banking app tells what the cardholder decided. What comes too late, or what nobody waits for, changes nothing.
    Where the page has a box to tick, it is waited for."""
    transaction = expire(transaction, now)
    challenge = transaction.challenge
    waits = transaction.state in _ASKING
    if challenge is None or not waits or challenge.question is not Question.BANKING_APP:
        return transaction
    if challenge.approved is not None:
        return transaction
    transaction = replace(transaction, challenge=replace(challenge, approved=approved), updated_at=now)
    return transaction if challenge.has_boxes else _conclude_decided(transaction, approved, now)


def prompted(transaction: Transaction, prompt: str | None, now: datetime, retry: timedelta) -> Transaction:
    """The banking app shows the prompt of this name; None when it could not be reached. Where no page tells the cardholder so, it
    is tried again, first after `retry`, then ever more seldom."""
    if transaction.challenge is None:
        return transaction
    waited = max(retry, now - transaction.created_at)
    ask_at = now + waited if transaction.state is State.DECOUPLED else None
    challenge = challenges.prompted(transaction.challenge, prompt, ask_at)
    return replace(transaction, challenge=challenge, updated_at=now)


def code_sent(transaction: Transaction, counter: int, now: datetime, *, taken: bool) -> Transaction:
    """Whether the phone took the code of `counter`."""
    if transaction.challenge is None:
        return transaction
    challenge = challenges.sent(transaction.challenge, counter, taken=taken)
    return replace(transaction, challenge=challenge, updated_at=now)


def wake(transaction: Transaction, now: datetime, retry: timedelta) -> Change:
    """What time alone does to an open transaction: at its deadline it ends; what the phone was not asked for is asked for now,
    by whoever writes this."""
    transaction = expire(transaction, now)
    challenge = transaction.challenge
    if challenge is None or challenge.ask_at is None or now < challenge.ask_at or transaction.state not in _ASKING:
        return Change(transaction, Finish())
    needs = challenges.not_asked(challenge, now)
    claimed = replace(challenge, ask_at=now + retry if needs else None)
    return Change(replace(transaction, challenge=claimed), Finish(), needs)


def expire(transaction: Transaction, now: datetime) -> Transaction:
    """The record after what time alone did to it: at its deadline an open challenge ends."""
    if transaction.state is State.SPC_AWAITED and transaction.due_at is not None and transaction.due_at <= now:
        return _spc_over(transaction, Event.SPC_TIMED_OUT, now)
    timeout = _TIMEOUTS.get(transaction.state)
    if timeout is None or transaction.due_at is None or now < transaction.due_at:
        return transaction
    if transaction.challenge is not None and transaction.challenge.approved is not None:
        return _conclude_decided(transaction, transaction.challenge.approved, now)
    event, ending = timeout
    return _conclude(transaction, event, ending, now)


def receive_second(
    transaction: Transaction, second: Second, purchase: Purchase, pan: str, now: datetime, ceremony: Ceremony
) -> Change:
    """The second AReq answers the ARes S of `transaction`, which counts once, also when the assertion is refused."""
    transaction = expire(transaction, now)
    if transaction.state is not State.SPC_AWAITED:
        late = Asserted(Verdict.WRONG, Outcome.CHOSEN, words="challenge: was answered before, or has expired")
        return Change(transaction, Finish(), asserted=late)
    asserted = judged(transaction, second, purchase, pan, ceremony)
    return Change(_spc_over(transaction, Event.SPC_ANSWERED, now), Finish(), asserted=asserted)


def _spc_over(transaction: Transaction, event: Event, now: datetime) -> Transaction:
    return replace(transaction, state=after(transaction.state, event), updated_at=now, due_at=None)


def _defer(record: Transaction, decision: Defer, now: datetime, settings: AcsSettings) -> Transaction:
    """The cardholder is asked apart from the purchase, for as long as the requestor waits."""
    purchase = replace(record.purchase, decoupled_minutes=decision.minutes, decoupled_missed=settings.decoupled_missed)
    return replace(
        record,
        state=after(record.state, Event.ARES_DECOUPLED),
        purchase=purchase,
        method=decision.method,
        challenge=Challenge(decision.method, 1, 0, ask_at=now + settings.timers.ask_retry),
        due_at=now + timedelta(minutes=decision.minutes),
    )


def with_card_status(
    transaction: Transaction, card_status: CardStatus, limits: Limits
) -> tuple[Transaction, CardStatus]:
    """A decision just taken, and the status of its card: a locked card passes no more, and every ending leaves its mark."""
    result = transaction.result
    if result is None:
        return transaction, card_status
    if card_status.locked and result.ending in (Ending.PASSED, Ending.MORE_NEEDED):
        return _redecided(transaction, Ending.CARD_LOCKED), card_status
    after_all = after_ending(card_status, result.ending, limits)
    if result.trust_status is not None:
        after_all = trusting(after_all, transaction.purchase.merchant, trusted=result.trust_status == TRUSTED)
    if transaction.challenge is not None and transaction.challenge.passkey is not None:
        after_all = using(after_all, transaction.challenge.passkey)
    if result.binding_status == BOUND:
        after_all = binding(after_all, transaction.purchase.device)
    return transaction, after_all


def _admit(
    transaction: Transaction, creq: ChallengeRequest, now: datetime, next_counter: NextCounter, settings: AcsSettings
) -> Change:
    check_against(transaction, creq.version, creq.three_ds_server_trans_id)
    state = after(transaction.state, Event.CREQ)
    if transaction.session is not None and transaction.session.digest != creq.digest:
        raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "the repeated CReq differs from the first one")
    if transaction.challenge is not None:
        if settings.repeated_creq == "refused" and transaction.purchase.version == LATEST:
            raise MessageError(ErrorCode.MULTIPLE_CHALLENGE_REQUESTS_NOT_SUPPORTED, "a CReq came before")
        shown = replace(transaction, state=state, updated_at=now, due_at=now + settings.timers.idle)
        return Change(shown, Show(transaction.challenge.notice))
    session = Session(creq.value, creq.digest, creq.window_size, creq.session_data, begun_at=now)
    return open_challenge(replace(transaction, state=state), session, now, next_counter, settings)


def check_against(transaction: Transaction, version: str, three_ds_server_trans_id: str) -> None:
    """A CReq is for this transaction, which waits for one. Errors: `MessageError` 203 for another version, 301 for another
    identifier, 402 after a time-out, 315 in 2.3.1 once the result is known."""
    if version != transaction.purchase.version:
        raise MessageError(ErrorCode.FORMAT_INVALID, "messageVersion")
    if not same_id(three_ds_server_trans_id, transaction.purchase.three_ds_server_trans_id):
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, "threeDSServerTransID")
    ended = transaction.result.ending if transaction.result is not None else None
    if ended in _TIMED_OUT and transaction.purchase.version != LATEST:
        raise MessageError(ErrorCode.TRANSACTION_TIMED_OUT, f"the transaction ended: {ended}")
    if transaction.delivery is not None and transaction.purchase.version == LATEST:
        raise MessageError(ErrorCode.CHALLENGE_REQUEST_AFTER_RESULTS, "the result of the transaction is known already")


def open_challenge(
    transaction: Transaction, session: Session, now: datetime, next_counter: NextCounter, settings: AcsSettings
) -> Change:
    """The first page of the challenge, for whoever began `session`. Errors: `MessageError` 305 where there is none."""
    if transaction.method is None:
        raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "the transaction is not challenged")
    step = challenges.begin(
        transaction.method,
        tries=transaction.card.tries or settings.tries,
        resends=settings.resends,
        password=transaction.card.password,
        now=now,
        next_counter=next_counter,
        other_way=transaction.purchase.other_way,
    )
    if step.challenge.question is not Question.WALLET:  # what is ticked would be lost on the way
        step = replace(step, challenge=_with_boxes(step.challenge, transaction.purchase))
    return _take(replace(transaction, session=session, challenge=step.challenge), step, now, settings)


def _with_boxes(challenge: Challenge, purchase: Purchase) -> Challenge:
    """The boxes that the page has beside its question, not ticked yet."""
    return replace(
        challenge,
        trusts=False if purchase.asks_for_trust else None,
        binds=False if purchase.asks_to_bind else None,
    )


def _take(transaction: Transaction, step: challenges.Step, now: datetime, settings: AcsSettings) -> Change:
    match step.reply:
        case Page(notice):
            asking = challenges.to_ask(step, now + settings.timers.ask_retry).challenge
            shown = replace(transaction, challenge=asking, updated_at=now, due_at=now + settings.timers.idle)
            return Change(shown, Show(notice), step.effects)
        case over:
            ending = _as_it_goes_on(transaction, over.ending)
            return Change(_conclude(transaction, Event.CHALLENGE_ENDED, ending, now), Finish())


def _as_it_goes_on(transaction: Transaction, ending: Ending) -> Ending:
    """The ending, or that it goes on decoupled where the card wants it so and the requestor takes it."""
    goes_on = transaction.card.scenario == DECOUPLED_FALLBACK and transaction.purchase.may_go_decoupled
    return _GOING_DECOUPLED.get(ending, ending) if goes_on else ending


def _conclude_decided(transaction: Transaction, approved: bool, now: datetime) -> Transaction:
    """What the banking app told decides, whether or not the page comes back."""
    if transaction.challenge is None:
        raise ValueError("nobody was asked")
    step = challenges.decided(transaction.challenge, approved=approved)
    ending = Ending.PASSED if approved else Ending.DECLINED
    return _conclude(replace(transaction, challenge=step.challenge), Event.APP_DECIDED, ending, now)


def _redecided(transaction: Transaction, ending: Ending) -> Transaction:
    """The decision as another ending, before anybody was told of it."""
    result = challenge_result(transaction.card, transaction.purchase, transaction.challenge, ending)
    if transaction.delivery is None:
        return replace(transaction, result=result)
    return replace(
        transaction, result=result, delivery=replace(transaction.delivery, body=encode(rreq(transaction, result)))
    )


def _conclude(
    transaction: Transaction, event: Event, ending: Ending, now: datetime, reported: Mapping[str, Any] | None = None
) -> Transaction:
    """Decide, once: the result and the RReq that tells it are written together, and the RReq is due at once. `reported`: the Erro
    that ends the challenge, sent or received."""
    state = after(transaction.state, event)
    result = challenge_result(transaction.card, transaction.purchase, transaction.challenge, ending)
    delivery = Delivery(transaction.purchase.ds_url, encode(rreq(transaction, result, reported)))
    concluded = replace(transaction, state=state, result=result, delivery=delivery, updated_at=now, due_at=now)
    return _ordered(concluded, now)


def _ordered(transaction: Transaction, now: datetime) -> Transaction:
    """The delivery as the card's scenario wants it."""
    match rreq_order_of(transaction.card.scenario):
        case RReqOrder.LONG_AFTER:
            return replace(transaction, due_at=now + RESULT_LATE_BY)
        case RReqOrder.NEVER if transaction.delivery is not None:
            unsent = replace(transaction.delivery, given_up="the scenario of this card sends no RReq")
            state = after(transaction.state, Event.RREQ_GIVEN_UP)
            return replace(transaction, state=state, delivery=unsent, due_at=None)
        case _:
            return transaction
