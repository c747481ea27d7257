"""What an outcome says on the wire, and the proof that goes with it."""

import pytest
from msgspec.structs import replace

from acs.cardholder.challenge import Challenge, Ending
from acs.cards.records import Card
from acs.v2.decision.result import challenge_result, final_result
from acs.v2.records import Purchase
from threedsecure.cards.authentication_values import verify_emv_authentication_value
from threedsecure.cards.plays import Method

PURCHASE = Purchase(
    version="2.2.0",
    device_channel="02",
    message_category="01",
    three_ds_server_trans_id="8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    ds_trans_id="f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    ds_url="http://127.0.0.1:8100/visa/3ds2",
    ds_reference_number="DS",
    challenge_mandated=False,
    amount="4200",
    currency="978",
    exponent=2,
    purchase_date="20260615120000",
)
CARDS = {
    "visa": Card("4000000001000001", "visa", "challenge-otp", "+33"),
    "mastercard": Card("5200000001000006", "mastercard", "challenge-otp", "+33"),
    "cb": Card("4000002001000000", "cb", "challenge-otp", "+33"),
}
TYPED = Challenge(Method.SMS_CODE, 1, 2, answers=2)


def proves(scheme, result, trans_status, method):
    return verify_emv_authentication_value(
        scheme,
        result.authentication_value,
        pan=CARDS[scheme].pan,
        trans_status=trans_status,
        ds_trans_id=PURCHASE.ds_trans_id,
        purchase_amount=4200,
        purchase_currency="978",
        purchase_date="20260615120000",
        version="2.2.0",
        method=method,
    )


@pytest.mark.parametrize(("scheme", "eci"), [("visa", "05"), ("mastercard", "02"), ("cb", "05")])
def test_a_passed_challenge_is_proven(scheme, eci):
    result = challenge_result(CARDS[scheme], PURCHASE, TYPED, Ending.PASSED)
    assert (result.trans_status, result.eci, result.interaction_counter) == ("Y", eci, 2)
    assert proves(scheme, result, "Y", "02")


@pytest.mark.parametrize(("trans_status", "eci", "method"), [("Y", "05", "99"), ("A", "06", "98")])
def test_an_outcome_without_a_challenge_is_proven(trans_status, eci, method):
    result = final_result(CARDS["visa"], PURCHASE, trans_status, None)
    assert (result.trans_status, result.eci) == (trans_status, eci)
    assert proves("visa", result, trans_status, method)


@pytest.mark.parametrize("trans_status", ["N", "U", "R", "I"])
def test_nothing_else_carries_a_proof(trans_status):
    result = final_result(CARDS["visa"], PURCHASE, trans_status, None)
    assert (result.authentication_value, result.eci) == (None, "07")


@pytest.mark.parametrize(
    ("ending", "version", "told"),
    [
        (Ending.FAILED, "2.1.0", ("N", "01", None)),
        (Ending.TOO_MANY_TRIES, "2.1.0", ("N", "19", None)),
        (Ending.CANCELLED, "2.1.0", ("N", "01", "01")),
        (Ending.CANCELLED, "2.2.0", ("N", "26", "01")),
        (Ending.LEFT_IDLE, "2.2.0", ("N", "14", "04")),
        (Ending.NEVER_BEGUN, "2.2.0", ("N", "14", "05")),
        (Ending.APP_TIMED_OUT, "2.2.0", ("N", "14", "08")),
        (Ending.BROKEN, "2.2.0", ("U", "07", "06")),
    ],
)
def test_the_reason_is_one_that_the_version_has(ending, version, told):
    result = challenge_result(CARDS["visa"], replace(PURCHASE, version=version), TYPED, ending)
    assert (result.trans_status, result.trans_status_reason, result.challenge_cancel) == told


def test_a_challenge_that_never_began_had_no_answers():
    assert challenge_result(CARDS["visa"], PURCHASE, None, Ending.NEVER_BEGUN).interaction_counter == 0


def test_nobody_is_called_authenticated_without_a_proof():
    unprovable = replace(PURCHASE, purchase_date="20261399000000")
    result = challenge_result(CARDS["visa"], unprovable, TYPED, Ending.PASSED)
    assert (result.trans_status, result.trans_status_reason, result.authentication_value) == ("U", "07", None)
