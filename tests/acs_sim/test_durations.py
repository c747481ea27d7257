"""Durations as people write them."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_sim.settings.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("7d", 604800), (" 2d3h4m5s ", 183845), ("0s", 0)]
)
def test_units_add_up(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "m", "10m5h", "-1m", "1.5h", "10 m", "٣m", "9999999s9999999s", "4000d"])
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError):
        parse_duration(text)


@given(st.text(max_size=30))
def test_no_text_does_worse_than_being_refused(text):
    with suppress(ValueError):
        assert parse_duration(text) >= timedelta()
