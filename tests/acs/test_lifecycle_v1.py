"""What happens to a 3-D Secure 1.0.2 authentication: functions from a record and an event to the next record."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from acs.cardholder.challenge import Action, Ending, SendCode, Submission
from acs.cardholder.securecode import SecureCodes
from acs.cards.records import Card
from acs.settings import AcsSettings
from acs.v1 import lifecycle
from acs.v1.lifecycle import Change, Drawn, Finish, Show, expire
from acs.v1.records import Authentication, Payment
from acs.v1.states import TRANSITIONS, Event, EventRefused, State, after
from tests.threedsecure.v1.samples import PAREQ, message
from threedsecure.cards.plays import Method
from threedsecure.v1.errors import InvalidRequestCode

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LATER = NOW + SECOND
SETTINGS = AcsSettings()
TIMERS = SETTINGS.timers
CODES = SecureCodes(b"k" * 20, 5 * MINUTE)
CARD = Card("4000000000100006", "visa", "challenge-otp", "+33639981101")
DRAWN = Drawn("PARes.1.signed", 17, 7)
ENROLLED = Authentication(
    name="7c1ee994",
    acct_id="QWNjb3VudCBudW1iZXIgMDAwMDE=",
    state=State.ENROLLED,
    card=CARD,
    vereq_id="vereq-1",
    version="1.0.2",
    acq_bin="411111",
    mer_id="12345-001",
    created_at=NOW,
    updated_at=NOW,
)


def payment(digest="digest", **changes):
    pareq = message(PAREQ)
    for path, value in changes.items():
        parent, _, name = path.rpartition("_")
        (pareq[parent] if parent else pareq)[name] = value
    return Payment(pareq, digest, "https://shop.example/term", "md", "en", NOW)


def asked(found=ENROLLED, paid=None, now=NOW, drawn=DRAWN, **card):
    found = replace(found, card=replace(found.card, **card))
    return lifecycle.receive_pareq(found, paid or payment(), now, drawn, SETTINGS)


def answered(found, value, now=LATER, action=Action.SUBMIT, drawn=DRAWN):
    page = found.challenge.page if found.challenge else 1
    submission = Submission(action, page, value, "mark")
    return lifecycle.receive_answer(found, submission, now, drawn, CODES, SETTINGS)


def right():
    return CODES.code(CARD.pan, 7)


# --- the PAReq ---


def test_the_first_pareq_opens_the_page():
    change = asked()
    assert (change.answer, change.effects, change.begun, change.ended) == (Show(None), (SendCode(7),), True, None)
    shown = change.authentication
    assert (shown.state, shown.method, shown.due_at) == (State.CHALLENGING, Method.SMS_CODE, NOW + TIMERS.idle)
    assert (shown.challenge.tries_left, shown.challenge.resends_left) == (SETTINGS.tries, SETTINGS.resends)
    assert shown.challenge.ask_at == NOW + TIMERS.ask_retry
    assert shown.payment == payment()
    assert asked(tries=7).authentication.challenge.tries_left == 7


@pytest.mark.parametrize(
    ("scenario", "version", "status"),
    [
        ("frictionless", "1.0.2", "Y"),
        ("frictionless-attempt", "1.0.2", "A"),
        ("frictionless-attempt", "1.0.1", "U"),
        ("not-authenticated", "1.0.2", "N"),
    ],
)
def test_a_card_may_be_decided_at_once(scenario, version, status):
    paid = payment(version=version)
    change = asked(replace(ENROLLED, version=version), paid, scenario=scenario)
    assert (change.answer, change.begun, change.ended) == (Finish(), False, None)
    over = change.authentication
    assert (over.state, over.due_at, over.updated_at) == (State.DECIDED, None, NOW)
    assert (over.outcome.status, over.outcome.pares_id, over.outcome.number) == (status, "PARes.1.signed", 17)
    assert (over.outcome.ending, over.outcome.refusal, over.outcome.at) == (None, None, NOW)


def test_a_card_may_be_refused_in_words_of_its_scenario():
    over = asked(scenario="payment-refused").authentication
    assert (over.outcome.status, over.outcome.refusal.code) == ("U", InvalidRequestCode.TRANSACTION_DATA_INVALID)


def test_what_contradicts_itself_is_refused():
    over = asked(paid=payment(Purchase_exponent="3")).authentication
    assert (over.outcome.status, over.outcome.refusal.detail) == ("U", "Purchase.exponent")


@pytest.mark.parametrize(
    ("drawn", "expiry", "status"),
    [
        (replace(DRAWN, locked=True), "3012", "N"),
        (replace(DRAWN, asked_too_often=True), "3012", "N"),
        (DRAWN, "2605", "N"),
        (DRAWN, "2606", None),
    ],
)
def test_a_card_that_is_locked_or_has_run_out_is_not_asked(drawn, expiry, status):
    over = asked(paid=payment(CH_expiry=expiry), drawn=drawn).authentication
    assert (over.outcome.status if over.outcome else None) == status


def test_a_card_that_is_never_asked_cannot_be_asked_too_often_but_locked():
    settled = asked(drawn=replace(DRAWN, asked_too_often=True), scenario="frictionless").authentication
    assert settled.outcome.status == "Y"
    assert asked(drawn=replace(DRAWN, locked=True), scenario="frictionless").authentication.outcome.status == "N"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"version": "1.0.1"}, "version"),
        ({"Merchant_acqBIN": "422222"}, "Merchant.acqBIN"),
        ({"Merchant_merID": "other"}, "Merchant.merID"),
        ({"Merchant_acqBIN": "422222", "Merchant_merID": "other"}, "Merchant.acqBIN, Merchant.merID"),
    ],
)
def test_a_pareq_of_another_merchant_is_misrouted_and_leaves_the_right_one_its_turn(changes, named):
    change = asked(paid=payment(**changes))
    refusal = change.answer.refusal
    assert (refusal.code, refusal.detail) == (InvalidRequestCode.PAREQ_MISROUTED, named)
    assert change.authentication == ENROLLED


def test_the_same_pareq_again_shows_the_same_page():
    shown = asked().authentication
    shown = replace(shown, challenge=replace(shown.challenge, notice="wrong-code", ask_at=None))
    again = asked(shown, now=NOW + MINUTE)
    assert (again.answer, again.effects, again.begun) == (Show("wrong-code"), (), False)
    assert again.authentication == replace(shown, updated_at=NOW + MINUTE, due_at=NOW + MINUTE + TIMERS.idle)


def test_the_same_pareq_again_asks_for_what_the_phone_was_not_asked_for():
    shown = asked().authentication
    again = asked(shown, now=shown.challenge.ask_at)
    assert again.effects == (SendCode(7),)
    assert again.authentication.challenge.ask_at == shown.challenge.ask_at + TIMERS.ask_retry


@pytest.mark.parametrize(
    ("digest", "detail"),
    [
        ("other", "acctID belongs to another PAReq"),
        ("digest", "a PAReq for this acctID has been answered already"),
    ],
)
def test_every_other_pareq_is_refused(digest, detail):
    over = asked(scenario="frictionless").authentication
    change = asked(over, payment(digest), scenario="frictionless")
    assert (change.answer.refusal.code, change.answer.refusal.detail) == (InvalidRequestCode.PAREQ_MISROUTED, detail)
    assert change.authentication == over
    shown = asked().authentication
    if digest == "other":
        assert asked(shown, payment(digest)).answer.refusal.detail == detail
    assert asked(replace(shown, challenge=None)).answer.refusal.code == InvalidRequestCode.PAREQ_MISROUTED


# --- answers ---


def test_the_right_code_decides():
    change = answered(asked().authentication, right())
    assert (change.answer, change.ended, change.begun, change.effects) == (Finish(), Ending.PASSED, False, ())
    over = change.authentication
    assert (over.state, over.due_at, over.updated_at) == (State.DECIDED, None, LATER)
    assert (over.outcome.status, over.outcome.ending, over.outcome.at) == ("Y", Ending.PASSED, LATER)


def test_a_locked_card_passes_no_more():
    locked = replace(DRAWN, locked=True)
    over = answered(asked().authentication, right(), drawn=locked)
    assert (over.ended, over.authentication.outcome.status) == (Ending.CARD_LOCKED, "N")
    cancelled = answered(asked().authentication, "", action=Action.CANCEL, drawn=locked)
    assert cancelled.ended is Ending.CANCELLED


def test_a_wrong_code_keeps_the_page_open_for_another_while():
    change = answered(asked().authentication, "000000", now=NOW + MINUTE)
    assert (change.answer, change.ended) == (Show("wrong-code"), None)
    assert change.authentication.due_at == NOW + MINUTE + TIMERS.idle


def test_a_code_is_sent_again():
    change = answered(asked().authentication, "", action=Action.RESEND, drawn=replace(DRAWN, counter=8))
    assert (change.answer, change.effects) == (Show("resent"), (SendCode(8),))
    assert change.authentication.challenge.ask_at == LATER + TIMERS.ask_retry


def test_after_the_end_the_end_is_shown_again():
    over = answered(asked().authentication, right()).authentication
    assert answered(over, "000000") == Change(over, Finish())
    lost = replace(asked().authentication, challenge=None)
    assert answered(lost, "000000") == Change(lost, Finish())


def test_before_the_pareq_there_is_no_page():
    with pytest.raises(EventRefused, match="page posted for an authentication that is enrolled") as caught:
        answered(ENROLLED, "000000")
    assert caught.value.state is State.ENROLLED


# --- time, and the phone ---


def test_a_page_that_is_left_idle_is_decided():
    shown = asked().authentication
    assert expire(shown, shown.due_at - SECOND, DRAWN) is shown
    over = expire(shown, shown.due_at, DRAWN)
    assert (over.state, over.outcome.status, over.outcome.ending) == (State.DECIDED, "N", Ending.LEFT_IDLE)
    assert expire(over, shown.due_at, DRAWN) is over
    assert expire(replace(over, due_at=NOW), LATER, DRAWN).outcome == over.outcome
    assert expire(replace(shown, due_at=None), NOW + 999 * MINUTE, DRAWN).state is State.CHALLENGING
    assert expire(replace(ENROLLED, due_at=NOW), LATER, DRAWN).state is State.ENROLLED
    assert answered(shown, right(), now=shown.due_at).authentication.outcome.ending is Ending.LEFT_IDLE
    late = asked(shown, now=shown.due_at)
    assert late.answer.refusal.detail == "a PAReq for this acctID has been answered already"


def test_a_text_that_was_not_taken_is_told_on_the_page():
    shown = asked().authentication
    failed = lifecycle.code_sent(shown, 7, LATER, taken=False)
    assert (failed.challenge.notice, failed.updated_at) == ("sms-failed", LATER)
    assert lifecycle.code_sent(shown, 7, LATER, taken=True).challenge.notice is None
    assert lifecycle.code_sent(ENROLLED, 7, LATER, taken=False) is ENROLLED


# --- the table ---


def test_what_is_not_in_the_table_is_refused():
    for state in State:
        for event in Event:
            if (state, event) in TRANSITIONS:
                assert after(state, event) is TRANSITIONS[state, event]
            else:
                with pytest.raises(EventRefused):
                    after(state, event)
