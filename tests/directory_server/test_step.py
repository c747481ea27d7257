"""The rules of the directory server for an AReq, called as what they are: functions of a message, what is known, and the time."""

from datetime import UTC, datetime

import pytest

from directory_server.authentication.areq import begin, judge
from directory_server.calls import Reply
from directory_server.ranges import Issuer, StandIn
from directory_server.settings import DirectoryServerSettings
from directory_server.transactions.states import Event
from tests.directory_server import messages
from threedsecure.cards.test_cards import SCENARIOS, compose
from threedsecure.errors import PeerTimedOut, PeerUnreachable
from threedsecure.v2.validation.checking import Leg, read

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SETTINGS = DirectoryServerSettings()
PAN = compose("visa", SCENARIOS["frictionless"])
DS_ID, ACS_ID = "0b0b0b0b-0000-4000-8000-000000000001", "0c0c0c0c-0000-4000-8000-000000000001"
ISSUER = Issuer(("2.2.0",), "http://acs.example/areq", None, (), StandIn.ERRO)


def begun(issuer=ISSUER, **changes):
    areq = messages.areq(PAN, "http://3ds.example/results", "2.2.0", **changes)
    checked = read(areq, Leg.THREE_DS_SERVER_TO_DS)
    return begin(SETTINGS, "visa", areq, checked, {}, issuer, DS_ID, "f" * 32, NOW)


def drawn():
    return ACS_ID


def test_what_goes_to_the_acs_is_the_areq_with_the_elements_of_the_directory_server():
    found = begun()
    assert found.sent == {
        **found.areq,
        "dsReferenceNumber": SETTINGS.reference_number,
        "dsTransID": DS_ID,
        "dsURL": SETTINGS.ds_url("visa"),
    }
    assert found.transaction.identifiers["dsTransID"] == DS_ID


def test_what_is_not_defined_is_left_out_and_the_ledger_is_told_the_whole():
    found = begun(notAnElement="x")
    assert "notAnElement" not in found.sent
    assert found.more is None


@pytest.mark.parametrize(("status", "event"), [("Y", Event.ARES_FINAL), ("C", Event.ARES_CHALLENGE)])
def test_an_answer_that_is_right_goes_on(status, event):
    found = begun()
    outcome = judge(found, Reply(messages.ares(found.sent, status)), drawn)
    assert (outcome.event, outcome.answer["transStatus"], outcome.told) == (event, status, None)


def test_an_answer_under_other_identifiers_is_told_to_both_sides():
    found = begun()
    wrong = {**messages.ares(found.sent, "Y"), "dsTransID": ACS_ID}
    outcome = judge(found, Reply(wrong), drawn)
    assert (outcome.event, outcome.answer["errorCode"]) == (Event.ARES_FAILED, "301")
    assert outcome.told == outcome.answer


@pytest.mark.parametrize(
    ("error", "event", "code"),
    [
        (PeerTimedOut("http://acs.example", "no answer"), Event.ARES_MISSED, "402"),
        (PeerUnreachable("http://acs.example", "no connection"), Event.ARES_FAILED, "405"),
    ],
)
def test_an_acs_that_does_not_answer_is_an_erro(error, event, code):
    outcome = judge(begun(), Reply(None, error), drawn)
    assert (outcome.event, outcome.answer["errorCode"]) == (event, code)


def test_or_an_attempt_where_the_range_stands_in():
    stands_in = Issuer(("2.2.0",), ISSUER.acs_url, None, (), StandIn.ATTEMPT)
    outcome = judge(begun(stands_in), Reply(None, PeerTimedOut("http://acs.example", "no answer")), drawn)
    assert (outcome.event, outcome.answer["transStatus"], outcome.answer["acsTransID"]) == (
        Event.ARES_FINAL,
        "A",
        ACS_ID,
    )
