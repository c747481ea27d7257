"""The messages that the parties make: typed by hand where they are whole, and as strict as the specification everywhere."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.threedsecure.v1.samples import (
    ACCOUNT,
    CAVV,
    CRREQ,
    CRRES,
    CRRES_REFUSED,
    ERROR,
    MAPPINGS,
    PAREQ,
    PARES,
    VEREQ,
    VERES,
    VERES_REFUSED,
    XID,
    message,
)
from threedsecure.cards.authentication_values import verify_classic_authentication_value
from threedsecure.cards.schemes import SCHEMES
from threedsecure.redaction import redact_card_numbers
from threedsecure.v1 import identifiers, messages, outcomes
from threedsecure.v1.codec import decode, encode
from threedsecure.v1.errors import ERROR_MESSAGES, ErrorCode, InvalidRequest, InvalidRequestCode, MessageError
from threedsecure.v1.messages import CardRangeChange, Purchase, Requester, Shop
from threedsecure.v1.validation.checking import check, violations
from threedsecure.v1.validation.refusals import amounts_agree, invalid_transaction
from threedsecure.v1.validation.rules import check_answer
from threedsecure.v1.views import (
    CardRangeRequest,
    PayerAuthenticationRequest,
    PayerAuthenticationResponse,
    VerifyEnrolmentRequest,
    VerifyEnrolmentResponse,
    for_journal,
)

NOW = datetime(2026, 6, 15, 12, 0, 5, tzinfo=UTC)
PAN = "4000000000100006"
REQUESTER = Requester("411111", "12345-001")
SHOP = Shop("411111", "12345-001", "Boutique & Démo", "250", "https://shop.example/")
PURCHASE = Purchase(
    XID, datetime(2026, 6, 15, 12, 0, tzinfo=UTC), 12_345, "978", 2, "3012", "Two chairs", recurring=(28, "20271231")
)
V1_SCHEMES = sorted(key for key, scheme in SCHEMES.items() if scheme.classic_programme)


def test_every_message_comes_out_as_typed_by_hand():
    password = Requester("411111", "12345-001", "12345678")
    changes = [
        CardRangeChange("4000000000000000", "4000000999999999"),
        CardRangeChange("4000001000000000", "4000001999999999", "D"),
    ]
    transaction = {"time": "20260615 12:00:05", "status": "Y", "cavv": CAVV, "eci": "05", "cavvAlgorithm": "2"}
    missing = MessageError(
        ErrorCode.REQUIRED_ELEMENT_MISSING, "pan, Merchant.merID", message={"messageId": "vereq-1", "version": "1.0.2"}
    )
    wrong_password = InvalidRequest(InvalidRequestCode.PASSWORD_WRONG, "Merchant.password", "7")
    unknown_serial = InvalidRequest(InvalidRequestCode.SERIAL_NUMBER_UNKNOWN, "serialNumber")
    vereq, crreq, pareq = MAPPINGS[VEREQ], MAPPINGS[CRREQ], MAPPINGS[PAREQ]
    made = {
        CRREQ: messages.card_range_request("crreq-1", password, serial_number="17"),
        CRRES: messages.card_range_response(crreq, changes, "18"),
        CRRES_REFUSED: messages.card_range_refusal(crreq, unknown_serial),
        VEREQ: messages.verify_enrolment_request(
            "vereq-1", REQUESTER, PAN, accept="text/html", user_agent="Mozilla/5.0"
        ),
        VERES: messages.enrolled(vereq, acct_id=ACCOUNT, url="https://acs.example/3ds1/pareq"),
        VERES_REFUSED: messages.not_enrolled(vereq, refusal=wrong_password),
        PAREQ: messages.payer_authentication_request("pareq-1", MAPPINGS[VERES], SHOP, PURCHASE),
        PARES: messages.payer_authentication_response(pareq, transaction, pan=PAN, pares_id="PARes.1.signed"),
        ERROR: messages.error(missing, message_id="unused"),
    }
    assert {sample: encode(mapping).decode() for sample, mapping in made.items()} == {
        sample: sample for sample in MAPPINGS
    }


# --- PARes ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.0.1", "1.0.2"])
@pytest.mark.parametrize("status", ["Y", "N", "U", "A"])
@pytest.mark.parametrize("scheme", V1_SCHEMES)
def test_every_outcome_of_every_scheme_is_sent_as_the_specification_wants_it(scheme, status, version):
    pan = PAN[: SCHEMES[scheme].pan_lengths[0]]
    pareq = message(PAREQ, version=version)
    outcome = {"pan": pan, "status": status, "merchant_name": "Boutique", "transaction_number": 7, "version": version}
    if status not in outcomes.STATUSES[version]:
        with pytest.raises(ValueError, match=r"1\.0\.1 has no status A"):
            outcomes.transaction(scheme, now=NOW, **outcome)
        return
    transaction = outcomes.transaction(scheme, now=NOW, **outcome)
    pares = messages.payer_authentication_response(pareq, transaction, pan=pan, pares_id="PARes.1")
    check(pares, sent=True)
    check_answer(pares, pareq, pan=pan)
    assert pares["TX"]["time"] == "20260615 12:00:05"


@pytest.mark.parametrize(
    ("scheme", "ecis", "algorithm"),
    [
        ("visa", ["05", "06", "07", "07"], "2"),
        ("mastercard", ["02", "01", "00", "00"], "3"),
        ("amex", ["05", "06", "07", "07"], "2"),
        ("jcb", ["05", "06", "07", "07"], "2"),
        ("discover", ["05", "06", "07", "07"], "2"),
    ],
)
def test_each_scheme_has_its_own_eci_and_algorithm(scheme, ecis, algorithm):
    made = [
        outcomes.transaction(scheme, pan=PAN, status=status, merchant_name="M", transaction_number=7, now=NOW)
        for status in ("Y", "A", "N", "U")
    ]
    assert [transaction["eci"] for transaction in made] == ecis
    assert [transaction.get("cavvAlgorithm") for transaction in made] == [algorithm, algorithm, None, None]
    for transaction in made[:2]:
        proven = {"pan": PAN, "status": transaction["status"], "merchant_name": "M"}
        assert verify_classic_authentication_value(scheme, transaction["cavv"], **proven)


@pytest.mark.parametrize(
    ("pan", "status", "version", "expected"),
    [
        ("4000000000100006", "Y", "1.0.2", "0000000000000006"),
        ("340000000010000", "A", "1.0.2", "000000000000000"),
        ("4000000000101234567", "Y", "1.0.2", "0000000000000004567"),
        ("4000000000100006", "N", "1.0.2", "0000000000000000"),
        ("4000000000100006", "U", "1.0.1", "0000000000000000"),
        ("4000000000100006", "Y", "1.0.1", "4000000000100006"),
    ],
)
def test_a_pares_shows_of_the_card_number_what_its_version_and_status_allow(pan, status, version, expected):
    assert outcomes.masked_pan(pan, status, version) == expected


def test_a_refused_pareq_gets_status_u_and_sixteen_zeros_when_nobody_knows_the_card():
    refusal = InvalidRequest(InvalidRequestCode.PAREQ_MISROUTED, "CH.acctID")
    pares = messages.refused(MAPPINGS[PAREQ], refusal, now=NOW, pares_id="PARes.1")
    check(pares, sent=True)
    assert (pares["pan"], pares["TX"]["status"]) == ("0" * 16, "U")
    assert pares["IReq"] == {"iReqCode": "56", "iReqDetail": "CH.acctID"}


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({}, None, None),
        ({"Merchant__country": "999"}, "54", "Merchant.country"),
        ({"Purchase__currency": "000"}, "54", "Purchase.currency"),
        ({"Purchase__exponent": "0"}, "55", "Purchase.exponent"),
        ({"Purchase__amount": "EUR 123,46"}, "55", "Purchase.amount, Purchase.purchAmount"),
    ],
)
def test_transaction_data_that_cannot_be_are_refused_by_code(changes, code, detail):
    refusal = invalid_transaction(PayerAuthenticationRequest.from_message(message(PAREQ, **changes)))
    assert (refusal and refusal.code) == code
    assert (refusal and refusal.detail) == detail


@pytest.mark.parametrize(
    ("display", "amount", "exponent", "agree"),
    [
        ("123.45", 12_345, 2, True),
        ("RUB 1 234,00", 123_400, 2, True),
        ("100", 10_000, 2, True),
        ("100", 100, 2, True),
        ("1234", 1_234, 0, True),
        ("free of charge", 0, 2, True),
        ("cent vingt", 12_000, 2, True),
        ("123.45", 12_346, 2, False),
        ("1", 1_000, 2, False),
        ("٣", 5, 2, True),
    ],
)
def test_the_amount_for_people_may_be_in_minor_or_major_units(display, amount, exponent, agree):
    assert amounts_agree(display, amount, exponent) is agree


# --- PAReq ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "exponent", "shown"), [(12_345, 2, "123.45"), (5, 2, "0.05"), (1_234, 0, "1234"), (1_234, 3, "1.234")]
)
def test_an_amount_is_shown_with_the_decimals_of_its_currency(amount, exponent, shown):
    purchase = Purchase(XID, NOW, amount, "978", exponent, "3012")
    assert purchase.display_amount == shown
    assert amounts_agree(shown, amount, exponent)


def test_a_pareq_repeats_the_version_and_the_account_of_the_veres():
    veres = message(VERES, version="1.0.1")
    pareq = messages.payer_authentication_request("1", veres, SHOP, PURCHASE)
    check(pareq, sent=True)
    assert (pareq["version"], pareq["CH"]["acctID"]) == ("1.0.1", ACCOUNT)


def test_texts_that_are_too_long_for_a_pareq_are_cut():
    shop = Shop("1", "2", "n" * 60, "250", "https://shop.example/")
    purchase = Purchase(XID, NOW, 1, "978", 2, "3012", "d" * 500, installments=3)
    pareq = messages.payer_authentication_request("1", MAPPINGS[VERES], shop, purchase)
    check(pareq, sent=True)
    assert (len(pareq["Merchant"]["name"]), len(pareq["Purchase"]["desc"])) == (25, 125)


# --- enrolment and ranges ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["N", "U"])
@pytest.mark.parametrize("refusal", [None, InvalidRequest(InvalidRequestCode.ACCESS_DENIED)])
def test_an_answer_of_n_or_u_carries_nothing_but_a_refusal(answer, refusal):
    veres = messages.not_enrolled(MAPPINGS[VEREQ], answer, refusal=refusal)
    check(veres, sent=True)
    assert ("IReq" in veres) is (refusal is not None)


@pytest.mark.parametrize("version", ["1.0.1", "1.0.2"])
def test_a_refusal_of_card_ranges_suits_its_version(version):
    refusal = InvalidRequest(InvalidRequestCode.SERIAL_NUMBER_UNKNOWN)
    check(messages.card_range_refusal(message(CRREQ, version=version), refusal), sent=True)


def test_no_change_since_the_serial_number_is_an_answer_without_ranges():
    crres = messages.card_range_response(MAPPINGS[CRREQ], [], "17")
    check(crres, sent=True)
    assert "CR" not in crres


# --- Error ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ErrorCode)
def test_an_error_says_its_code_and_the_sentence_that_goes_with_it(code):
    made = messages.error(MessageError(code, ""), message_id="own-1", vendor_code="v" * 300)
    check(made, sent=True)
    assert (made["messageId"], made["version"]) == ("own-1", "1.0.2")
    assert (made["errorCode"], made["errorMessage"]) == (code, ERROR_MESSAGES[code])


def test_an_error_answers_under_the_id_and_version_of_the_message_it_complains_of():
    with pytest.raises(MessageError) as caught:
        check(decode(PAREQ.replace("1.0.2", "1.0.1").replace("978", "EUR").encode()))
    made = messages.error(caught.value, message_id="own-1")
    assert (made["messageId"], made["version"], made["errorDetail"]) == ("pareq-1", "1.0.1", "Purchase.currency")


def test_an_error_about_very_many_elements_stays_within_its_length():
    check(messages.error(MessageError(ErrorCode.FORMAT_INVALID, "x, " * 1_000), message_id="1"), sent=True)


@given(st.text(max_size=300), st.text(max_size=80))
def test_whatever_an_error_says_it_can_be_sent_and_read(detail, identifier):
    error = MessageError(ErrorCode.FORMAT_INVALID, detail, message={"messageId": identifier, "version": identifier})
    assert decode(encode(messages.error(error, message_id="1")))["errorCode"] == "5"


# --- identifiers and views -----------------------------------------------------------------------------------------------


def counting():
    number = 0

    def random_bytes(count: int) -> bytes:
        nonlocal number
        number += 1
        return number.to_bytes(count)

    return random_bytes


@pytest.mark.parametrize(
    "make", [identifiers.message_id, identifiers.xid, identifiers.account_id, identifiers.pares_id]
)
def test_identifiers_differ_and_fit_where_they_are_used(make):
    source = counting()
    made = {make(source) for _ in range(100)}
    assert len(made) == 100
    for identifier in list(made)[:5]:
        names = {"message_id": "messageId", "xid": "Purchase__xid", "account_id": "CH__acctID", "pares_id": "id"}
        sample = PARES if make is identifiers.pares_id else PAREQ
        assert violations(message(sample, **{names[make.__name__]: identifier}), sent=True) == []


def test_a_view_holds_what_decisions_read():
    pareq = PayerAuthenticationRequest.from_message(MAPPINGS[PAREQ])
    assert (pareq.xid, pareq.amount, pareq.currency, pareq.exponent) == (XID, 12_345, "978", 2)
    assert (pareq.merchant_name, pareq.recur_frequency, pareq.installments) == ("Boutique & Démo", 28, None)
    vereq = VerifyEnrolmentRequest.from_message(message(VEREQ, Browser=None, Merchant__password=""))
    assert (vereq.pan, vereq.password, vereq.device_category, vereq.user_agent) == (PAN, None, 0, None)
    crreq = CardRangeRequest.from_message(MAPPINGS[CRREQ])
    assert (crreq.password, crreq.serial_number) == ("12345678", "17")


def test_a_view_of_an_answer_holds_what_a_merchant_reads():
    veres = VerifyEnrolmentResponse.from_message(MAPPINGS[VERES])
    assert (veres.enrolled, veres.acct_id, veres.url) == ("Y", ACCOUNT, "https://acs.example/3ds1/pareq")
    refused = VerifyEnrolmentResponse.from_message(MAPPINGS[VERES_REFUSED])
    assert (refused.enrolled, refused.acct_id, refused.ireq_code) == ("N", None, "53")
    pares = PayerAuthenticationResponse.from_message(MAPPINGS[PARES])
    assert (pares.status, pares.cavv, pares.eci, pares.cavv_algorithm) == ("Y", CAVV, "05", "2")


@pytest.mark.parametrize("drawn", ["40000000010000010000", "a4000000001000001abc", "0" * 20, "1234567890123456789e"])
def test_the_id_of_a_message_never_looks_like_a_card_number(drawn):
    made = identifiers.message_id(lambda _count: bytes.fromhex(drawn))
    assert len(made) == 20
    assert redact_card_numbers(made) == made != drawn
    assert re.search(r"\d{13}", made) is None


def test_a_journal_finds_the_identifiers_on_top():
    assert for_journal(MAPPINGS[PAREQ])["xid"] == XID
    assert for_journal(MAPPINGS[VERES])["acctID"] == ACCOUNT
    assert for_journal(MAPPINGS[CRREQ]) == MAPPINGS[CRREQ]
