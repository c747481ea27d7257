"""What the issuer writes, as the phone measures and reads it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from acs.cardholder.short_messages import code_message
from acs.cardholder.texts import LANGUAGES
from issuer_sms.messages import codes
from issuer_sms.messages.encoding import GSM_7, UCS_2, measure
from tests.acs.test_results import PURCHASE

CODE = "012345"


def text(language, **changes):
    purchase = replace(PURCHASE, **{"merchant_name": "Librairie Exemple", **changes})
    return code_message(
        CODE, issuer="Banque Imaginaire", purchase=purchase, language=language, validity=timedelta(minutes=5)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_in_any_language_takes_one_segment_of_gsm_7(language):
    for measured in (measure(text(language)), measure(text(language, amount=None, currency=None))):
        assert (measured.encoding, measured.segments) == (GSM_7, 1)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("amount", "currency", "exponent"),
    [("4200", "978", 2), ("123456", "392", 0), ("4200", "392", 0), ("999999999", "840", 2), ("123456", "986", 2)],
)
def test_the_phone_finds_the_code_whatever_the_amount(language, amount, currency, exponent):
    assert codes.find(text(language, amount=amount, currency=currency, exponent=exponent)) == CODE


def test_one_character_that_the_alphabet_has_not_takes_the_whole_text_its_room():
    usual, other = (measure(text("fr", merchant_name=name)) for name in ("Oeuvres", "Œuvres"))
    assert (usual.encoding, usual.segments) == (GSM_7, 1)
    assert (other.encoding, other.segments) == (UCS_2, 2)
