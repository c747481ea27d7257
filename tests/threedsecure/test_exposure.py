"""What a browser carries shows a card number, however it is wrapped."""

import base64
from urllib.parse import quote

import pytest

from threedsecure.secrets.exposure import LONGEST_READ, shows

PAN = "4000000001000001"
WRAPPED = f'{{"card":"{PAN}"}}'


@pytest.mark.parametrize(
    "text",
    [
        PAN,
        f"order=17;card={PAN}",
        base64.urlsafe_b64encode(WRAPPED.encode()).decode().rstrip("="),
        base64.b64encode(WRAPPED.encode()).decode(),
        quote(base64.b64encode(f"??>{PAN}".encode()).decode()),
    ],
)
def test_a_card_number_is_seen_through_what_hides_nothing(text):
    assert shows(text, PAN)


@pytest.mark.parametrize("text", ["", "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", "4000000001000002", "%%%", "é" * 20, "A"])
def test_what_names_no_card_number_shows_none(text):
    assert not shows(text, PAN)


def test_no_more_is_read_than_a_form_field_can_hold():
    assert not shows("x" * LONGEST_READ + PAN, PAN)
