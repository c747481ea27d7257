"""Amounts as the people of a language write them. Chromium knows CLDR; the table here was typed by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency

from acs.cardholder.amounts import alphabetic_code, amount_text
from acs.cardholder.texts import LANGUAGES

NBSP, NARROW = "\u00a0", "\u202f"
TAGS = {"pt": "pt-PT"}
CURRENCIES = ("EUR", "GBP", "USD", "JPY", "CAD", "AUD", "CNY", "BRL", "INR", "CHF", "SEK", "PLN", "TND")
NUMBERS = {known.code: f"{known.number:03}" for known in Currency}


@pytest.mark.parametrize(
    ("amount", "currency", "exponent", "language", "text"),
    [
        (4200, "978", 2, "en", "€42.00"),
        (4200, "978", 2, "fr", f"42,00{NBSP}€"),
        (4200, "978", 2, "de", f"42,00{NBSP}€"),
        (4200, "978", 2, "nl", f"€{NBSP}42,00"),
        (123456, "978", 2, "en", "€1,234.56"),
        (123456, "978", 2, "fr", f"1{NARROW}234,56{NBSP}€"),
        (123456, "978", 2, "de", f"1.234,56{NBSP}€"),
        (123456, "978", 2, "es", f"1234,56{NBSP}€"),
        (1234567, "978", 2, "es", f"12.345,67{NBSP}€"),
        (123456, "978", 2, "it", f"1234,56{NBSP}€"),
        (1234567, "978", 2, "it", f"12.345,67{NBSP}€"),
        (123456, "978", 2, "nl", f"€{NBSP}1.234,56"),
        (123456, "978", 2, "pt", f"1234,56{NBSP}€"),
        (1234567, "978", 2, "pt", f"12{NBSP}345,67{NBSP}€"),
        (4200, "840", 2, "en", "$42.00"),
        (4200, "840", 2, "fr", f"42,00{NBSP}$US"),
        (4200, "840", 2, "es", f"42,00{NBSP}US$"),
        (4200, "840", 2, "it", f"42,00{NBSP}USD"),
        (4200, "124", 2, "nl", f"C${NBSP}42,00"),
        (4200, "826", 2, "de", f"42,00{NBSP}£"),
        (4200, "756", 2, "en", f"CHF{NBSP}42.00"),
        (4200, "392", 0, "en", "¥4,200"),
        (4200, "392", 0, "fr", f"4{NARROW}200{NBSP}JPY"),
        (4200, "788", 3, "fr", f"4,200{NBSP}TND"),
        (5, "978", 2, "en", "€0.05"),
        (0, "978", 2, "en", "€0.00"),
        (4200, "008", 2, "en", f"ALL{NBSP}42.00"),
        (4200, "000", 2, "en", f"000{NBSP}42.00"),
        (4200, "", 2, "fr", "42,00"),
    ],
)
def test_an_amount_is_written_as_the_language_does(amount, currency, exponent, language, text):
    assert amount_text(amount, currency, exponent, language) == text


@pytest.mark.parametrize(("numeric", "alphabetic"), [("978", "EUR"), ("840", "USD"), ("008", "ALL"), ("8", "8")])
def test_a_numeric_currency_has_its_alphabetic_code(numeric, alphabetic):
    assert alphabetic_code(numeric) == alphabetic


@given(
    amount=st.integers(0, 10**48 - 1),
    exponent=st.integers(0, 9),
    language=st.sampled_from(LANGUAGES),
    currency=st.sampled_from(["978", "840", "756", "392"]),
)
def test_no_digit_of_an_amount_is_lost(amount, exponent, language, currency):
    text = amount_text(amount, currency, exponent, language)
    assert int("".join(character for character in text if character.isdigit())) == amount


async def test_chromium_writes_the_same_amounts(page):
    amounts = [5, 4200, 99999, 1234567, 123456789]  # whether four digits are grouped differs between its releases
    for language in LANGUAGES:
        expected = await page.evaluate(
            """([tag, codes, amounts]) => codes.map(code => amounts.map(amount => {
                const style = new Intl.NumberFormat(tag, {style: "currency", currency: code});
                return style.format(amount / 10 ** style.resolvedOptions().maximumFractionDigits);
            }))""",
            [TAGS.get(language, language), CURRENCIES, amounts],
        )
        for code, written in zip(CURRENCIES, expected, strict=True):
            exponent = {"JPY": 0, "TND": 3}.get(code, 2)
            told = [amount_text(amount, NUMBERS[code], exponent, language) for amount in amounts]
            assert told == written, (language, code)
