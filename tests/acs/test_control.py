"""What the desk asks of the ACS."""

import pytest

from tests.acs.stage import OTP, stage
from tests.acs.test_areq import card
from tests.support.engine import on_both_engines
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = on_both_engines

MINTED = compose("visa", SCENARIOS["frictionless"], serial="4242")


async def test_a_minted_card_does_what_it_was_told(acs):
    told = {"pan": MINTED, "scenario": "challenge-otp", "phone": "+9995550", "tries": 1, "language": "fr"}
    assert await acs.control("cards", told) == (201, told)
    ares = await acs.ask(MINTED)
    page = await acs.open(ares)
    assert acs.phone.messages[-1]["to"] == "+9995550"
    assert "votre SecureCode" in acs.phone.messages[-1]["body"]
    assert '<html lang="fr"' in page.text
    await acs.type(page, acs.phone.wrong_code)
    assert acs.directory.rreqs[0]["transStatusReason"] == "19"
    assert acs.directory.rreqs[0]["interactionCounter"] == "01"


async def test_a_card_is_registered_once_even_when_it_was_used_before(acs):
    await acs.challenge(OTP)
    assert (await acs.control("cards", {"pan": OTP, "scenario": "rejected"}))[0] == 201
    status, problem = await acs.control("cards", {"pan": OTP, "scenario": "frictionless"})
    assert (status, problem["title"]) == (409, "Conflict")
    assert (await acs.ask(OTP))["transStatus"] == "R"


async def test_cards_are_found_and_listed(acs):
    assert (await acs.control("cards/find", {"pan": MINTED}))[0] == 404
    await acs.control("cards", {"pan": MINTED, "scenario": "rejected"})
    found = (await acs.control("cards/find", {"pan": MINTED}))[1]
    assert (found["pan"], found["scenario"]) == (MINTED, "rejected")
    assert found["phone"].startswith("+999")
    assert (await acs.control("cards/list"))[1] == {"cards": [found]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"pan": MINTED}, 400),
        ({"pan": 4, "scenario": "rejected"}, 400),
        ({"pan": "4111111111111111", "scenario": "rejected"}, 422),
        ({"pan": MINTED, "scenario": "no-such-thing"}, 422),
        ({"pan": MINTED, "scenario": "rejected", "phone": "0639"}, 400),
        ({"pan": MINTED, "scenario": "rejected", "tries": 0}, 400),
        ({"pan": MINTED, "scenario": "rejected", "tries": True}, 400),
        ({"pan": MINTED, "scenario": "rejected", "language": "<b>"}, 400),
    ],
)
async def test_a_card_that_cannot_be_is_a_problem(acs, body, status):
    answered, problem = await acs.control("cards", body)
    assert (answered, problem["status"]) == (status, status)
    assert problem["detail"]


async def test_the_headless_cardholder_finds_everything_it_needs(acs):
    ares = await acs.ask()
    asked = {"id": ares["acsTransID"]}
    before = (await acs.control("challenge", asked))[1]
    assert (before["state"], before["creq"], before["code"]) == ("creq-awaited", None, None)
    assert before["acs_url"] == ares["acsURL"]
    await acs.open(ares)
    during = (await acs.control("challenge", asked))[1]
    assert (during["state"], during["tries_left"], during["resends_left"]) == ("challenging", 3, 2)
    assert during["code"] == acs.phone.code
    assert during["notification_url"] == "http://127.0.0.1:8400/3ds2/notification"
    page = await acs.post(during["acs_url"], {"creq": during["creq"]})
    assert (await acs.type(page, during["code"])).cres["transStatus"] == "Y"
    after = (await acs.control("challenge", asked))[1]
    assert (after["state"], after["code"]) == ("reported", None)


@pytest.mark.parametrize("body", [{"id": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"}, {"id": "\0é"}])
async def test_a_challenge_that_is_not_there_is_404(acs, body):
    assert (await acs.control("challenge", body))[0] == 404


async def test_a_transaction_without_a_challenge_has_none_to_look_at(acs):
    ares = await acs.ask(card("frictionless"))
    assert (await acs.control("challenge", {"id": ares["acsTransID"]}))[0] == 404


async def test_transactions_are_listed_oldest_first_and_limited(acs):
    names = [(await acs.ask())["acsTransID"] for _ in range(3)]
    listed = (await acs.control("transactions"))[1]["transactions"]
    assert [each["acsTransID"] for each in listed] == names
    newest = (await acs.control("transactions", {"limit": 1}))[1]["transactions"]
    assert [each["acsTransID"] for each in newest] == names[-1:]
    some = (await acs.control("transactions", {"ids": [names[1], "unknown", "\0é"]}))[1]["transactions"]
    assert [each["acsTransID"] for each in some] == [names[1]]
    assert (some[0]["state"], some[0]["transStatus"], some[0]["pan"]) == ("creq-awaited", "C", "400000******0001")


@pytest.mark.parametrize("body", [{"limit": 0}, {"limit": 10**9}, {"limit": "3"}, {"ids": "x"}, {"ids": [1]}, [1]])
async def test_a_list_that_cannot_be_asked_for_is_a_problem(acs, body):
    assert (await acs.control("transactions", body))[0] == 400


async def test_reset_forgets_everything(acs):
    await acs.control("cards", {"pan": MINTED, "scenario": "rejected"})
    await acs.ask()
    assert await acs.control("reset") == (200, {})
    assert (await acs.control("transactions"))[1] == {"transactions": []}
    assert (await acs.control("cards/list"))[1] == {"cards": []}
    assert (await acs.ask(MINTED))["transStatus"] == "Y"


async def test_codes_do_not_begin_again_after_a_reset(acs):
    await acs.challenge()
    before = acs.phone.code
    await acs.control("reset")
    await acs.challenge()
    assert acs.phone.code != before


async def test_the_service_is_ready_when_its_storage_is_open():
    async with stage() as acs, acs.browser.get(acs.url + "/readyz") as answer:
        assert answer.status == 200
