"""The rules of the directory server for a result, called as what they are: functions of a record, a message and the time."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from directory_server.results import rules
from directory_server.results.rreq import _deliver_here
from directory_server.results.rules import Forward, Refuse, Repeat, acknowledged, check_answer, decide, not_delivered
from directory_server.transactions.records import ares_elements, begun
from directory_server.transactions.states import State
from tests.directory_server import messages
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.errors import MessageError

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
DS_ID = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"
OTHER = "00000000-0000-4000-8000-000000000000"
PAN = compose("visa", SCENARIOS["challenge-otp"])


def known(version="2.2.0", state=State.CHALLENGED, **changes):
    """A transaction whose challenge is over, and the RReq that tells its result."""
    areq = messages.areq(PAN, "http://3ds.example/results", version) | {"dsTransID": DS_ID, "dsReferenceNumber": "DS"}
    ares = messages.ares(areq, "C")
    transaction = replace(
        begun(areq, "visa", DS_ID, "f" * 32, NOW),
        state=state,
        acs_trans_id=ares["acsTransID"],
        ares=ares_elements(ares),
        **changes,
    )
    return transaction, messages.rreq(areq, ares)


def test_a_result_is_claimed_and_goes_on():
    transaction, rreq = known()
    claimed, decision = decide(transaction, rreq, "one", LATER)
    assert decision == Forward()
    assert claimed == replace(
        transaction,
        state=State.REPORTING,
        trans_status="Y",
        eci="05",
        results_fingerprint="one",
        updated_at=LATER,
    )


def test_a_result_that_overtakes_its_ares_tells_the_acs_transaction():
    transaction, rreq = known(state=State.RECEIVED)
    claimed, decision = decide(replace(transaction, acs_trans_id=None, ares=None), rreq, "one", LATER)
    assert (decision, claimed.acs_trans_id) == (Forward(), rreq["acsTransID"])


def test_a_refusal_is_kept_with_its_reason():
    transaction, rreq = known()
    claimed, _ = decide(transaction, rreq | {"transStatus": "N", "transStatusReason": "19"}, "one", LATER)
    assert (claimed.trans_status, claimed.trans_status_reason) == ("N", "19")


def test_the_same_result_is_answered_from_the_record_and_goes_on_while_it_is_under_way():
    answer = {"messageType": "RRes"}
    transaction, rreq = known(state=State.COMPLETED, results_fingerprint="one", results_answer=answer)
    assert decide(transaction, rreq, "one", LATER) == (transaction, Repeat(answer))
    under_way, rreq = known(state=State.REPORTING, results_fingerprint="one")
    assert decide(under_way, rreq, "one", LATER)[1] == Forward()


@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
@pytest.mark.parametrize(
    ("state", "of_231", "words"),
    [
        (State.REPORTING, "312", "another result stands"),
        (State.COMPLETED, "312", "another result stands"),
        (State.ANSWERED, "313", "announced no result"),
        (State.FAILED, "313", "announced no result"),
    ],
)
def test_what_may_not_follow_is_refused_with_the_code_of_its_version(version, state, of_231, words):
    transaction, rreq = known(version, state, results_fingerprint="one", results_answer={"messageType": "RRes"})
    kept, decision = decide(transaction, rreq, "other", LATER)
    assert kept is transaction
    assert isinstance(decision, Refuse)
    assert decision.error.code == (of_231 if version == "2.3.1" else "305")
    assert words in decision.error.detail


def test_a_completed_transaction_without_an_answer_takes_no_other_result():
    transaction, rreq = known(state=State.COMPLETED, results_fingerprint="one")
    assert isinstance(decide(transaction, rreq, "one", LATER)[1], Refuse)


class Party:
    """One whose storage has a transaction, or has forgotten it meanwhile; it keeps who was to deliver, and delivers nothing."""

    def __init__(self, transaction=None):
        self.runtime = self.clock = self.storage = self
        self.transaction, self.delivers = transaction, None

    def now(self):
        return LATER

    async def report(self, ds_trans_id, claim, delivers):
        if self.transaction is not None:
            self.delivers = delivers(claim(self.transaction)[1])


@pytest.mark.parametrize(
    ("state", "answer", "delivers"),
    [
        (State.CHALLENGED, None, True),
        (State.REPORTING, None, True),
        (State.COMPLETED, {"messageType": "RRes"}, False),
        (State.FAILED, None, False),
    ],
)
async def test_only_who_brings_a_result_on_holds_it_against_other_processes(state, answer, delivers):
    transaction, result = known(state=state, results_fingerprint="one", results_answer=answer)
    party = Party(transaction)
    await _deliver_here(party, result, DS_ID, "one")
    assert party.delivers is delivers


async def test_a_result_whose_transaction_is_forgotten_meanwhile_is_not_recognised():
    _, result = known()
    answer = await _deliver_here(Party(), result, DS_ID, "one")
    assert (answer.code, answer.detail) == ("301", "dsTransID")


# --- what the 3DS Server made of it ---


def test_the_acknowledgement_stands():
    transaction, _ = known(state=State.REPORTING, results_fingerprint="one")
    rres = {"messageType": "RRes", "resultsStatus": "02"}
    assert acknowledged(transaction, "one", rres, LATER) == replace(
        transaction, state=State.COMPLETED, results_answer=rres, results_status="02", updated_at=LATER
    )


def test_where_it_was_not_delivered_any_result_may_follow():
    transaction, _ = known(state=State.REPORTING, results_fingerprint="one")
    assert not_delivered(transaction, "one", LATER) == replace(
        transaction, state=State.UNDELIVERED, results_fingerprint=None, updated_at=LATER
    )


@pytest.mark.parametrize(
    ("state", "fingerprint"),
    [(State.REPORTING, "other"), (State.REPORTING, None), (State.COMPLETED, "one"), (State.UNDELIVERED, "one")],
)
def test_a_delivery_that_ended_meanwhile_is_left_as_it_ended(state, fingerprint):
    transaction, _ = known(state=state, results_fingerprint=fingerprint)
    assert acknowledged(transaction, "one", {"resultsStatus": "01"}, LATER) is transaction
    assert not_delivered(transaction, "one", LATER) is transaction


# --- the checks ---


def test_a_result_of_no_transaction_is_checked_and_not_recognised():
    _, rreq = known()
    with pytest.raises(MessageError) as caught:
        rules.check_results(rreq, None)
    assert (caught.value.code, caught.value.detail, caught.value.message) == ("301", "dsTransID", rreq)
    with pytest.raises(MessageError) as caught:
        rules.check_results(rreq | {"interactionCounter": "1"}, None)
    assert (caught.value.code, caught.value.detail) == ("203", "interactionCounter")


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({}, None, None),
        ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
        ({"interactionCounter": "1"}, "203", "interactionCounter"),
        ({"messageCategory": "02"}, "203", "messageCategory"),
        ({"acsTransID": OTHER}, "301", "acsTransID"),
        ({"dsTransID": OTHER}, "301", "dsTransID"),
        ({"threeDSServerTransID": OTHER}, "301", "threeDSServerTransID"),
    ],
)
def test_a_result_is_held_against_its_transaction(changes, code, detail):
    transaction, rreq = known()
    if code is None:
        rules.check_results(rreq | changes, transaction)
        return
    with pytest.raises(MessageError) as caught:
        rules.check_results(rreq | changes, transaction)
    assert (caught.value.code, caught.value.detail) == (code, detail)


@pytest.mark.parametrize("state", list(State))
def test_who_waits_for_a_result_is_told_of_a_wrong_one(state):
    waiting = {State.CHALLENGED, State.UNANSWERED, State.REPORTING, State.UNDELIVERED}
    transaction, rreq = known(state=state)
    assert rules.waits_for(rreq, transaction) is (state in waiting)
    assert rules.waits_for({"messageType": "RReq"}, transaction) is (state in waiting)
    assert rules.waits_for(rreq | {"acsTransID": OTHER}, transaction) is False
    assert rules.waits_for(rreq | {"acsTransID": 7}, transaction) is False


@pytest.mark.parametrize(("version", "passed_on"), [("2.1.0", False), ("2.2.0", False), ("2.3.1", True)])
def test_the_3ds_server_gets_what_its_version_defines_with_the_identifiers_as_they_were_given_out(version, passed_on):
    transaction, rreq = known(version)
    how = ["02"] if version == "2.3.1" else "02"
    came = rreq | {"authenticationMethod": how, "colour": "red", "acsTransID": rreq["acsTransID"].upper()}
    sent = rules.for_the_three_ds_server(came, transaction)
    assert ("authenticationMethod" in sent) is passed_on
    assert "colour" not in sent
    assert sent["acsTransID"] == transaction.acs_trans_id
    assert (sent["transStatus"], sent["eci"]) == ("Y", "05")


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
        ({"resultsStatus": "9"}, "203", "resultsStatus"),
        ({"dsTransID": OTHER}, "301", "dsTransID"),
    ],
)
def test_an_rres_is_held_against_the_rreq_that_was_sent(changes, code, detail):
    transaction, rreq = known()
    sent = rules.for_the_three_ds_server(rreq, transaction)
    rres = messages.rres(sent)
    check_answer(rres, sent, transaction)
    with pytest.raises(MessageError) as caught:
        check_answer(rres | changes, sent, transaction)
    assert (caught.value.code, caught.value.detail) == (code, detail)
    assert rules.for_the_acs(rres | {"colour": "red"}, transaction) == rres
