"""Proofs of authentication against published vectors, byte for byte, and against layouts taken apart by hand."""

import base64
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.cards.authentication_values import (
    AUTHENTICATION_RESULTS,
    MASTERCARD_CVC2_KEY_A,
    MASTERCARD_CVC2_KEY_B,
    PROOF_LENGTH,
    VISA_CAVV_KEY_A,
    VISA_CAVV_KEY_B,
    NoAuthenticationValue,
    card_verification_digits,
    classic_authentication_value,
    emv_authentication_value,
    mastercard_cvc2_aav,
    mastercard_spa_aav,
    verify_classic_authentication_value,
    verify_emv_authentication_value,
    visa_cavv_version_0,
)
from threedsecure.cards.schemes import SCHEMES

PURCHASE = {
    "pan": "4000000000100006",
    "trans_status": "Y",
    "ds_trans_id": "2c0f40ad-ca51-47ab-8da9-348b162673aa",
    "purchase_amount": 12_345,
    "purchase_currency": "978",
    "purchase_date": "20260615120000",
    "version": "2.2.0",
}
V1_SCHEMES = [key for key, scheme in SCHEMES.items() if scheme.classic_programme]


def purchase(**changed):
    return {**PURCHASE, **changed}


# --- published vectors ---------------------------------------------------------------------------------------------------


def test_the_published_visa_cavv_comes_out_byte_for_byte():
    cavv = visa_cavv_version_0("4123456789012345", result="7", atn="9602231034727993")
    assert cavv.hex() == "0700010972799396022310347279930000000000"


def test_the_published_visa_cavv_output_is_972():
    assert card_verification_digits("4123456789012345", "7993", "700", VISA_CAVV_KEY_A, VISA_CAVV_KEY_B) == "972"


@pytest.mark.parametrize(
    ("key", "aav"),
    [
        ("0B" * 20, "jHyn+7YFi1EUAREAAAAvNUe6Hv8="),
        ("00112233445566778899AABBCCDDEEFF", "jHyn+7YFi1EUAREAAAAv6yf8f6s="),
    ],
)
def test_the_published_mastercard_hmac_aavs_come_out_byte_for_byte(key, aav):
    value = mastercard_spa_aav(
        "5432109876543210",
        status="Y",
        merchant_name="SPA Merchant, Inc.",
        sequence_number=0x2F,
        key=bytes.fromhex(key),
    )
    assert base64.b64encode(value).decode() == aav


def test_the_published_mastercard_cvc2_is_439():
    digits = card_verification_digits("5432109876543210", "0047", "140", MASTERCARD_CVC2_KEY_A, MASTERCARD_CVC2_KEY_B)
    assert digits == "439"


def test_the_published_mastercard_iav_comes_out_byte_for_byte():
    value = emv_authentication_value("mastercard", **purchase(pan="4111111111111111"))
    assert value == "xgQEKSryAAAAAAAAAAAAAAAAAAAA"


def test_a_published_card_verification_value_under_other_keys():
    key_a, key_b = bytes.fromhex("D676DCF3AFB73505"), bytes.fromhex("32EAF00EA253D875")
    assert card_verification_digits("4123450990122129", "0721", "202", key_a, key_b) == "241"


# --- layouts -------------------------------------------------------------------------------------------------------------


def test_a_cvc2_aav_carries_its_digits_in_bcd_before_three_zero_bytes():
    value = mastercard_cvc2_aav("5432109876543210", status="Y", merchant_name="SPA Merchant, Inc.", sequence_number=47)
    assert value.hex() == "8c" + "7ca7fbb6058b5114" + "08" + "10" + "0000002f" + "0439" + "000000"


def test_an_attempt_has_control_byte_86_and_no_authentication_method():
    value = mastercard_cvc2_aav("5432109876543210", status="A", merchant_name="Shop", sequence_number=1)
    assert (value[0], value[10] >> 4) == (0x86, 0)
    assert value[15:17].hex() == "0" + card_verification_digits(
        "5432109876543210", "0001", "034", MASTERCARD_CVC2_KEY_A, MASTERCARD_CVC2_KEY_B
    )


def test_visa_version_7_says_result_method_amount_currency_day_and_protocol():
    value = base64.b64decode(emv_authentication_value("visa", **PURCHASE))
    assert value[:3].hex() == "000201"
    assert value[7:15].hex() == "0000003039" + "978" + "166"  # 12345 minor units, euro, 15 June
    assert value[15:].hex() == "75" + "00000000"


def test_visa_version_7_output_is_a_cvv_over_the_hash_of_the_purchase():
    value = base64.b64decode(emv_authentication_value("visa", **PURCHASE)).hex()
    output, seed = value[7:10], value[10:14]
    digest = sha256(b"400000000010000" + b"5" + b"000000012345" + b"978" + b"26166").hexdigest()
    digits = "".join(c for c in digest if c in "0123456789")[:16]
    assert output == card_verification_digits(digits, seed, "002", VISA_CAVV_KEY_A, VISA_CAVV_KEY_B)


@pytest.mark.parametrize(("version", "byte"), [("2.1.0", 0x74), ("2.2.0", 0x75), ("2.3.1", 0x76)])
def test_visa_version_7_names_the_protocol_version(version, byte):
    assert base64.b64decode(emv_authentication_value("visa", **purchase(version=version)))[15] == byte


def test_an_amount_longer_than_an_authorisation_carries_counts_by_its_last_twelve_digits():
    long, short = purchase(purchase_amount=10**47 + 7), purchase(purchase_amount=7)
    assert emv_authentication_value("visa", **long) == emv_authentication_value("visa", **short)


@pytest.mark.parametrize("status", AUTHENTICATION_RESULTS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_fills_the_element_with_28_characters_of_standard_base64(scheme, status):
    pan = "4000000000100006"[: SCHEMES[scheme].pan_lengths[0]]
    value = emv_authentication_value(scheme, **purchase(pan=pan, trans_status=status))
    assert len(value) == PROOF_LENGTH
    assert len(base64.b64decode(value, validate=True)) == (21 if scheme == "mastercard" else 20)


@pytest.mark.parametrize("scheme", ["amex", "cb", "jcb", "discover", "unionpay"])
def test_no_two_purchases_share_the_simulators_own_value(scheme):
    others = {
        "pan": "4000000000100014",
        "trans_status": "A",
        "ds_trans_id": "0" * 36,
        "purchase_amount": 1,
        "purchase_currency": "756",
        "purchase_date": "20260616120000",
        "method": "07",
    }
    values = {emv_authentication_value(scheme, **purchase(**{name: value})) for name, value in others.items()}
    assert len(values | {emv_authentication_value(scheme, **PURCHASE)}) == len(others) + 1


# --- verification --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_value_verifies_for_its_purchase_and_for_no_other_card(scheme):
    value = emv_authentication_value(scheme, **PURCHASE)
    assert verify_emv_authentication_value(scheme, value, **PURCHASE)
    assert not verify_emv_authentication_value(scheme, value, **purchase(pan="4000000000100014"))


@pytest.mark.parametrize("value", ["", "é" * 28, "\ud800", "A" * 28, "not base64", "A" * 5000])
def test_a_value_of_another_make_does_not_verify(value):
    assert not verify_emv_authentication_value("visa", value, **PURCHASE)
    assert not verify_classic_authentication_value("visa", value, pan=PURCHASE["pan"], status="Y", merchant_name="Shop")


@pytest.mark.parametrize("status", ["N", "U", "R", "C", ""])
def test_no_value_goes_with_an_outcome_that_proves_nothing(status):
    with pytest.raises(NoAuthenticationValue, match="transStatus"):
        emv_authentication_value("visa", **purchase(trans_status=status))
    assert not verify_emv_authentication_value("visa", "A" * 28, **purchase(trans_status=status))


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("pan", "4000 0000", "pan"),
        ("pan", "", "pan"),
        ("pan", "4" * 20, "pan"),
        ("pan", "٤" * 16, "pan"),
        ("purchase_currency", "EUR", "purchaseCurrency"),
        ("purchase_amount", -1, "purchaseAmount"),
        ("purchase_date", "20260231000000", "purchaseDate"),
        ("purchase_date", "2026-W01", "purchaseDate"),
        ("method", "2", "method"),
        ("version", "2.4.0", "version 2.4.0"),
    ],
)
def test_a_purchase_that_cannot_be_is_named_in_the_error(name, value, complaint):
    with pytest.raises(NoAuthenticationValue, match=complaint):
        emv_authentication_value("visa", **purchase(**{name: value}))


def test_a_mastercard_value_needs_a_ds_trans_id_in_hexadecimal():
    with pytest.raises(NoAuthenticationValue, match="dsTransID"):
        emv_authentication_value("mastercard", **purchase(ds_trans_id="not-a-uuid"))


# --- 3-D Secure 1.0.2 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Y", "A"])
@pytest.mark.parametrize("scheme", V1_SCHEMES)
def test_a_classic_value_verifies_from_what_it_carries_itself(scheme, status):
    pan = "4000000000100006"[: SCHEMES[scheme].pan_lengths[0]]
    proven = {"pan": pan, "status": status, "merchant_name": "Boutique Démo"}
    value = classic_authentication_value(scheme, transaction_number=9_602_231_034_727_993, **proven)
    assert len(value) == PROOF_LENGTH
    assert verify_classic_authentication_value(scheme, value, **proven)
    other = "A" if status == "Y" else "Y"
    assert not verify_classic_authentication_value(scheme, value, **{**proven, "status": other})


def test_a_mastercard_value_begins_with_j_when_authenticated_and_h_for_an_attempt():
    values = [
        classic_authentication_value("mastercard", pan="5" * 16, status=status, merchant_name="M", transaction_number=5)
        for status in ("Y", "A")
    ]
    assert [value[0] for value in values] == ["j", "h"]


@pytest.mark.parametrize("scheme", ["cb", "unionpay", "nobody"])
def test_a_scheme_that_never_spoke_1_0_2_has_no_classic_value(scheme):
    with pytest.raises(NoAuthenticationValue, match=scheme):
        classic_authentication_value(scheme, pan="4" * 16, status="Y", merchant_name="M", transaction_number=5)


@pytest.mark.parametrize("status", ["N", "U"])
def test_no_classic_value_goes_with_n_or_u(status):
    with pytest.raises(NoAuthenticationValue, match="status"):
        classic_authentication_value("visa", pan="4" * 16, status=status, merchant_name="M", transaction_number=5)


@given(
    scheme=st.sampled_from(V1_SCHEMES),
    pan=st.text("0123456789", min_size=13, max_size=19),
    name=st.text(max_size=25).filter(lambda name: name.isprintable()),
    number=st.integers(0, 2**70),
)
def test_every_classic_value_verifies(scheme, pan, name, number):
    proven = {"pan": pan, "status": "Y", "merchant_name": name}
    value = classic_authentication_value(scheme, transaction_number=number, **proven)
    assert verify_classic_authentication_value(scheme, value, **proven)


def test_the_value_that_the_documentation_shows_is_the_one_that_comes_out():
    page = (Path(__file__).parents[2] / "docs/authentication-values.md").read_text(encoding="utf-8")
    shown = purchase(pan="4111111111111111", purchase_amount=1)
    assert all(f'{name}="{value}"' in page for name, value in shown.items() if isinstance(value, str))
    assert f'"{emv_authentication_value("visa", **shown)}"' in page


def test_threads_that_compute_digits_under_the_same_keys_do_not_disturb_each_other():
    keys = VISA_CAVV_KEY_A, VISA_CAVV_KEY_B
    pans = [f"4000{number:012}" for number in range(200)]
    alone = [card_verification_digits(pan, "7993", "700", *keys) for pan in pans]
    with ThreadPoolExecutor(4) as threads:
        rounds = [
            threads.submit(lambda: [card_verification_digits(pan, "7993", "700", *keys) for pan in pans])
            for _ in range(16)
        ]
        assert all(each.result() == alone for each in rounds)
