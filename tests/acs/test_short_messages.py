"""The text on the phone."""

import re
from datetime import timedelta

import pytest
from msgspec.structs import replace

from acs.cardholder.phone import MAX_TITLE
from acs.cardholder.short_messages import code_message, prompt_message
from acs.cardholder.texts import LANGUAGES
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


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de-AT", "012345 ist Ihr SecureCode von Banque Imaginaire, um 42,00 € an Librairie Exemple zu zahlen. "),
        ("es", "012345 es su SecureCode de Banque Imaginaire para pagar 42,00 € a Librairie Exemple. "),
        ("it-CH", "012345 è il Suo SecureCode Banque Imaginaire per pagare 42,00 € a Librairie Exemple. "),
        ("nl-BE", "012345 is uw SecureCode van Banque Imaginaire om € 42,00 te betalen aan Librairie Exemple. "),
        ("pt-BR", "012345 é o seu SecureCode Banque Imaginaire para pagar 42,00 € a Librairie Exemple. "),
    ],
)
def test_the_text_speaks_every_language_of_the_pages(language, text):
    assert message(language).startswith(text)


@pytest.mark.parametrize(
    ("language", "minute", "minutes"),
    [
        ("en", "Valid for 1 minute.", "Valid for 2 minutes."),
        ("fr", "Valable 1 minute.", "Valable 2 minutes."),
        ("de", "Gültig: 1 Minute.", "Gültig: 2 Minuten."),
        ("es", "Caduca en 1 minuto.", "Caduca en 2 minutos."),
        ("it", "Scade tra 1 minuto.", "Scade tra 2 minuti."),
        ("nl", "Geldig: 1 minuut.", "Geldig: 2 minuten."),
        ("pt", "Expira em 1 minuto.", "Expira em 2 minutos."),
    ],
)
def test_minutes_are_counted_by_the_plural_of_the_language(language, minute, minutes):
    for number, words in ((1, minute), (2, minutes)):
        text = code_message(
            "012345", issuer="B", purchase=PURCHASE, language=language, validity=timedelta(minutes=number)
        )
        assert words in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banking_app_asks_in_every_language(language):
    title, body = prompt_message(issuer="Banque Imaginaire", purchase=PURCHASE, language=language)
    assert title.startswith("Banque Imaginaire")
    assert "42" in body
    assert PURCHASE.merchant_name in body
    assert len(title) <= MAX_TITLE


def test_no_two_languages_say_the_same():
    assert len({prompt_message(issuer="B", purchase=PURCHASE, language=language) for language in LANGUAGES}) == 7
    assert len({message(language) for language in LANGUAGES}) == 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_is_paid_neither_text_nor_prompt_names_an_amount(language):
    told = [message(language, amount=None, currency=None)]
    identity = replace(PURCHASE, amount=None, currency=None)
    told += prompt_message(issuer="Banque Imaginaire", purchase=identity, language=language)
    paid = prompt_message(issuer="Banque Imaginaire", purchase=PURCHASE, language=language)
    assert not set(told) & {*paid, message(language)}
    assert re.findall(r"[0-9]+", " ".join(told)) == ["012345", "5"]


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
