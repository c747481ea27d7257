"""`POST /api/authentication-values/verify`: what an acquirer is told of the proof that a gateway hands it."""

import base64

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import Caller
from tests.support.ports import with_free_ports
from tests.support.third_party import ThreeDSServer
from threedsecure.cards.authentication_values import classic_authentication_value, emv_authentication_value
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

VERIFY = "/api/authentication-values/verify"
NAMES = {
    "visa": "CAVV",
    "mastercard": "AAV",
    "amex": "AEVV",
    "cb": "CAVV",
    "jcb": "CAVV",
    "discover": "CAVV",
    "unionpay": "CAVV",
}


@pytest.fixture
async def whole(tmp_path):
    async with running_stack(with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone")))) as stack:
        yield stack


@pytest.fixture
async def call(whole):
    async with aiohttp.ClientSession() as session:
        yield Caller(session, whole.addresses.desk)


async def authenticated(whole, scheme, scenario):
    """The AReq of a frictionless payment, and its ARes."""
    gateway = ThreeDSServer()
    try:
        areq = gateway.areq(compose(scheme, SCENARIOS[scenario]))
    finally:
        gateway.close()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{whole.addresses.ds}/{scheme}/3ds2", json=areq) as answer,
    ):
        return areq, await answer.json(content_type=None)


@pytest.mark.parametrize("scenario", ["frictionless", "frictionless-attempt"])
@pytest.mark.parametrize("scheme", NAMES)
async def test_the_value_of_a_payment_is_valid_for_it_and_for_no_other(whole, call, scheme, scenario):
    areq, ares = await authenticated(whole, scheme, scenario)
    wish = {
        "scheme": scheme,
        "value": ares["authenticationValue"],
        "pan": areq["acctNumber"],
        "version": areq["messageVersion"],
        "transStatus": ares["transStatus"],
        "dsTransID": ares["dsTransID"].upper(),
        "purchaseAmount": int(areq["purchaseAmount"]),
        "purchaseCurrency": areq["purchaseCurrency"],
        "purchaseDate": areq["purchaseDate"],
        "messageVersion": areq["messageVersion"],
    }
    verify = "/api/authentication-values/verify"
    assert (await call("POST", verify, json=wish))[:2] == (200, {"valid": True, "name": NAMES[scheme]})
    another = base64.b64encode(bytes(20)).decode()
    changes = {
        "value": another,
        "dsTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
        "pan": compose(scheme, SCENARIOS["rejected"]),
    }
    if scheme != "mastercard":  # whose proof does not cover the amount
        changes |= {"purchaseAmount": wish["purchaseAmount"] + 1, "purchaseDate": "20260101000000"}
    for name, value in changes.items():
        assert (await call("POST", verify, json={**wish, name: value}))[1]["valid"] is False, name


async def test_the_value_of_a_1_0_2_payment_is_verified_with_the_merchants_name(call):
    pan = "4000009000000009"
    value = classic_authentication_value("visa", pan=pan, status="Y", merchant_name="Librairie", transaction_number=7)
    wish = {"scheme": "visa", "value": value, "pan": pan, "version": "1.0.2", "merchantName": "Librairie"}
    verify = "/api/authentication-values/verify"
    assert (await call("POST", verify, json=wish))[1] == {"valid": True, "name": "CAVV"}
    assert (await call("POST", verify, json={**wish, "transStatus": "A"}))[1]["valid"] is False
    assert (await call("POST", verify, json={**wish, "value": "é" * 28}))[1]["valid"] is False


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dsTransID": None}, "dsTransID is missing"),
        ({"version": "1.0.2"}, "merchantName is missing"),
        ({"scheme": "diners"}, "scheme"),
        ({"pan": "4000"}, "pan"),
        ({"purchaseDate": "2026"}, "purchaseDate"),
        ({"colour": "red"}, "colour"),
        ({"messageVersion": "two"}, "messageVersion"),
    ],
)
async def test_what_is_missing_or_wrong_is_named(call, change, told):
    wish = {
        "scheme": "visa",
        "value": "AAIBB0lZeAAAAAABl4FmdQAAAAA=",
        "pan": "4111111111111111",
        "dsTransID": "2c0f40ad-ca51-47ab-8da9-348b162673aa",
        "purchaseAmount": 1,
        "purchaseCurrency": "978",
        "purchaseDate": "20260615120000",
    }
    status, problem, _ = await call("POST", "/api/authentication-values/verify", json=wish | change)
    assert (status, told in problem["detail"]) == (400, True), problem


@pytest.mark.parametrize("date", ["20269999000000", "00000000000000"])
async def test_a_day_that_does_not_exist_proves_nothing(call, date):
    wish = {
        "scheme": "visa",
        "value": "AAIBB0lZeAAAAAABl4FmdQAAAAA=",
        "pan": "4111111111111111",
        "dsTransID": "2c0f40ad-ca51-47ab-8da9-348b162673aa",
        "purchaseAmount": 1,
        "purchaseCurrency": "978",
        "purchaseDate": date,
    }
    assert (await call("POST", "/api/authentication-values/verify", json=wish))[:2] == (
        200,
        {"valid": False, "name": "CAVV"},
    )


@pytest.mark.parametrize(("number", "status"), [("+999555", 400), ("+9995550", 201)])
async def test_the_desk_takes_the_phone_numbers_that_the_phone_takes(whole, call, number, status):
    card = {"scheme": "visa", "scenario": "challenge-otp", "phone": number}
    assert (await call("POST", "/api/cards", json=card))[0] == status
    text = {"to": number, "from": "BANK", "body": "hello"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{whole.addresses.phone}/api/messages", json=text) as answer,
    ):
        assert answer.status == status


async def test_the_links_of_the_phone_lead_to_the_port_that_is_served(whole, call):
    wish = {"to": "+33600000001", "from": "BANK", "body": "hello"}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{whole.addresses.phone}/api/messages", json=wish) as answer:
            assert answer.status == 201, await answer.text()
        async with session.get(f"{whole.addresses.phone}/api/phones") as answer:
            (one,) = (await answer.json())["phones"]
        assert one["page"].startswith(whole.addresses.phone + "/")
        async with session.get(one["page"]) as answer:
            assert (answer.status, "hello" in await answer.text()) == (200, True)


PAN, DS_TRANS_ID = "5200000000000007", "2c0f40ad-ca51-47ab-8da9-348b162673aa"
OF_2_2 = {
    "version": "2.2.0",
    "transStatus": "Y",
    "dsTransID": DS_TRANS_ID,
    "purchaseAmount": 4200,
    "purchaseCurrency": "978",
    "purchaseDate": "20260615120000",
}


@pytest.fixture
async def ruled():
    """A desk alone, whose rules come into force as its clock passes their days."""
    settings = with_free_ports(Settings(fresh=True, only=("desk",), rules_as_of="today"))
    async with running_stack(settings) as stack, aiohttp.ClientSession() as session:
        yield Caller(session, stack.addresses.desk)


def made_by(scheme, pan):
    named = {"ds_trans_id": DS_TRANS_ID, "purchase_amount": 4200, "purchase_currency": "978"}
    more = {"purchase_date": "20260615120000", "version": "2.2.0", "method": "99"}
    value = emv_authentication_value(scheme, pan=pan, trans_status="Y", **named, **more)
    return {**OF_2_2, "scheme": scheme, "pan": pan, "value": value}


async def test_mastercard_watches_the_version_of_the_authorisation_from_2026_on(ruled):
    wish = made_by("mastercard", PAN)
    told = {None: "messageVersion is missing", "2.1": "messageVersion is 2.1, the authentication's 2.2.0"}
    for moment in ("2024-01-01", "2025-12-31", "2026-01-01", "2027-12-31"):
        await ruled("POST", "/api/clock", json={"set": f"{moment}T12:00:00Z"})
        for version, found in told.items():
            verdict = (await ruled("POST", VERIFY, json={**wish, "messageVersion": version}))[1]
            assert verdict.pop("valid") == (moment < "2026")
            assert verdict.pop("name") == "AAV"
            ((member, words),) = verdict.items()
            assert member == ("advice" if moment < "2026" else "reason")
            assert words.startswith(f"{found}; from 2026 on Mastercard: the Data Integrity programme")
        for version in ("2.2", "2.2.0"):
            answer = await ruled("POST", VERIFY, json={**wish, "messageVersion": version})
            assert answer[1] == {"valid": True, "name": "AAV"}


async def test_another_version_is_told_to_everybody_and_only_a_value_that_was_made_has_one(ruled):
    await ruled("POST", "/api/clock", json={"set": "2027-01-01T12:00:00Z"})
    wish = made_by("visa", "4000000001000001")
    assert (await ruled("POST", VERIFY, json=wish))[1] == {"valid": True, "name": "CAVV"}
    assert (await ruled("POST", VERIFY, json={**wish, "messageVersion": "2.3"}))[1] == {
        "valid": True,
        "name": "CAVV",
        "advice": "messageVersion is 2.3, the authentication's 2.2.0",
    }
    another = {
        **made_by("mastercard", PAN),
        "purchaseDate": "20260615120000",
        "dsTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    }
    assert (await ruled("POST", VERIFY, json=another))[1] == {"valid": False, "name": "AAV"}
