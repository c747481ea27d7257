"""What the card form accepts, and which schemes a number belongs to."""

from datetime import UTC, datetime

import pytest

from acs_sim.gateway.payment.cards import VENDOR_CARDS, CardRefused, read_entry
from threedsecure.cards.card_numbers import luhn_valid
from threedsecure.cards.schemes import networks
from threedsecure.cards.test_cards import listed, read

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
VISA = "4000000001000001"


def faults(number=VISA, expiry="12/29", cryptogram="123", manner="e-transactions"):
    with pytest.raises(CardRefused) as refused:
        read_entry(manner, number, expiry, cryptogram, NOW)
    return refused.value.faults


@pytest.mark.parametrize(
    "number", [VISA, "4000 0000 0100 0001", "4000-0000-0100-0001", "4000\u00a00000\u00a00100\u00a00001"]
)
def test_a_number_may_be_grouped(number):
    assert read_entry("e-transactions", number, "12/29", "123", NOW).pan == VISA


@pytest.mark.parametrize("expiry", ["12/29", "1229", "12 / 29", "12/2029", " 12/29 "])
def test_an_expiry_date_may_be_written_in_several_ways(expiry):
    assert read_entry("monetico", VISA, expiry, "123", NOW).expiry == "2912"


@pytest.mark.parametrize(
    "number",
    [
        "",
        "4000000001000002",
        "40000000010000",
        "4" * 20,
        "4000 0000 0100 000x",
        "４０００００００１０００００１",
        "<script>",
    ],
)
def test_what_is_no_card_number_is_named(number):
    assert faults(number=number) == {"card_number": "bad-card-number"}


@pytest.mark.parametrize("expiry", ["", "13/29", "00/29", "1/29", "29/12", "12/29/2", "١٢/٢٩"])
def test_what_is_no_expiry_date_is_named(expiry):
    assert faults(expiry=expiry) == {"expiry": "bad-expiry"}


def test_a_card_is_good_to_the_end_of_its_month():
    assert read_entry("monetico", VISA, "06/26", "123", NOW).expiry == "2606"
    assert faults(expiry="05/26") == {"expiry": "card-expired"}


@pytest.mark.parametrize("cryptogram", ["", "12", "12345", "abc", "１２３"])
def test_what_is_no_cryptogram_is_named(cryptogram):
    assert faults(cryptogram=cryptogram) == {"cryptogram": "bad-cryptogram"}


def test_every_fault_is_named_at_once():
    assert faults("1", "1", "1") == {
        "card_number": "bad-card-number",
        "expiry": "bad-expiry",
        "cryptogram": "bad-cryptogram",
    }


@pytest.mark.parametrize("number", VENDOR_CARDS["monetico"])
def test_the_three_numbers_that_monetico_prints_pass_on_its_page_alone_though_luhn_refuses_them(number):
    assert not luhn_valid(number)
    assert read_entry("monetico", number, "12/29", "123", NOW).typed == number
    assert faults(number=number) == {"card_number": "bad-card-number"}


def test_a_vendors_number_plays_a_card_of_the_simulator():
    entry = read_entry("e-transactions", "1111222233334444", "12/29", "123", NOW)
    card = read(entry.pan)
    assert card is not None
    assert card.scenario.name == "challenge-otp"


def test_monetico_says_which_of_its_cards_the_bank_refuses():
    answers = {number[-1]: card.acquirer_answer for number, card in VENDOR_CARDS["monetico"].items()}
    assert answers == {"3": "05", "4": "05", "5": "00"}


@pytest.mark.parametrize(
    ("number", "schemes"),
    [
        ("4000000001000001", ("visa",)),
        ("4000002001000009", ("cb", "visa")),
        ("4970100000000000", ("cb", "visa")),
        ("5130000000000000", ("cb", "mastercard")),
        ("5200000001000001", ("mastercard",)),
        ("2221000000000000", ("mastercard",)),
        ("2720990000000000", ("mastercard",)),
        ("2721000000000000", ()),
        ("340000000100000", ("amex",)),
        ("3530110000000000", ("jcb",)),
        ("6011000000000000", ("discover",)),
        ("6200000000000000", ("unionpay",)),
        ("6500000000000000", ("discover",)),
        ("6759000000000000", ("mastercard",)),
        ("0000010000000005", ()),
        ("9999999999999995", ()),
    ],
)
def test_the_first_digits_name_the_schemes_and_the_french_one_comes_first(number, schemes):
    assert networks(number) == schemes


def test_every_listed_test_card_goes_to_its_own_scheme():
    assert {(card.scheme, networks(card.pan)[0]) for card in listed()} == {
        (s, s) for s in ("visa", "mastercard", "amex", "cb", "jcb", "discover", "unionpay")
    }
