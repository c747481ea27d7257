"""Alphabets and segments (3GPP TS 23.038, TS 23.040)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer_sms.messages.encoding import Encoded, measure


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Your code is 123456 for 42.00 EUR at SHOP", Encoded("GSM-7", 41, 1)),
        ("Ne le communiquez à personne", Encoded("GSM-7", 28, 1)),
        ("Prélèvement chez ÇA", Encoded("GSM-7", 19, 1)),
        ("Reçu", Encoded("UCS-2", 4, 1)),  # only the capital cedilla is in the alphabet
        ("Boîte", Encoded("UCS-2", 5, 1)),
        ("42 €", Encoded("GSM-7", 5, 1)),
        ("😀", Encoded("UCS-2", 2, 1)),
        ("a" * 160, Encoded("GSM-7", 160, 1)),
        ("a" * 161, Encoded("GSM-7", 161, 2)),
        ("a" * 306, Encoded("GSM-7", 306, 2)),
        ("a" * 307, Encoded("GSM-7", 307, 3)),
        ("€" * 80, Encoded("GSM-7", 160, 1)),
        ("€" * 153, Encoded("GSM-7", 306, 3)),  # 76 to a segment: the 153rd septet stays empty
        ("ê" * 70, Encoded("UCS-2", 70, 1)),
        ("ê" * 71, Encoded("UCS-2", 71, 2)),
        ("ê" * 134, Encoded("UCS-2", 134, 2)),
        ("ê" * 135, Encoded("UCS-2", 135, 3)),
        ("😀" * 67, Encoded("UCS-2", 134, 3)),  # 33 to a segment: a surrogate pair is not split
        ("", Encoded("GSM-7", 0, 1)),
    ],
)
def test_a_text_takes_the_segments_that_the_specification_says(body, expected):
    assert measure(body) == expected


@given(st.text(max_size=400))
def test_segments_hold_all_units_and_none_is_left_without(body):
    encoded = measure(body)
    most = {"GSM-7": 153, "UCS-2": 67}[encoded.encoding]
    alone = {"GSM-7": 160, "UCS-2": 70}[encoded.encoding]
    assert encoded.units <= max(alone, encoded.segments * most)
    assert encoded.segments == 1 or encoded.units > (encoded.segments - 1) * (most - 1)
