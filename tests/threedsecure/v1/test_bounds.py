"""The bounds of every value: the longest that is accepted and sent, and one character more."""

import pytest

from threedsecure.v1.grammar import formats

ADDRESS = "https://a.example/"
LENGTHS = {
    "MESSAGE_ID": ("x", 1, formats.MAX_MESSAGE_ID, 30),
    "PARES_ID": ("x", 1, 128, 64),
    "PAN": ("4", 13, 19, 19),
    "ACQUIRER_BIN": ("4", 1, 11, 11),
    "MERCHANT_ID": ("x", 1, 24, 24),
    "PASSWORD": ("x", 8, 8, 8),
    "SERIAL_NUMBER": ("4", 1, 20, 20),
    "DEVICE_CATEGORY": ("4", 1, 2, 2),
    "HEADER": ("x", 1, 2048, 2048),
    "ACCOUNT_ID": ("x", 1, 28, 28),
    "MERCHANT_NAME": ("x", 1, 25, 25),
    "ISO_NUMERIC": ("4", 3, 3, 3),
    "DISPLAY_AMOUNT": ("4", 1, 20, 20),
    "AMOUNT": ("4", 1, 12, 12),
    "EXPONENT": ("4", 1, 1, 1),
    "DESCRIPTION": ("x", 1, 125, 125),
    "FREQUENCY": ("4", 1, 3, 3),
    "ECI": ("4", 2, 2, 2),
    "CAVV_ALGORITHM": ("4", 1, 2, 2),
    "DETAIL": ("x", 1, 256, 256),
    "ERROR_TEXT": ("x", 1, 2048, 256),
    "EXTENSION_ID": ("x", 1, 128, 128),
}
"""A character, the least of them, and the most that is accepted and sent."""


@pytest.mark.parametrize("name", LENGTHS)
def test_a_value_may_be_as_long_as_its_bound_and_no_longer(name):
    character, least, accepted, sent = LENGTHS[name]
    form = getattr(formats, name)
    for test, most in ((form.accepts, accepted), (form.sends, sent)):
        assert test(character * least)
        assert not test(character * (least - 1))
        assert test(character * most)
        assert not test(character * (most + 1))
    assert {word for word in form.allowed.split() if word.isdigit()} <= {str(least), str(sent)}


@pytest.mark.parametrize(("name", "accepted", "sent"), [("ACS_ADDRESS", 2048, 256), ("MERCHANT_ADDRESS", 255, 255)])
def test_an_address_too(name, accepted, sent):
    form = getattr(formats, name)
    for test, most in ((form.accepts, accepted), (form.sends, sent)):
        assert test(ADDRESS.ljust(most, "x"))
        assert not test(ADDRESS.ljust(most + 1, "x"))
    assert form.allowed == f"an absolute http or https address of at most {sent} characters"


@pytest.mark.parametrize(
    ("value", "accepted", "sent"),
    [
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", True, True),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=\n", True, False),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=".ljust(64), True, False),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=".ljust(65), False, False),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4", False, False),
        ("MTIzNDU2Nzg5MDEyMzQ1Njc4OTAx", False, False),
    ],
)
def test_twenty_bytes_are_twenty(value, accepted, sent):
    assert (formats.TWENTY_BYTES.accepts(value), formats.TWENTY_BYTES.sends(value)) == (accepted, sent)
