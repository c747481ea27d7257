"""What Cartes Bancaires adds: whom Safe'R spares, and how the exemption is written."""

import pytest

from threedsecure.cards.cartes_bancaires import exemption, spares
from threedsecure.cards.schemes import eci, ecis


@pytest.mark.parametrize(
    ("indicators", "amount", "currency", "spared"),
    [
        (("90",), 10000, "978", True),
        (("02",), 10000, "978", True),
        (("90",), 10001, "978", False),
        (("90", "05"), 25000, "978", True),
        (("90", "05"), 25001, "978", False),
        (("05",), 5000, "978", False),
        (("01",), 5000, "978", False),
        (("90",), 5000, "840", False),
        (("90",), None, None, False),
        ((), 5000, "978", False),
    ],
)
def test_safer_spares_small_payments_in_euros_where_the_merchant_leaves_it_to_cb(indicators, amount, currency, spared):
    assert spares(indicators, amount, currency) is spared


@pytest.mark.parametrize(
    ("granted", "bitmap"), [("05", "gAAA"), ("08", "QAAA"), ("10", "IAAA"), ("11", "EAAA"), ("90", "CAAA")]
)
def test_an_exemption_is_one_bit_of_three_bytes(granted, bitmap):
    assert exemption(granted)["data"] == {"exemption": bitmap}


@pytest.mark.parametrize(
    ("pan", "of_all"), [("4000002000000008", ("05", "06", "07")), ("5200002000000009", ("02", "01", "00"))]
)
def test_the_eci_is_that_of_the_other_brand_on_the_card(pan, of_all):
    assert tuple(eci("cb", pan, status) for status in "YAN") == of_all
    assert all(one in ecis("cb", status) for status, one in zip("YAN", of_all, strict=True))
