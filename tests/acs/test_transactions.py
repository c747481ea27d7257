"""The state table, and the diagram and the tables of endings that docs/acs.md shows."""

import re
from pathlib import Path

import pytest

from acs.v2.decision.result import ENDINGS, reason_in
from acs.v2.states import OPEN, TRANSITIONS, Event, EventRefused, State, after
from acs.v2.storage import finals

CARD = "4000000000000002"
DOCS = Path(__file__).parents[2] / "docs" / "acs.md"


@pytest.mark.parametrize("state", State)
def test_what_is_not_in_the_table_does_not_happen(state):
    assert {after(state, event) for event in TRANSITIONS[state]} <= set(State)
    for event in set(Event) - TRANSITIONS[state].keys():
        with pytest.raises(EventRefused) as refused:
            after(state, event)
        assert refused.value.code == "305", event


def test_every_way_out_of_an_open_challenge_leads_to_the_one_decision():
    leaving = {to for state in OPEN for to in TRANSITIONS[state].values()} - OPEN
    assert leaving == {State.DECIDED}


def test_a_decision_is_never_taken_back():
    after_decision = {State.DECIDED, State.REPORTED, State.UNREPORTED}
    for state in after_decision:
        assert set(TRANSITIONS[state].values()) <= after_decision


def test_every_state_can_be_reached():
    reached, waiting = set(), [State.RECEIVED]
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting += [to for to in TRANSITIONS[state].values() if to not in reached]
    assert reached == set(State)


def test_the_endings_in_the_documentation_are_the_table():
    rows = re.findall(r"^\| `([a-z ]+)` \| (\w) \| (\S+) \| (\S+) \| (\S+) \|", DOCS.read_text(), re.MULTILINE)
    told = [
        (ending, told.trans_status, reason_in("2.1.0", told.reason), told.reason, told.challenge_cancel)
        for ending, told in ENDINGS.items()
    ]
    assert rows == [tuple(value or "-" for value in row) for row in told]


async def test_an_areq_that_was_refused_in_between_is_not_taken_for_the_one_that_was_answered(acs):
    """In a record of one turn of the loop stands what others named meanwhile."""
    areq = acs.areq(CARD)
    shared = acs.runtime
    record, now = shared.journal.record, shared.clock.now()
    record(now, "Directory Server", "ACS", "AReq", areq)
    record(now, "Directory Server", "ACS", "AReq", {**areq, "acctNumber": "4242424242424242", "purchaseAmount": "x"})
    ids = {name: areq[name] for name in ("threeDSServerTransID", "dsTransID")}
    ares = {
        "messageType": "ARes",
        "messageVersion": "2.2.0",
        "transStatus": "Y",
        "acsTransID": areq["dsTransID"],
        **ids,
    }
    record(now, "ACS", "Directory Server", "ARes", ares, kept=[None, None])
    found = await shared.journal.read(lambda records: finals.newest(records, 10))
    assert [one.card.pan for one in found] == [CARD]
