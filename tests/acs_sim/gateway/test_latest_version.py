"""The gateway in EMV 3DS 2.3.1: what it asks, and a whole purchase in both shops through the real parties."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from acs_sim.gateway.settings import Waits
from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import Caller
from tests.support.ports import with_free_ports
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Leg, check, context_of

LATEST = "2.3.1"


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"version": LATEST}


def listed(*versions):
    spoken = [{"version": version} for version in versions]
    ranges = [{"ranges": [{"start": "4" + "0" * 15, "end": "4" + "9" * 15}], "acsProtocolVersions": spoken}]
    elements = {"dsProtocolVersions": ["2.1.0", "2.2.0", LATEST], "readOrder": "01", "cardRangeData": ranges}
    return elements | {"dsStartProtocolVersion": None, "dsEndProtocolVersion": None}


@pytest.mark.parametrize("javascript", [True, False])
async def test_the_highest_common_version_is_spoken_and_its_areq_satisfies_the_element_tables(world, javascript):
    world.scheme.pres = listed("2.2.0", LATEST)
    told = {"browserJavascriptEnabled": "true", "browserColorDepth": "24", "browserTZ": "-120"} if javascript else {}
    await world.pay(await world.to_payment_page(), **told)
    areq = world.scheme.areq
    check(areq, context_of(areq, Leg.THREE_DS_SERVER_TO_DS))
    assert (areq["messageVersion"], areq["threeDSRequestorChallengeInd"]) == (LATEST, ["01"])
    assert world.scheme.of("Erro") == []


async def test_a_range_that_does_not_speak_it_is_spoken_to_in_what_it_speaks(world):
    world.scheme.pres = listed("2.1.0", "2.2.0")
    assert (await world.purchase())["version"] == "2.2.0"


async def test_a_directory_server_that_does_not_speak_it_is_asked_again_in_what_it_speaks(world):
    world.scheme.unspoken = {LATEST}
    assert (await world.purchase())["version"] == "2.2.0"
    assert [preq["messageVersion"] for preq in world.scheme.of("PReq")] == [LATEST, "2.2.0"]


async def test_its_3ds_method_is_waited_for_five_seconds_of_the_clock(world):
    url = f"{world.scheme.url}/method"
    spoken = {"acsProtocolVersions": [{"version": LATEST, "threeDSMethodURL": url}]}
    world.scheme.pres = listed(LATEST)
    world.scheme.pres["cardRangeData"][0] |= spoken
    page = await world.pay(await world.to_payment_page())
    assert await running(world, page)
    world.advance(seconds=4.9)
    assert await running(world, page)
    world.advance(seconds=0.1)
    assert not await running(world, page)


SHOWN = {
    "challenge": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE",
    "currency": "EUR",
    "displayName": "Carte •••• 0009",
    "icon": "data:,",
    "timeout": "180000",
    "value": "42.00",
    "payeeOrigin": "https://localhost",
}
LISTED = [{"rpID": "localhost", "credentialIds": "A" * 22}]


@pytest.mark.parametrize("settings", [{"version": LATEST, "second_areq_keeps_id": kept} for kept in (False, True)])
async def test_whether_the_second_areq_keeps_its_id_is_a_setting(world, settings):
    world.scheme.pres = listed(LATEST)
    world.scheme.ares = {"transStatus": "S", "spcTransData": SHOWN, "webAuthnCredList": LISTED}
    purchase = await world.purchase(spc=True)
    world.scheme.ares = {"transStatus": "Y", "authenticationMethod": ["14"]}
    await world.json("POST", f"/api/purchases/{purchase['id']}/confirm", {"assertion": {"id": "A" * 22}})
    first, second = world.scheme.of("AReq")
    assert (first["threeDSServerTransID"] == second["threeDSServerTransID"]) is settings["second_areq_keeps_id"]


@pytest.mark.parametrize("settings", [{"version": LATEST, "waits": Waits(confirmation=timedelta(minutes=2))}])
async def test_how_long_the_browser_may_take_to_confirm_is_a_setting(world):
    world.scheme.pres = listed(LATEST)
    world.scheme.ares = {"transStatus": "S", "spcTransData": SHOWN, "webAuthnCredList": LISTED}
    purchase = await world.purchase(spc=True)
    world.advance(minutes=2)
    told = await world.json("GET", f"/api/purchases/{purchase['id']}?wait=30")
    assert (purchase["state"], told["result"], len(world.scheme.of("AReq"))) == ("confirming", "error", 1)


async def running(world, page):
    return (await world.json("GET", page.attributes["continue-form"]["data-poll"]))["running"]


@pytest.fixture
async def whole():
    async with (
        running_stack(with_free_ports(Settings(fresh=True, seed=1))) as stack,
        aiohttp.ClientSession() as session,
    ):
        desk, shops = Caller(session, stack.addresses.desk), Caller(session, stack.addresses.shop)
        yield desk, shops


@pytest.mark.parametrize("digit", ["3", "0"])
@pytest.mark.parametrize("shop", ["e-transactions", "monetico"])
async def test_a_card_that_knows_it_pays_in_it_from_the_order_to_the_receipt(whole, shop, digit):
    desk, shops = whole
    pan = compose("visa", SCENARIOS["challenge-otp"], serial="8", version=digit)
    wish = {"shop": shop, "pan": pan, "expiry": "3012", "amount": 4200, "method": "perform"}
    status, purchase, _ = await shops("POST", "/api/purchases", json=wish)
    assert (status, purchase["version"], purchase["transStatus"]) == (201, LATEST, "C")
    await desk("POST", f"/api/transactions/{purchase['id']}/cardholder", json={"do": "submit", "code": "correct"})
    _, paid, _ = await shops("GET", f"/api/purchases/{purchase['id']}?wait=30")
    assert (paid["result"], paid["authentication"]["trans_status"], paid["authentication"]["eci"]) == (
        "accepted",
        "Y",
        "05",
    )
    assert paid["threeDSCompInd"] == "Y"
    _, told, _ = await desk("GET", f"/api/transactions/{purchase['id']}/messages")
    kinds = [one["kind"] for one in told["messages"]]
    assert "Erro" not in kinds
    assert {one["message"].get("messageVersion") for one in told["messages"]} - {None} == {LATEST}


async def test_a_card_that_is_refused_in_it_is_refused(whole):
    desk, shops = whole
    wish = {
        "pan": compose("mastercard", SCENARIOS["challenge-auto-fail"], version="3"),
        "expiry": "3012",
        "amount": 100,
    }
    _, purchase, _ = await shops("POST", "/api/purchases", json=wish)
    await desk("POST", f"/api/transactions/{purchase['id']}/cardholder", json={"do": "submit", "code": "correct"})
    _, over, _ = await shops("GET", f"/api/purchases/{purchase['id']}?wait=30")
    assert (over["version"], over["result"], over["reason"]) == (LATEST, "refused", "not-authenticated")
