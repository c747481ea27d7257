"""The code in the issuer's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer_sms.messages import codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BANQUE: code 123456 pour 42,00 EUR chez BOUTIQUE. Ne le communiquez à personne.", "123456"),
        ("Your code is 123456 for 42.00 EUR at SHOP", "123456"),
        ("123456 is your code for SHOP 2000", "123456"),
        ("123456 est votre code pour LIBRAIRIE 1984", "123456"),
        ("Paiement de 1234,56 EUR chez LIBRAIRIE 1984 : votre code est 654321.", "654321"),
        ("5000 JPY at SHOP: 482913", "482913"),
        ("¥5000 at SHOP. 482913", "482913"),
        ("Carte ****1234. Code 998877", "998877"),
        ("SecureCode: 012345. 42.00 USD at 7-ELEVEN 4711", "012345"),
        ("1 234,00 EUR chez X, 445566", "445566"),
        ("EUR 1500 chez X. Code: 445566. Tel +33612345678", "445566"),
        ("Mot de passe : 12345678. Valable 5 min.", "12345678"),
        ("Ihr Kennwort lautet 4711 für 12,00 EUR", "4711"),
        ("Su código es 778899 para 10,00 EUR en TIENDA", "778899"),
        ("Il tuo codice è 778899 per 10,00 EUR", "778899"),
        ("Uw wachtwoord: 778899", "778899"),
        ("Achat du 15/06/2026 : 445566", "445566"),
        ("000000", "000000"),
        (
            "123456 est votre SecureCode BANQUE pour payer 1 234,56 € à LIBRAIRIE 1984. Valable 5 minutes. "
            "Ne le communiquez à personne.",
            "123456",
        ),
        (
            "123456 is your SecureCode from BANQUE to pay ¥5000 to 24/7 SHOP 2000. Valid for 5 minutes.",
            "123456",
        ),
    ],
)
def test_the_code_is_found_as_a_person_would(text, code):
    assert codes.find(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "Votre carte est bloquée.",
        "Montant 1500 EUR",
        "EUR 1500",
        "€1500",
        "1234,56 EUR",
        "carte ****1234",
        "le 15/06/2026",
        "+33612345678",
        "code 123",
        "code 123456789",
        "ref AB123456",
        "",
    ],
)
def test_what_is_no_code_is_not_taken_for_one(text):
    assert codes.find(text) is None


def test_the_place_of_the_code_is_where_it_stands():
    text = "BANQUE: code 123456 pour 42,00 EUR"
    assert text[codes.locate(text)] == "123456"


@given(
    code=st.from_regex(r"[0-9]{6}", fullmatch=True),
    amount=st.integers(1, 999_999),
    shop=st.sampled_from(["SHOP", "7-ELEVEN 4711"]),
)
def test_no_amount_and_no_shop_hides_the_code_of_the_issuers_own_texts(code, amount, shop):
    french = (
        f"BANQUE: code {code} pour {amount // 100},{amount % 100:02} EUR chez {shop}. Ne le communiquez à personne."
    )
    english = f"BANK: your code is {code} for {amount // 100}.{amount % 100:02} EUR at {shop}."
    assert [codes.find(french), codes.find(english)] == [code, code]


@given(st.text(alphabet="0123456789 .,:EURcode+*/-é€", max_size=60))
def test_whatever_the_text_a_code_is_four_to_eight_digits_or_nothing(text):
    code = codes.find(text)
    assert code is None or (code in text and code.isdigit() and 4 <= len(code) <= 8)
