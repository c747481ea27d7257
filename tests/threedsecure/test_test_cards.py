"""The grammar of the test cards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.cards import test_cards
from threedsecure.cards.card_numbers import luhn_valid
from threedsecure.cards.schemes import SCHEMES


def test_every_listed_card_is_luhn_valid_of_its_schemes_length_and_reads_back_as_itself():
    cards = list(test_cards.listed())
    assert len({card.pan for card in cards}) == len(cards) == len(SCHEMES) * len(test_cards.SCENARIOS)
    for card in cards:
        assert luhn_valid(card.pan)
        assert len(card.pan) in SCHEMES[card.scheme].pan_lengths


@pytest.mark.parametrize(
    ("pan", "scheme", "scenario"),
    [
        ("4000000001000001", "visa", "challenge-otp"),
        ("5200000001000006", "mastercard", "challenge-otp"),
        ("340000000100007", "amex", "challenge-otp"),
        ("4000000800000004", "visa", "not-enrolled"),
        ("4000000010000000", "visa", "method-none"),
        ("4000000030000006", "visa", "acs-down"),
    ],
)
def test_the_digits_say_what_the_card_does(pan, scheme, scenario):
    card = test_cards.read(pan)
    assert card is not None
    assert (card.scheme, card.scenario.name) == (scheme, scenario)


@pytest.mark.parametrize(
    "pan", ["", "4", "4242424242424242", "4000000001000002", "400000000100000", "40000000010000010000"]
)
def test_a_number_that_is_not_ours_is_not_read(pan):
    assert test_cards.read(pan) is None


def test_a_card_that_is_not_enrolled_knows_no_version():
    assert test_cards.read("4000000800000004").versions == ()


def test_a_number_that_is_not_ours_is_told_the_nearest_listed_cards():
    nearest = test_cards.nearest("5200000001000007")
    assert nearest[0].pan == "5200000001000006"


def test_the_phones_of_cards_that_behave_differently_are_different():
    behaving = {(card.scheme, card.scenario.code): card.phone for card in test_cards.listed()}
    assert len(set(behaving.values())) == len(behaving)


def test_cards_with_a_lost_message_have_a_number_of_the_lost_family():
    lost = [card for card in test_cards.listed() if card.scenario.name == "sms-lost"]
    assert all(card.phone.startswith("+336399890") for card in lost)
    scenario = test_cards.SCENARIOS["sms-lost"]
    assert test_cards.read(test_cards.compose("visa", scenario, serial="7")).phone.startswith("+99990")


@given(st.sampled_from(sorted(SCHEMES)), st.sampled_from(sorted(test_cards.SCENARIOS)), st.integers(0, 999))
def test_any_serial_of_any_scenario_reads_back(scheme, name, serial):
    scenario = test_cards.SCENARIOS[name]
    card = test_cards.read(test_cards.compose(scheme, scenario, serial=str(serial)))
    assert card is not None
    assert card.scenario.name == name
    assert card.scheme == scheme
    assert len(card.phone) <= 16


def test_every_card_of_1_0_2_is_read_as_what_it_was_composed_for():
    cards = list(test_cards.listed("1.0.2"))
    assert len({card.pan for card in cards}) == len(cards)
    for card in cards:
        assert card.scheme in test_cards.V1_SCHEMES
        assert card.scenario.name in test_cards.V1_SCENARIOS
        assert card.versions == (() if card.scenario.name == "not-enrolled" else ("1.0.2",))
    codes = {name: s.code for name, s in test_cards.V1_SCENARIOS.items() if name in test_cards.SCENARIOS}
    assert codes == {name: test_cards.SCENARIOS[name].code for name in codes}
