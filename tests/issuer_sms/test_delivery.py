"""What the network does to a text."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer_sms.messages.delivery import TRANSITIONS, Network, State, Treatment, accept, advance, copies, treatment
from tests.support.engine import on_both_engines
from threedsecure.cards.test_cards import listed

pytestmark = on_both_engines

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
SLOW = Network(carrier_delay=2 * SECOND, delivery_delay=3 * SECOND)


def states(treated, *after, network=None, another=False):
    passage = accept(treated, NOON, network or Network(), another_on_its_way=another)
    return [advance(passage, NOON + time).state.value for time in after]


@pytest.mark.parametrize(
    ("number", "treated"),
    [
        ("+33639981101", Treatment.NORMAL),
        ("+33612345678", Treatment.NORMAL),
        ("+33639989011", Treatment.LOST),
        ("+33639989111", Treatment.LATE),
        ("+33639989211", Treatment.TWICE),
        ("+33639989311", Treatment.REFUSED),
        ("+33639989411", Treatment.UNKNOWN),
        ("+33639989511", Treatment.OUT_OF_ORDER),
        ("+33639989611", Treatment.NORMAL),
        ("+33639989", Treatment.NORMAL),
        ("+99990100300001", Treatment.LOST),
        ("+99991100300001", Treatment.LATE),
        ("+9991001000001", Treatment.NORMAL),
    ],
)
def test_the_number_says_how_it_is_served(number, treated):
    assert treatment(number) is treated


def test_the_test_cards_have_the_numbers_that_their_scenarios_promise():
    promised = {
        None: Treatment.NORMAL,
        "0": Treatment.LOST,
        "1": Treatment.LATE,
        "2": Treatment.TWICE,
        "3": Treatment.REFUSED,
    }
    for card in listed():
        assert treatment(card.phone) is promised[card.scenario.sms], card


def test_a_normal_number_is_served_at_once():
    passage = advance(accept(Treatment.NORMAL, NOON, Network(), another_on_its_way=False), NOON)
    assert (passage.state, passage.sent_at, passage.delivered_at) == (State.DELIVERED, NOON, NOON)


def test_a_slow_network_shows_every_state_at_its_time():
    assert states(Treatment.NORMAL, SECOND, 2 * SECOND, 4 * SECOND, 5 * SECOND, network=SLOW) == [
        "queued",
        "sent",
        "sent",
        "delivered",
    ]


def test_a_lost_text_stays_sent_for_ever():
    passage = advance(accept(Treatment.LOST, NOON, Network(), another_on_its_way=False), NOON)
    assert passage.due is None
    assert advance(passage, NOON + timedelta(days=365)).state is State.SENT


def test_a_late_text_arrives_when_its_code_has_expired():
    assert states(Treatment.LATE, 5 * MINUTE, 6 * MINUTE - SECOND, 6 * MINUTE) == ["sent", "sent", "delivered"]


def test_a_refused_text_fails_when_the_carrier_sees_it():
    passage = advance(accept(Treatment.REFUSED, NOON, SLOW, another_on_its_way=False), NOON + MINUTE)
    assert (passage.state, passage.failed_at, passage.sent_at) == (State.FAILED, NOON + 2 * SECOND, None)


def test_the_second_of_two_texts_overtakes_the_first():
    assert states(Treatment.OUT_OF_ORDER, timedelta(), 59 * SECOND, MINUTE) == ["sent", "sent", "delivered"]
    assert states(Treatment.OUT_OF_ORDER, timedelta(), another=True) == ["delivered"]


def test_only_a_doubled_text_has_two_copies():
    assert {treated: copies(treated) for treated in Treatment if copies(treated) != 1} == {Treatment.TWICE: 2}


def test_jumping_over_everything_leaves_the_times_at_which_it_happened():
    passage = accept(Treatment.LATE, NOON, SLOW, another_on_its_way=False)
    jumped = advance(passage, NOON + timedelta(days=1))
    assert jumped.sent_at == NOON + 2 * SECOND
    assert jumped.delivered_at == NOON + 6 * MINUTE + 5 * SECOND


@given(treated=st.sampled_from(Treatment), steps=st.lists(st.integers(0, 500), max_size=12), another=st.booleans())
def test_many_small_steps_lead_where_one_jump_leads(treated, steps, another):
    passage = accept(treated, NOON, SLOW, another_on_its_way=another)
    stepped, now = passage, NOON
    for step in steps:
        now += step * SECOND
        stepped = advance(stepped, now)
    assert stepped == advance(passage, now)


def test_what_is_over_is_in_no_row_of_the_table():
    over = {State.DELIVERED, State.FAILED}
    assert not any(state in over for state, _ in TRANSITIONS)
    assert set(TRANSITIONS.values()) >= over
