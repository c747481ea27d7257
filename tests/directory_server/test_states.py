"""The state table says what the protocol allows, and only that."""

from dataclasses import fields
from pathlib import Path

import pytest

from directory_server.settings import DirectoryServerSettings
from directory_server.transactions.states import TRANSITIONS, Event, EventNotAllowed, State, step

PAGE = (Path(__file__).parents[2] / "docs" / "directory-server.md").read_text()


def test_every_state_is_reached_from_the_first_and_every_event_leads_somewhere():
    reached = {State.RECEIVED}
    for _ in State:
        reached |= {after for (before, _event), after in TRANSITIONS.items() if before in reached}
    assert reached == set(State)
    assert {event for _state, event in TRANSITIONS} == set(Event)


@pytest.mark.parametrize("state", [State.ANSWERED, State.FAILED, State.COMPLETED])
def test_no_result_is_taken_once_the_transaction_is_over(state):
    with pytest.raises(EventNotAllowed, match=state.value):
        step(state, Event.RREQ)


@pytest.mark.parametrize("event", [event for event in Event if event.value.startswith("ARes")])
@pytest.mark.parametrize("state", [State.REPORTING, State.UNDELIVERED, State.COMPLETED])
def test_an_answer_to_the_areq_changes_nothing_once_a_result_is_known(state, event):
    assert step(state, event) is state


def test_a_completed_transaction_stays_completed():
    assert {after for (before, _event), after in TRANSITIONS.items() if before is State.COMPLETED} == {State.COMPLETED}


@pytest.mark.parametrize("setting", [field.name for field in fields(DirectoryServerSettings)])
def test_every_setting_is_documented(setting):
    assert f"`{setting}`" in PAGE
