"""What the answer to an RReq means, and what becomes of its delivery: functions of a record and the time."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from acs.cards.records import Card
from acs.v2.records import Delivery, Purchase, Transaction
from acs.v2.results.delivery import MAX_REASON, Acknowledged, Failed, Rejected, judge, postpone, record
from acs.v2.states import State

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RETRY = (SECOND, 5 * SECOND)
VERSIONS = ("2.1.0", "2.2.0", "2.3.1")
PURCHASE = Purchase(
    version="2.2.0",
    device_channel="02",
    message_category="01",
    three_ds_server_trans_id="8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    ds_trans_id="f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    ds_url="http://127.0.0.1:8100/visa/3ds2",
    ds_reference_number="DS",
    challenge_mandated=False,
)
DECIDED = Transaction(
    "d7c1ee99-9478-44a6-b1f2-391e29c6b340",
    State.DECIDED,
    Card("4000000001000001", "visa", "challenge-otp", "+33"),
    PURCHASE,
    created_at=NOW,
    updated_at=NOW,
    due_at=NOW,
    delivery=Delivery(PURCHASE.ds_url, b"{}"),
)
RRES = {
    "messageType": "RRes",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": PURCHASE.three_ds_server_trans_id,
    "dsTransID": PURCHASE.ds_trans_id,
    "acsTransID": DECIDED.acs_trans_id,
    "resultsStatus": "01",
}
ERRO = {
    "messageType": "Erro",
    "messageVersion": "2.2.0",
    "errorCode": "301",
    "errorComponent": "D",
    "errorDescription": "Transaction ID Not Recognised",
    "errorDetail": "acsTransID",
}
OTHER = "00000000-0000-4000-8000-000000000000"


def judged(status=200, **changes):
    message = {name: value for name, value in (RRES | changes).items() if value is not None}
    return judge(DECIDED, status, json.dumps(message).encode(), VERSIONS)


# --- what an answer means ---


@pytest.mark.parametrize("status", [200, 201, 299])
def test_an_rres_acknowledges_with_its_status(status):
    assert judged(status, resultsStatus="02") == Acknowledged("02")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503, 599])
def test_what_may_get_better_is_worth_another_attempt(status):
    assert judged(status) == Failed(f"the directory server answered HTTP {status}")


@pytest.mark.parametrize("status", [300, 302, 400, 404, 407, 499])
def test_what_will_not_get_better_is_not(status):
    assert judged(status) == Rejected(f"the directory server answered HTTP {status}")


@pytest.mark.parametrize(
    ("code", "passes"), [("402", True), ("403", True), ("405", True), ("301", False), ("404", False)]
)
def test_an_erro_is_passing_or_final_by_its_code(code, passes):
    outcome = judge(DECIDED, 200, json.dumps(ERRO | {"errorCode": code}).encode(), VERSIONS)
    assert outcome == (Failed if passes else Rejected)(f"the directory server answered Erro {code}: acsTransID")


def test_a_long_erro_is_cut():
    outcome = judge(DECIDED, 200, json.dumps(ERRO | {"errorDetail": "x" * 2_000}).encode(), VERSIONS)
    assert len(outcome.reason) == MAX_REASON == 300


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"dsTransID": OTHER}, "301", "dsTransID"),
        ({"dsTransID": OTHER, "acsTransID": OTHER}, "301", "dsTransID,acsTransID"),
        ({"threeDSServerTransID": OTHER}, "301", "threeDSServerTransID"),
        ({"resultsStatus": None}, "201", "resultsStatus"),
        ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
        ({"messageVersion": "2.3.1"}, "203", "messageVersion"),
        ({"messageVersion": "9.9.9"}, "102", "2.1.0,2.2.0,2.3.1"),
        ({"messageType": "RReq"}, "101", ""),
        ({"resultsStatus": "x" * 1_000}, "203", "resultsStatus"),
    ],
)
def test_what_is_wrong_with_an_rres_is_known_to_be_told(changes, code, detail):
    outcome = judged(**changes)
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith("the RRes is not valid: ")
    assert len(outcome.reason) <= MAX_REASON
    assert outcome.error.code == code
    assert detail in outcome.error.detail


def test_what_is_long_and_wrong_is_cut():
    outcome = judge(
        DECIDED, 200, json.dumps({f"x{n}": 1 for n in range(9)} | {"messageType": "R" * 999}).encode(), VERSIONS
    )
    assert isinstance(outcome, Rejected)
    assert len(outcome.reason) <= MAX_REASON


def test_identifiers_in_capitals_are_the_same():
    assert judged(acsTransID=DECIDED.acs_trans_id.upper()) == Acknowledged("01")


# --- what becomes of the delivery ---


def test_what_was_acknowledged_is_reported_and_nothing_is_due():
    kept = record(DECIDED, Acknowledged("01"), NOW + SECOND, RETRY)
    delivery = replace(DECIDED.delivery, attempts=1, acknowledged_at=NOW + SECOND, results_status="01")
    assert kept == replace(DECIDED, state=State.REPORTED, delivery=delivery, updated_at=NOW + SECOND, due_at=None)


def test_what_was_rejected_is_given_up_with_the_reason():
    kept = record(DECIDED, Rejected("HTTP 404"), NOW + SECOND, RETRY)
    assert (kept.state, kept.due_at, kept.updated_at) == (State.UNREPORTED, None, NOW + SECOND)
    assert kept.delivery == replace(DECIDED.delivery, attempts=1, given_up="HTTP 404")


def test_what_failed_is_due_again_after_its_pause_and_given_up_after_the_last():
    once = record(DECIDED, Failed("HTTP 503"), NOW, RETRY)
    assert (once.state, once.due_at) == (State.DECIDED, NOW + SECOND)
    assert once.delivery == replace(DECIDED.delivery, attempts=1, last_failure="HTTP 503")
    twice = record(once, Failed("HTTP 500"), NOW + SECOND, RETRY)
    assert (twice.state, twice.due_at, twice.updated_at) == (State.DECIDED, NOW + 6 * SECOND, NOW + SECOND)
    over = record(twice, Failed("HTTP 502"), NOW + 6 * SECOND, RETRY)
    assert (over.state, over.due_at, over.delivery.attempts) == (State.UNREPORTED, None, 3)
    assert (over.delivery.given_up, over.delivery.last_failure) == ("given up after 3 attempts: HTTP 502", "HTTP 502")


def test_without_a_second_attempt_the_first_is_the_last():
    assert record(DECIDED, Failed("HTTP 503"), NOW, ()).state is State.UNREPORTED


@pytest.mark.parametrize(
    "over",
    [
        replace(DECIDED, state=State.REPORTED),
        replace(DECIDED, state=State.UNREPORTED),
        replace(DECIDED, delivery=None),
    ],
)
def test_what_is_over_is_left_as_it_is(over):
    assert record(over, Acknowledged("01"), NOW + SECOND, RETRY) is over
    assert postpone(over, NOW + SECOND, RETRY) is over


@pytest.mark.parametrize(
    ("attempts", "retry", "pause"),
    [(0, RETRY, SECOND), (1, RETRY, 5 * SECOND), (2, RETRY, 5 * SECOND), (9, RETRY, 5 * SECOND), (0, (), SECOND)]
    + [(attempts, (*RETRY, 30 * SECOND), 30 * SECOND) for attempts in (2, 9)],
)
def test_what_waits_for_others_is_due_after_the_pause_of_its_attempt(attempts, retry, pause):
    waiting = replace(DECIDED, delivery=replace(DECIDED.delivery, attempts=attempts))
    kept = postpone(waiting, NOW + SECOND, retry)
    assert kept == replace(waiting, updated_at=NOW + SECOND, due_at=NOW + SECOND + pause)
