"""Nothing secret passes the redaction, and nothing else is touched."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.cards.card_numbers import luhn_check_digit
from threedsecure.redaction import (
    REDACTED_ELEMENTS,
    redact,
    redact_card_numbers,
    redact_json,
    redact_text_message,
    redacted,
)

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


numbers = st.text("0123456789", min_size=12, max_size=21).map(lambda digits: digits + luhn_check_digit(digits))
names = st.sampled_from([*REDACTED_ELEMENTS, 'x"code', "code\\", "note", PAN]) | st.text(max_size=5)
texts = (
    st.text()
    | numbers
    | st.tuples(st.text(max_size=3), numbers, st.text(max_size=3)).map("".join)
    | st.sampled_from([f'"{PAN}"', f',"{PAN}",', '"code":"424242"', "\\", '\\"', "\u0664" + PAN])
)
values = st.recursive(
    texts
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
)


@given(st.dictionaries(names, values, max_size=6))
def test_the_fast_redaction_writes_what_the_slow_one_says(document):
    assert orjson.loads(redact_json(document)) == orjson.loads(orjson.dumps(redact(document)))


@given(st.dictionaries(names, values, max_size=4), st.dictionaries(names, values, max_size=3))
def test_a_document_that_begins_as_one_before_it_is_redacted_as_it_would_be_alone(document, more):
    again = document | more
    found = redacted(again, redacted(document))
    assert found == redacted(again)
    assert orjson.loads(found.shown) == orjson.loads(orjson.dumps(redact(again)))


def test_a_number_that_goes_on_is_not_taken_for_the_one_before_it():
    before = redacted({"count": 4})
    assert redacted({"count": 42}, before).shown == b'{"count":42}'
    assert redacted({"count": 4, "pan": PAN}, before).shown == b'{"count":4,"pan":"400000******0001"}'
    assert redacted({"count": 4}, before) is before


def test_the_fast_redaction_leaves_names_and_numbers_that_are_no_text_alone():
    document = {PAN: int(PAN), "part": [f"card {PAN}", PAN], "code": ["424242"], "token": 7}
    assert orjson.loads(redact_json(document)) == redact(document)


def test_a_message_keeps_everything_but_its_secrets():
    document = {
        "acctNumber": PAN,
        "purchaseDate": "20260615120000",
        "acctInfo": {"chAccDate": "20190101"},
        "mcc": "5411",
    }
    assert redact_json(document) == orjson.dumps({**document, "acctNumber": "400000******0001"})
