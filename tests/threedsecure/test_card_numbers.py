"""Check digits, masks and ranges."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.cards.card_numbers import CardRange, CardRangeTable, luhn_check_digit, luhn_valid, mask


@given(st.text("0123456789", min_size=11, max_size=18))
def test_a_number_with_its_check_digit_is_valid_and_with_any_other_is_not(body):
    right = luhn_check_digit(body)
    assert luhn_valid(body + right)
    assert not any(luhn_valid(body + digit) for digit in "0123456789" if digit != right)


@pytest.mark.parametrize("pan", ["", "0", "٤٢٤٢", "4000 0000", "abc"])
def test_what_is_no_number_is_not_valid(pan):
    assert not luhn_valid(pan)


@pytest.mark.parametrize(
    ("pan", "masked"),
    [("4000000001000001", "400000******0001"), ("340000000100007", "340000*****0007"), ("4000", "****")],
)
def test_a_mask_leaves_six_and_four(pan, masked):
    assert mask(pan) == masked


def test_a_number_is_found_in_its_range_and_not_in_one_of_another_length():
    table = CardRangeTable(
        [CardRange("4000000000000000", "4000000999999999", "a"), CardRange("4000001000000000", "4000001999999999", "b")]
    )
    assert table.find("4000000000000000").value == "a"
    assert table.find("4000000999999999").value == "a"
    assert table.find("4000001000000000").value == "b"
    assert table.find("4000002000000000") is None
    assert table.find("400000000000000") is None
    assert table.find("") is None


def test_overlapping_ranges_are_refused_by_name():
    with pytest.raises(ValueError, match="4000000000000005"):
        CardRangeTable(
            [CardRange("4000000000000000", "4000000000000009", 1), CardRange("4000000000000005", "4000000000000020", 2)]
        )
