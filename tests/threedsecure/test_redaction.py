"""Nothing secret passes the redaction, and nothing else is touched."""

from hypothesis import given
from hypothesis import strategies as st

from threedsecure.redaction import redact, redact_card_numbers, redact_text_message

PAN = "4000000001000001"


def test_card_numbers_codes_and_cryptograms_are_hidden_wherever_they_stand():
    document = {
        "acctNumber": PAN,
        "cardSecurityCode": "123",
        "form": {"challengeValue": "424242", "note": f"card {PAN}"},
        "list": [{"code": "424242"}],
    }
    assert redact(document) == {
        "acctNumber": "400000******0001",
        "cardSecurityCode": "***",
        "form": {"challengeValue": "***", "note": "card 400000******0001"},
        "list": [{"code": "***"}],
    }


def test_identifiers_amounts_and_dates_pass_unchanged():
    document = {
        "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
        "purchaseAmount": "4200",
        "purchaseDate": "20260615120000",
        "flag": True,
        "nothing": None,
    }
    assert redact(document) == document


def test_an_empty_secret_stays_empty_so_that_its_absence_can_be_seen():
    assert redact({"challengeValue": ""}) == {"challengeValue": ""}


def test_a_text_to_a_cardholder_keeps_its_words_and_loses_its_code():
    assert redact_text_message("Code 123456 pour 42,00 EUR") == "Code ****** pour 42,00 EUR"


@given(st.text())
def test_a_card_number_never_survives_in_free_text(text):
    assert PAN not in redact_card_numbers(f"{text} {PAN} {text}")


def test_a_message_keeps_everything_but_its_secrets():
    document = {
        "acctNumber": PAN,
        "purchaseDate": "20260615120000",
        "acctInfo": {"chAccDate": "20190101"},
        "mcc": "5411",
    }
    assert redact(document) == {**document, "acctNumber": "400000******0001"}
