"""What happens to an EMV 3DS transaction at the ACS: functions from a record and an event to the next record."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from acs.cardholder.challenge import Action, Challenge, Ending, SendCode, ShowPrompt, Submission
from acs.cardholder.passkeys.credentials import Passkey
from acs.cardholder.securecode import SecureCodes, Verdict
from acs.cards.plays import Confirm, Defer
from acs.cards.records import Card
from acs.cards.status import CardStatus
from acs.settings import AcsSettings, Limits
from acs.v2 import lifecycle
from acs.v2.decision.payment_confirmation import Second
from acs.v2.lifecycle import ChallengeRequest, Finish, Refuse, Show, begin, expire, purchase_of, receive_creq, wake
from acs.v2.records import Purchase, Result
from acs.v2.states import TRANSITIONS, Event, EventRefused, State, after
from tests.threedsecure.v2.golden import find
from threedsecure.cards.plays import Ask, Method, Settle
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.views import AuthenticationRequest

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LATER = NOW + SECOND
NAME = "d7c1ee99-9478-44a6-b1f2-391e29c6b340"
SERVER = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
SETTINGS = AcsSettings()
TIMERS = SETTINGS.timers
CODES = SecureCodes(b"k" * 20, 5 * MINUTE)
CARD = Card("4000000001000001", "visa", "challenge-otp", "+33639981101")
PURCHASE = Purchase(
    version="2.2.0",
    device_channel="02",
    message_category="01",
    three_ds_server_trans_id=SERVER,
    ds_trans_id="f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    ds_url="http://127.0.0.1:8100/visa/3ds2",
    ds_reference_number="DS",
    challenge_mandated=False,
    notification_url="http://127.0.0.1:8400/n",
    amount="4200",
    currency="978",
    exponent=2,
    purchase_date="20260615120000",
    merchant="400000.123456789012345",
)
CREQ = ChallengeRequest("e30", "digest", "2.2.0", SERVER, "05", "c2Vzc2lvbg")


def asked(method=Method.SMS_CODE, *, insists=False, card=CARD, settings=SETTINGS, **changes):
    """A transaction that waits for its CReq."""
    return begin(NAME, replace(PURCHASE, **changes), card, Ask(method, insists=insists), NOW, settings)


def opened(method=Method.SMS_CODE, *, settings=SETTINGS, **changes):
    """One whose page is shown."""
    return received(asked(method, settings=settings, **changes), settings=settings).transaction


def received(transaction, creq=CREQ, now=LATER, settings=SETTINGS):
    version = transaction.purchase.version if creq is CREQ else creq.version
    return receive_creq(
        transaction, lifecycle.ChallengeRequest(**fields(creq) | {"version": version}), now, lambda: 7, settings
    )


def fields(creq):
    return {name: getattr(creq, name) for name in creq.__dataclass_fields__}


def answered(transaction, value, now=LATER, action=Action.SUBMIT, **boxes):
    submission = Submission(action, transaction.challenge.page if transaction.challenge else 1, value, "mark", **boxes)
    return lifecycle.receive_answer(transaction, submission, now, lambda: 8, CODES, SETTINGS)


def passed(**changes):
    transaction = opened(**changes)
    return answered(transaction, CODES.code(CARD.pan, 7)).transaction


def told(transaction):
    """What the RReq says."""
    return json.loads(transaction.delivery.body)


# --- the beginning ---


def test_what_is_settled_is_answered_and_nothing_is_due():
    settled = begin(NAME, PURCHASE, CARD, Settle("N", "19", "low value"), NOW, SETTINGS)
    assert (settled.state, settled.due_at, settled.method) == (State.ANSWERED, None, None)
    assert (settled.result.trans_status, settled.result.trans_status_reason) == ("N", "19")
    assert settled.result.exemption == "low value"
    assert (settled.acs_trans_id, settled.created_at, settled.updated_at) == (NAME, NOW, NOW)


@pytest.mark.parametrize(
    ("mandated", "insists", "kept"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_what_is_asked_waits_for_its_creq(mandated, insists, kept):
    waiting = asked(insists=insists, challenge_mandated=mandated)
    assert (waiting.state, waiting.method) == (State.CREQ_AWAITED, Method.SMS_CODE)
    assert waiting.due_at == NOW + TIMERS.first_creq
    assert waiting.purchase.challenge_mandated is kept
    assert waiting.challenge is None


def test_what_is_deferred_is_asked_apart_for_as_long_as_the_requestor_waits():
    deferred = begin(NAME, PURCHASE, CARD, Defer(3), NOW, SETTINGS)
    assert (deferred.state, deferred.method) == (State.DECOUPLED, Method.DECOUPLED)
    assert deferred.due_at == NOW + 3 * MINUTE
    assert (deferred.purchase.decoupled_minutes, deferred.purchase.decoupled) == (3, True)
    assert deferred.purchase.decoupled_missed == SETTINGS.decoupled_missed
    assert deferred.challenge == Challenge(Method.DECOUPLED, 1, 0, ask_at=NOW + TIMERS.ask_retry)


def test_what_the_requestor_confirms_waits_for_the_second_areq():
    confirm = begin(NAME, PURCHASE, CARD, Confirm(), NOW, SETTINGS)
    assert (confirm.state, confirm.method, confirm.due_at) == (State.SPC_AWAITED, Method.SPC, NOW + TIMERS.second_areq)
    assert expire(confirm, NOW + TIMERS.second_areq - SECOND) is confirm
    over = expire(confirm, NOW + TIMERS.second_areq)
    assert (over.state, over.due_at, over.updated_at) == (State.SPC_OVER, None, NOW + TIMERS.second_areq)
    assert over.delivery is None


AREQ = find("2.2.0", "areq-brw-pa-from-ds").message


def purchased(golden="areq-brw-pa-from-ds", version="2.2.0", **changes):
    message = {name: value for name, value in (find(version, golden).message | changes).items() if value is not ...}
    return purchase_of(message, AuthenticationRequest.from_message(message))


@pytest.mark.parametrize(
    ("element", "value", "field", "kept"),
    [
        ("purchaseAmount", "004200", "amount", "4200"),
        ("purchaseAmount", ..., "amount", None),
        ("purchaseExponent", ..., "exponent", 0),
        ("purchaseExponent", "2", "exponent", 2),
        ("dsURL", ..., "ds_url", ""),
        ("threeDSServerURL", ..., "three_ds_server_url", ""),
        ("acquirerBIN", ..., "merchant", f".{AREQ['acquirerMerchantID']}"),
        ("merchantName", ..., "merchant_name", ""),
        ("threeDSRequestorChallengeInd", "04", "challenge_mandated", True),
        ("threeDSRequestorChallengeInd", "03", "challenge_mandated", False),
        ("threeDSRequestorChallengeInd", "09", "asks_for_trust", True),
        ("threeDSRequestorChallengeInd", "04", "asks_for_trust", False),
        ("threeDSRequestorDecReqInd", "Y", "may_go_decoupled", False),
    ],
)
def test_of_an_areq_is_kept_what_is_needed_later(element, value, field, kept):
    assert getattr(purchased(**{element: value}), field) == kept


def test_trust_is_not_asked_for_in_2_1_0_nor_a_decoupled_challenge_before_2_3_1():
    assert purchased(version="2.1.0", threeDSRequestorChallengeInd="09").asks_for_trust is False
    for wish, kept in (("F", True), ("B", True), ("Y", False), ("N", False)):
        assert purchased(version="2.3.1", threeDSRequestorDecReqInd=wish).may_go_decoupled is kept
        assert purchased(version="2.2.0", threeDSRequestorDecReqInd=wish).may_go_decoupled is False


# --- the CReq ---


def test_the_first_creq_opens_the_page():
    change = received(asked())
    assert (change.answer, change.effects) == (Show(None), (SendCode(7),))
    shown = change.transaction
    assert (shown.state, shown.due_at, shown.updated_at) == (State.CHALLENGING, LATER + TIMERS.idle, LATER)
    assert (shown.session.creq, shown.session.digest, shown.session.window_size) == ("e30", "digest", "05")
    assert (shown.session.session_data, shown.session.begun_at) == ("c2Vzc2lvbg", LATER)
    assert (shown.challenge.tries_left, shown.challenge.resends_left) == (SETTINGS.tries, SETTINGS.resends)
    assert shown.challenge.ask_at == LATER + TIMERS.ask_retry
    assert (shown.challenge.trusts, shown.challenge.binds) == (None, None)


def test_a_card_may_have_tries_and_a_password_of_its_own():
    card = replace(CARD, tries=7, password="sesame")
    shown = received(asked(Method.PASSWORD, card=card)).transaction
    assert (shown.challenge.tries_left, shown.challenge.password) == (7, "sesame")


@pytest.mark.parametrize(("asks", "box"), [("asks_for_trust", "trusts"), ("asks_to_bind", "binds")])
def test_a_box_is_offered_where_the_requestor_asks(asks, box):
    assert getattr(opened(**{asks: True}).challenge, box) is False


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
def test_the_same_creq_again_shows_the_same_page_and_sends_nothing(version):
    shown = opened(version=version)
    shown = replace(shown, challenge=replace(shown.challenge, notice="wrong-code"))
    again = received(shown, now=LATER + MINUTE)
    assert (again.answer, again.effects) == (Show("wrong-code"), ())
    assert again.transaction == replace(shown, updated_at=LATER + MINUTE, due_at=LATER + MINUTE + TIMERS.idle)


@pytest.mark.parametrize(("version", "refused"), [("2.2.0", False), ("2.3.1", True)])
def test_in_2_3_1_a_repetition_may_be_refused(version, refused):
    settings = AcsSettings(repeated_creq="refused")
    again = received(opened(version=version, settings=settings), settings=settings)
    if refused:
        assert again.answer.error.code == ErrorCode.MULTIPLE_CHALLENGE_REQUESTS_NOT_SUPPORTED
    else:
        assert again.answer == Show(None)


@pytest.mark.parametrize(
    ("creq", "code", "detail"),
    [
        ({"version": "2.1.0"}, "203", "messageVersion"),
        ({"three_ds_server_trans_id": NAME}, "301", "threeDSServerTransID"),
    ],
)
def test_a_creq_of_another_transaction_ends_it(creq, code, detail):
    change = received(asked(), lifecycle.ChallengeRequest(**fields(CREQ) | creq))
    assert (change.answer.error.code, change.answer.error.detail) == (code, detail)
    broken = change.transaction
    assert (broken.state, broken.result.ending) == (State.DECIDED, Ending.BROKEN)
    assert (told(broken)["transStatus"], told(broken)["challengeCancel"]) == ("U", "06")


def test_an_identifier_in_capitals_is_the_same():
    creq = lifecycle.ChallengeRequest(**fields(CREQ) | {"three_ds_server_trans_id": SERVER.upper()})
    assert received(asked(), creq).answer == Show(None)


def test_another_creq_for_the_same_transaction_is_refused():
    other = lifecycle.ChallengeRequest(**fields(CREQ) | {"digest": "other"})
    change = received(opened(), other)
    assert (change.answer.error.code, change.transaction.result.ending) == ("305", Ending.BROKEN)
    assert "differs" in change.answer.error.detail


@pytest.mark.parametrize(("version", "code"), [("2.1.0", "402"), ("2.2.0", "402"), ("2.3.1", "315")])
def test_a_creq_after_the_time_is_told_so_in_the_words_of_its_version(version, code):
    late = received(asked(version=version), now=NOW + TIMERS.first_creq)
    assert late.answer.error.code == code
    assert late.transaction.result.ending is Ending.NEVER_BEGUN


@pytest.mark.parametrize(("version", "code"), [("2.2.0", "305"), ("2.3.1", "315")])
def test_a_creq_after_the_result_changes_nothing(version, code):
    over = passed(version=version)
    change = received(over, now=LATER + MINUTE)
    assert (change.answer.error.code, change.transaction) == (code, over)


def test_a_transaction_that_is_not_challenged_has_no_page():
    with pytest.raises(MessageError, match="not challenged") as caught:
        lifecycle.open_challenge(replace(asked(), method=None), opened().session, NOW, lambda: 7, SETTINGS)
    assert caught.value.code == "305"


def test_a_refusal_ends_what_is_open_and_leaves_what_is_not():
    error = MessageError(ErrorCode.FORMAT_INVALID, "challengeWindowSize")
    for transaction in (asked(), opened()):
        change = lifecycle.refuse(transaction, error, LATER)
        assert change.answer == Refuse(error)
        assert change.transaction.result.ending is Ending.BROKEN
        assert change.transaction.due_at == LATER
    over = passed()
    assert lifecycle.refuse(over, error, LATER) == lifecycle.Change(over, Refuse(error))


def test_an_sdk_gives_up_what_is_open_once():
    given_up = lifecycle.give_up(opened(), Ending.APP_TIMED_OUT, LATER, None)
    assert (given_up.state, given_up.result.ending) == (State.DECIDED, Ending.APP_TIMED_OUT)
    assert lifecycle.give_up(given_up, Ending.BROKEN, LATER, None) is given_up


# --- answers ---


def test_the_right_code_decides_and_writes_the_rreq():
    change = answered(opened(), CODES.code(CARD.pan, 7))
    over = change.transaction
    assert (change.answer, over.state, over.due_at, over.updated_at) == (Finish(), State.DECIDED, LATER, LATER)
    assert (over.result.trans_status, over.result.ending) == ("Y", Ending.PASSED)
    assert (over.delivery.url, over.delivery.attempts) == (PURCHASE.ds_url, 0)
    assert (told(over)["transStatus"], told(over)["interactionCounter"]) == ("Y", "01")


def test_a_wrong_code_keeps_the_page_open_for_another_while():
    change = answered(opened(), "000000", now=LATER + MINUTE)
    assert change.answer == Show("wrong-code")
    shown = change.transaction
    assert (shown.state, shown.due_at) == (State.CHALLENGING, LATER + MINUTE + TIMERS.idle)
    assert shown.challenge.ask_at == LATER + TIMERS.ask_retry
    assert (shown.challenge.tries_left, change.effects) == (SETTINGS.tries - 1, ())


def test_a_code_that_is_sent_again_is_an_effect():
    change = answered(opened(), "", action=Action.RESEND, now=LATER + MINUTE)
    assert (change.answer, change.effects) == (Show("resent"), (SendCode(8),))
    assert change.transaction.challenge.ask_at == LATER + MINUTE + TIMERS.ask_retry


def test_a_page_posted_after_the_end_is_shown_the_end():
    over = passed()
    assert answered(over, "000000") == lifecycle.Change(over, Finish())


def test_a_page_posted_after_the_time_ends_as_left_idle():
    shown = opened()
    assert answered(shown, "000000", now=shown.due_at - SECOND).answer == Show("wrong-code")
    late = answered(shown, CODES.code(CARD.pan, 7), now=shown.due_at)
    assert (late.answer, late.transaction.result.ending) == (Finish(), Ending.LEFT_IDLE)


@pytest.mark.parametrize("transaction", [asked(), begin(NAME, PURCHASE, CARD, Settle("Y"), NOW, SETTINGS)])
def test_who_has_no_page_cannot_post_one(transaction):
    with pytest.raises(EventRefused):
        answered(transaction, "000000")


def test_a_challenge_that_is_lost_is_shown_the_end():
    assert answered(replace(opened(), challenge=None), "000000").answer == Finish()


@pytest.mark.parametrize(
    ("scenario", "may", "value", "ending"),
    [
        ("decoupled-fallback", True, None, Ending.MORE_NEEDED),
        ("decoupled-fallback", False, None, Ending.PASSED),
        ("challenge-otp", True, None, Ending.PASSED),
        ("decoupled-fallback", True, "000000", Ending.GOES_DECOUPLED),
        ("decoupled-fallback", False, "000000", Ending.TOO_MANY_TRIES),
    ],
)
def test_a_challenge_goes_on_decoupled_where_the_card_wants_it_and_the_requestor_takes_it(scenario, may, value, ending):
    card = replace(CARD, scenario=scenario, tries=1)
    transaction = received(asked(card=card, version="2.3.1", may_go_decoupled=may)).transaction
    over = answered(transaction, value or CODES.code(CARD.pan, 7)).transaction
    assert over.result.ending is ending


# --- the banking app ---


@pytest.mark.parametrize(("approved", "ending"), [(True, Ending.PASSED), (False, Ending.DECLINED)])
def test_what_the_banking_app_tells_decides(approved, ending):
    for waiting in (opened(Method.OUT_OF_BAND), begin(NAME, PURCHASE, CARD, Defer(3), NOW, SETTINGS)):
        over = lifecycle.receive_decision(waiting, LATER, approved=approved)
        assert (over.state, over.result.ending, over.due_at) == (State.DECIDED, ending, LATER)
        assert (over.challenge.approved, over.challenge.answers) == (approved, 1)
        assert lifecycle.receive_decision(over, LATER, approved=not approved) is over


@pytest.mark.parametrize(("approved", "ending"), [(True, Ending.PASSED), (False, Ending.DECLINED)])
def test_where_the_page_has_a_box_the_decision_waits_for_it_until_the_time_is_over(approved, ending):
    waiting = opened(Method.OUT_OF_BAND, asks_for_trust=True)
    decided = lifecycle.receive_decision(waiting, LATER + SECOND, approved=approved)
    assert (decided.state, decided.challenge.approved) == (State.CHALLENGING, approved)
    assert decided.updated_at == LATER + SECOND
    assert lifecycle.receive_decision(decided, LATER, approved=not approved) is decided
    over = expire(decided, decided.due_at)
    assert (over.state, over.result.ending) == (State.DECIDED, ending)
    assert answered(decided, "", trusts=True).transaction.result.ending is ending


@pytest.mark.parametrize("transaction", [asked(Method.OUT_OF_BAND), opened(), replace(opened(), challenge=None)])
def test_what_nobody_waits_for_changes_nothing(transaction):
    assert lifecycle.receive_decision(transaction, LATER, approved=True) is transaction


def test_nobody_decides_what_nobody_was_asked():
    with pytest.raises(ValueError, match="nobody was asked"):
        lifecycle._conclude_decided(asked(), True, NOW)


# --- the phone ---


def test_a_prompt_that_was_not_taken_is_asked_again_where_no_page_tells():
    shown = lifecycle.prompted(opened(Method.OUT_OF_BAND), None, LATER, SECOND)
    assert (shown.challenge.notice, shown.challenge.ask_at, shown.updated_at) == ("app-failed", None, LATER)
    apart = begin(NAME, PURCHASE, CARD, Defer(9), NOW, SETTINGS)
    assert lifecycle.prompted(apart, None, NOW + SECOND, 5 * SECOND).challenge.ask_at == NOW + 6 * SECOND
    assert lifecycle.prompted(apart, None, NOW + MINUTE, 5 * SECOND).challenge.ask_at == NOW + 2 * MINUTE
    taken = lifecycle.prompted(apart, "prompt-1", LATER, SECOND)
    assert (taken.challenge.prompt, taken.challenge.ask_at) == ("prompt-1", None)
    assert lifecycle.prompted(asked(), "prompt-1", LATER, SECOND) == asked()


def test_a_text_that_was_not_taken_is_told_on_the_page():
    failed = lifecycle.code_sent(opened(), 7, LATER + SECOND, taken=False)
    assert (failed.challenge.notice, failed.challenge.ask_at, failed.updated_at) == ("sms-failed", None, LATER + SECOND)
    assert lifecycle.code_sent(opened(), 7, LATER, taken=True).challenge.notice is None
    assert lifecycle.code_sent(asked(), 7, LATER, taken=False) == asked()


@pytest.mark.parametrize(
    ("method", "needs"), [(Method.SMS_CODE, (SendCode(7),)), (Method.OUT_OF_BAND, (ShowPrompt(),))]
)
def test_what_the_phone_was_not_asked_for_is_asked_for_when_it_is_time(method, needs):
    shown = opened(method)
    at = shown.challenge.ask_at
    assert wake(shown, at - SECOND, MINUTE) == lifecycle.Change(shown, Finish())
    woken = wake(shown, at, MINUTE)
    assert (woken.effects, woken.transaction.challenge.ask_at) == (needs, at + MINUTE)
    assert woken.transaction.state is State.CHALLENGING


def test_what_needs_nothing_is_not_woken_again():
    shown = opened(Method.PASSWORD)
    assert wake(shown, LATER, MINUTE) == lifecycle.Change(shown, Finish())
    noted = replace(shown, challenge=replace(shown.challenge, ask_at=LATER))
    woken = wake(noted, LATER, MINUTE)
    assert (woken.effects, woken.transaction.challenge.ask_at) == ((), None)


@pytest.mark.parametrize("transaction", [asked(), passed()])
def test_who_waits_for_nobodys_phone_is_let_be(transaction):
    assert wake(transaction, LATER, MINUTE) == lifecycle.Change(transaction, Finish())
    over = passed()
    over = replace(over, challenge=replace(over.challenge, ask_at=NOW))
    assert wake(over, LATER, MINUTE) == lifecycle.Change(over, Finish())


# --- time ---


@pytest.mark.parametrize(
    ("transaction", "ending"),
    [
        (asked(), Ending.NEVER_BEGUN),
        (opened(), Ending.LEFT_IDLE),
        (begin(NAME, PURCHASE, CARD, Defer(3), NOW, SETTINGS), Ending.DEADLINE_MISSED),
    ],
)
def test_at_its_deadline_a_challenge_ends_by_itself(transaction, ending):
    assert expire(transaction, transaction.due_at - timedelta(milliseconds=1)) is transaction
    over = expire(transaction, transaction.due_at)
    assert (over.state, over.result.ending, over.due_at) == (State.DECIDED, ending, transaction.due_at)
    assert wake(transaction, transaction.due_at, MINUTE).transaction == over
    assert expire(replace(transaction, due_at=None), NOW + 999 * MINUTE).state is transaction.state


def test_the_time_of_what_is_over_does_not_count():
    over = passed()
    assert expire(over, NOW + 999 * MINUTE) is over
    waiting = begin(NAME, PURCHASE, CARD, Confirm(), NOW, SETTINGS)
    assert expire(replace(waiting, due_at=None), NOW + 999 * MINUTE).state is State.SPC_AWAITED


# --- the second AReq ---


def test_the_second_areq_counts_once_also_when_it_is_refused():
    waiting = begin(NAME, PURCHASE, CARD, Confirm(), NOW, SETTINGS)
    second = Second("", None, (PURCHASE.ds_trans_id,))
    change = lifecycle.receive_second(waiting, second, PURCHASE, "4000000001000019", LATER, None)
    assert (change.transaction.state, change.transaction.due_at) == (State.SPC_OVER, None)
    assert (change.answer, change.transaction.updated_at) == (Finish(), LATER)
    assert (change.asserted.verdict, change.asserted.words.partition(":")[0]) == (Verdict.WRONG, "card")
    again = lifecycle.receive_second(change.transaction, second, PURCHASE, CARD.pan, LATER, None)
    assert (again.transaction, again.answer) == (change.transaction, Finish())
    assert again.asserted.words == "challenge: was answered before, or has expired"
    late = lifecycle.receive_second(waiting, second, PURCHASE, CARD.pan, waiting.due_at, None)
    assert (late.transaction.state, late.asserted.verdict) == (State.SPC_OVER, Verdict.WRONG)


# --- the status of the card ---


def test_the_counter_of_the_passkey_that_was_used_is_kept():
    passkey = Passkey("id", b"key", 7, "https://bank.example", NOW)
    over = passed()
    over = replace(over, challenge=replace(over.challenge, passkey=replace(passkey, counter=8)))
    _, status = lifecycle.with_card_status(over, CardStatus(passkeys=(passkey,)), Limits())
    assert [one.counter for one in status.passkeys] == [8]
    lost = replace(passed(), challenge=None)
    assert lifecycle.with_card_status(lost, CardStatus(passkeys=(passkey,)), Limits())[1].passkeys == (passkey,)


def test_a_decision_leaves_its_mark_on_the_card_and_a_locked_card_passes_no_more():
    status, limits = CardStatus(), Limits()
    over = passed()
    assert lifecycle.with_card_status(asked(), status, limits) == (asked(), status)
    kept, _ = lifecycle.with_card_status(over, status, limits)
    assert kept is over
    redecided, still = lifecycle.with_card_status(over, CardStatus(locked=True), limits)
    assert (redecided.result.ending, still) == (Ending.CARD_LOCKED, CardStatus(locked=True))
    assert told(redecided)["transStatus"] == redecided.result.trans_status == "N"
    told_nobody = replace(over, delivery=None)
    redecided, _ = lifecycle.with_card_status(told_nobody, CardStatus(locked=True), limits)
    assert (redecided.result.ending, redecided.delivery) == (Ending.CARD_LOCKED, None)


def test_a_locked_card_fails_as_any_other():
    failed = answered(received(asked(card=replace(CARD, tries=1))).transaction, "000000").transaction
    kept, status = lifecycle.with_card_status(failed, CardStatus(locked=True), Limits())
    assert kept is failed
    assert status.locked


@pytest.mark.parametrize(("ticked", "trusted"), [(True, ("400000.123456789012345",)), (False, ())])
def test_a_merchant_is_trusted_where_the_box_was_ticked(ticked, trusted):
    shown = opened(asks_for_trust=True)
    over = answered(shown, CODES.code(CARD.pan, 7), trusts=ticked).transaction
    _, status = lifecycle.with_card_status(over, CardStatus(), Limits())
    assert tuple(status.trusted) == trusted


def test_a_device_is_remembered_where_the_box_was_ticked():
    shown = opened(asks_to_bind=True, device="device-1", version="2.3.1")
    for ticked, kept in ((True, ("device-1",)), (False, ())):
        over = answered(shown, CODES.code(CARD.pan, 7), binds=ticked).transaction
        _, status = lifecycle.with_card_status(over, CardStatus(), Limits())
        assert tuple(status.devices) == kept


# --- the delivery as the card wants it ---


@pytest.mark.parametrize(
    ("scenario", "state", "due"),
    [
        ("challenge-otp", State.DECIDED, LATER),
        ("results-late", State.DECIDED, LATER + 30 * SECOND),
        ("results-never", State.UNREPORTED, None),
    ],
)
def test_the_result_is_sent_when_the_card_wants_it(scenario, state, due):
    shown = received(asked(card=replace(CARD, scenario=scenario))).transaction
    over = answered(shown, CODES.code(CARD.pan, 7)).transaction
    assert (over.state, over.due_at) == (state, due)
    assert over.delivery.given_up == ("the scenario of this card sends no RReq" if due is None else None)


# --- the table ---


def test_what_is_not_in_the_table_is_refused_in_words():
    for state in State:
        for event in Event:
            if event in TRANSITIONS[state]:
                assert after(state, event) is TRANSITIONS[state][event]
                continue
            with pytest.raises(EventRefused) as caught:
                after(state, event)
            refused = caught.value
            assert (refused.code, refused.state, refused.event) == ("305", state, event)
            assert refused.detail == f"{event} for a transaction that is {state.replace('-', ' ')}"


def test_of_what_is_decided_there_is_one_result():
    decided = {event for state in TRANSITIONS for event, to in TRANSITIONS[state].items() if to is State.DECIDED}
    assert {to for event, to in TRANSITIONS[State.DECIDED].items()} == {
        State.DECIDED,
        State.REPORTED,
        State.UNREPORTED,
    }
    assert Event.RRES_ACCEPTED not in decided
    assert isinstance(passed().result, Result)
