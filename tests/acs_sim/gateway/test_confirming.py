"""A purchase by script that the browser confirms (ARes S), with the real directory server and ACS: what each answer leads to."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from acs_sim.gateway.three_ds_server.confirmation import another_id, brought
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import Caller
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from threedsecure.web.clock import Clock


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


async def confirming(stack, session):
    desk, shop = Caller(session, stack.addresses.desk), Caller(session, stack.addresses.shop)
    _, card, _ = await desk("POST", "/api/cards", json={"scheme": "visa", "scenario": "challenge-spc", "passkey": True})
    wanted = {"pan": card["pan"], "expiry": card["expiry"], "amount": 4200, "spc": True, "method": "perform"}
    _, purchase, _ = await shop("POST", "/api/purchases", json=wanted)
    assert (purchase["state"], purchase["transStatus"]) == ("confirming", "S"), purchase
    return desk, shop, purchase


async def test_what_the_passkey_signed_is_authorised(stack, session):
    desk, shop, purchase = await confirming(stack, session)
    _, answer, _ = await desk("GET", f"/api/transactions/{purchase['id']}/assertion")
    _, after, _ = await shop("POST", f"/api/purchases/{purchase['id']}/confirm", json=answer["posted"])
    assert (after["result"], after["reason"], after["authentication"]["source"]) == (
        "accepted",
        "authenticated",
        "ARes",
    )
    status, problem, _ = await shop("POST", f"/api/purchases/{purchase['id']}/confirm", json=answer["posted"])
    assert (status, problem["detail"]) == (409, "ask does not follow settled")


@pytest.mark.parametrize(
    ("posted", "found"),
    [({"error": "AbortError"}, []), ({}, []), ({"assertion": {"id": "nobody's"}}, ["confirmation-refused"])],
)
async def test_everything_else_is_challenged_and_its_result_finds_the_purchase(stack, session, posted, found):
    desk, shop, purchase = await confirming(stack, session)
    _, after, _ = await shop("POST", f"/api/purchases/{purchase['id']}/confirm", json=posted)
    assert (after["state"], after["transStatus"]) == ("challenge", "C")
    carried = {name: after[name] for name in ("creq", "threeDSSessionData")}
    second = another_id(purchase["id"])
    deed = {"do": "submit", "code": "correct", **carried}
    _, outcome, _ = await desk("POST", f"/api/transactions/{second}/cardholder", json=deed)
    assert (outcome["transStatus"], outcome["notification"]["status"]) == ("Y", 200)
    _, settled, _ = await shop("GET", f"/api/purchases/{purchase['id']}?wait=30")
    assert (settled["result"], settled["authentication"]["source"]) == ("accepted", "RReq")
    _, verdict, _ = await desk("GET", f"/api/transactions/{second}/findings")
    assert [finding["rule"] for finding in verdict["findings"]] == found


def test_the_second_id_leads_back_to_the_first():
    first = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
    assert another_id(first) == "0a880dc0-d2d2-4067-bcb1-b08d1690b26e"
    assert another_id(another_id(first)) == first


@pytest.mark.parametrize(
    ("posted", "incomplete"),
    [
        ('{"error":"AbortError"}', "02"),
        ('{"error":"OptOutError"}', "02"),
        ('{"error":"NotAllowedError"}', "01"),
        ('{"error":"AbortError","message":"it timed out or was not allowed"}', "01"),
        ('{"error":"SecurityError"}', "01"),
        ('{"error":"NotSupportedError"}', "01"),
        ('{"error":"TimeoutError"}', "03"),
        ("", "01"),
        ("[]", "01"),
        ("[" * 60_000, "01"),
    ],
)
def test_each_outcome_of_the_browser_has_its_indicator(posted, incomplete):
    assert brought(posted, STARTED_AT) == {"spcIncompInd": incomplete}
