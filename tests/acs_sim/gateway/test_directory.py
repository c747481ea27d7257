"""What the gateway does when the directory server answers badly or not at all, and how long it believes its card ranges."""

import asyncio
import json

import pytest

from tests.acs_sim.gateway.test_purchases import answer, outcome
from tests.support.ports import free_port
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = pytest.mark.slow

ERRO = {
    "messageType": "Erro",
    "messageVersion": "2.2.0",
    "errorCode": "402",
    "errorComponent": "D",
    "errorDescription": "timed out",
    "errorDetail": "the ACS was silent",
}


def said(purchase, words):
    return any(words in entry["text"] for entry in purchase["log"])


# --- ARes ---


async def test_an_erro_in_place_of_the_ares_ends_in_an_error_and_pays_nothing(world):
    world.scheme.ares_body = json.dumps(ERRO).encode()
    purchase = await world.purchase()
    assert (purchase["result"], purchase["reason"], answer(purchase)["erreur"]) == ("error", "erro-received", "00003")
    assert said(purchase, "Erro 402 from component D: the ACS was silent")
    assert world.scheme.of("Erro") == []


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"dsTransID": None}, "201", "dsTransID"),
        ({"transStatus": "C", "acsURL": None}, "201", "acsURL"),
        ({"transStatus": "Y", "authenticationValue": None}, "201", "authenticationValue"),
        ({"transStatus": "Z"}, "203", "transStatus"),
        (
            {
                "transStatus": "D",
                "acsDecConInd": "Y",
                "acsChallengeMandated": "Y",
                "authenticationType": "04",
                "cardholderInfo": "x",
            },
            "203",
            "transStatus",
        ),
        ({"threeDSServerTransID": "11111111-2222-4333-8444-555555555555"}, "301", "threeDSServerTransID"),
        ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
    ],
)
async def test_a_wrong_ares_is_complained_of_to_the_directory_server_and_ends_the_purchase(world, change, code, named):
    world.scheme.ares = {"transStatus": "Y", **change}
    purchase = await world.purchase()
    assert (purchase["result"], purchase["reason"]) == ("error", "protocol-error")
    (erro,) = world.scheme.of("Erro")
    assert (erro["errorCode"], erro["errorComponent"], erro["threeDSServerTransID"]) == (code, "S", purchase["id"])
    assert named in erro["errorDetail"]
    assert said(purchase, f"the ARes is refused: {code}")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"\xff", b"[" * 20_000])
async def test_what_is_no_message_ends_the_purchase_in_an_error(world, body):
    world.scheme.ares_body = body
    assert (await world.purchase(shop="monetico"))["result"] == "error"


class TestDirectoryServerThatIsNotThere:
    @pytest.fixture
    def settings(self):
        return {"directory_server_url": f"http://127.0.0.1:{free_port()}"}

    @pytest.mark.parametrize("shop", ["e-transactions", "monetico"])
    async def test_the_payment_ends_in_an_error_that_says_to_try_later(self, world, shop):
        page = await world.pay(await world.to_payment_page(shop))
        assert outcome(page) == ("error", "directory-unreachable")
        back = await world.get(page.attributes["back"]["href"])
        assert outcome(back) == ("error", "technical")
        kinds = [entry["kind"] for entry in await world.runtime.journal.entries_of((await world.newest())["id"])]
        assert "connection failed" in kinds


class TestDirectoryServerThatIsSilent:
    @pytest.fixture
    def settings(self):
        return {"ds_timeout": 0.2}

    async def test_the_payment_ends_when_the_timeout_is_over(self, world):
        world.scheme.hold = asyncio.Event()
        purchase = await world.purchase()
        world.scheme.hold.set()
        assert (purchase["result"], purchase["reason"], answer(purchase)["erreur"]) == (
            "error",
            "directory-timed-out",
            "00098",
        )


# --- card ranges ---


async def test_card_ranges_are_asked_for_once_and_again_after_a_day_as_changes(world):
    for _ in range(3):
        await world.purchase()
    assert len(world.scheme.of("PReq")) == 1
    assert "serialNum" not in world.scheme.of("PReq")[0]
    world.advance(hours=23, minutes=59)
    await world.purchase()
    assert len(world.scheme.of("PReq")) == 1
    world.advance(minutes=1)
    world.scheme.ranges, world.scheme.pres = None, {"cardRangeData": None}
    purchase = await world.purchase()
    assert world.scheme.of("PReq")[1]["serialNum"] == "7"
    assert purchase["enrolled"] is True


async def test_each_scheme_has_ranges_of_its_own(world):
    await world.purchase()
    await world.purchase(compose("mastercard", SCENARIOS["frictionless"]))
    assert len(world.scheme.of("PReq")) == 2


async def test_without_card_ranges_the_areq_is_sent_without_a_method(world):
    world.scheme.pres = {
        "messageType": "Erro",
        **{k: v for k, v in ERRO.items() if k != "messageType"},
        "errorCode": "103",
    }
    purchase = await world.purchase()
    assert (purchase["result"], purchase["threeDSCompInd"], purchase["enrolled"]) == ("accepted", "U", None)
    assert answer(purchase)["enrolement3ds"] == "U"


async def test_a_whole_list_without_a_range_tells_nothing_and_is_asked_for_again(world):
    world.scheme.pres = {"cardRangeData": None}
    purchase = await world.purchase()
    assert (purchase["result"], purchase["enrolled"]) == ("accepted", None)
    world.advance(minutes=1)
    world.scheme.pres = {}
    assert (await world.purchase())["enrolled"] is True
    assert ["serialNum" in preq for preq in world.scheme.of("PReq")] == [False, False]


async def test_a_failure_is_not_repeated_for_a_minute_and_the_old_ranges_stand_meanwhile(world):
    await world.purchase()
    world.advance(days=1)
    world.scheme.pres = {"dsStartProtocolVersion": None}
    assert (await world.purchase())["enrolled"] is True
    assert (await world.purchase())["enrolled"] is True
    assert len(world.scheme.of("PReq")) == 2
    assert world.scheme.of("Erro")[0]["errorMessageType"] == "PRes"
    world.advance(minutes=1)
    world.scheme.pres = {}
    await world.purchase()
    assert len(world.scheme.of("PReq")) == 3


async def test_a_serial_number_that_the_directory_server_forgot_leads_to_the_full_list(world):
    await world.purchase()
    world.advance(days=1)
    answers = iter([{**ERRO, "errorCode": "307"}, {}])
    usual = world.scheme._pres
    world.scheme._pres = lambda preq, scheme: {**usual(preq, scheme), **next(answers)}
    assert (await world.purchase())["enrolled"] is True
    assert ["serialNum" in preq for preq in world.scheme.of("PReq")] == [False, True, False]


async def test_ranges_that_overlap_are_refused_and_complained_of(world):
    one = world.scheme.card_range("4000000000000000", "4999999999999999")
    world.scheme.ranges = [one, {**one, "startRange": "4500000000000000"}]
    assert (await world.purchase())["enrolled"] is None
    assert world.scheme.of("Erro")[0]["errorDetail"] == "cardRangeData"


async def test_many_buyers_at_once_ask_for_the_ranges_once(world):
    await asyncio.gather(*(world.purchase() for _ in range(10)))
    assert len(world.scheme.of("PReq")) == 1
