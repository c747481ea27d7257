"""The text on the phone."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from acs.short_messages import code_message
from tests.acs.test_results import PURCHASE

VALIDITY = timedelta(minutes=5)


def message(language="en", **changes):
    purchase = replace(PURCHASE, merchant_name="Librairie Exemple", **changes)
    return code_message("012345", issuer="Banque Imaginaire", purchase=purchase, language=language, validity=VALIDITY)


def test_the_text_links_the_code_to_issuer_merchant_amount_and_currency():
    assert message() == (
        "012345 is your SecureCode from Banque Imaginaire to pay €42.00 to Librairie Exemple. "
        "Valid for 5 minutes. Never give it to anyone."
    )


def test_the_text_speaks_french():
    assert message("fr-CA") == (
        "012345 est votre SecureCode Banque Imaginaire pour payer 42,00 € à Librairie Exemple. "
        "Valable 5 minutes. Ne le communiquez à personne."
    )


@pytest.mark.parametrize("language", [None, "", "tlh", "xx-XX"])
def test_the_text_is_english_where_there_is_no_other(language):
    assert message(language).startswith("012345 is your SecureCode")


def test_the_code_comes_before_anything_that_looks_like_one():
    text = message(amount="654321", currency="392", exponent=0, three_ds_server_trans_id="111111")
    assert re.search("[0-9]{6}", text)[0] == "012345"


def test_control_characters_of_a_merchant_do_not_reach_the_phone():
    purchase = replace(PURCHASE, merchant_name="Shop\r\n\x1b[31m\u202e!")
    text = code_message("012345", issuer="B", purchase=purchase, language="en", validity=VALIDITY)
    assert "Shop[31m!" in text
