"""What comes twice, late, in the wrong order, or for somebody else: the reference gateway in front of each race, by its name."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest
from msgspec.structs import replace

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.buyer import Buyer, until
from tests.acs_sim.conftest import STARTED_AT
from tests.support.engine import on_both_engines, on_sqlite_alone
from tests.support.ports import with_free_ports
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.clock import Clock

pytestmark = on_both_engines


@pytest.fixture
async def buyer():
    async with AsyncExitStack() as life:
        settings = with_free_ports(Settings(fresh=True, seed=1))
        stack = await life.enter_async_context(running_stack(settings, clock=Clock(frozen_at=STARTED_AT)))
        session = await life.enter_async_context(aiohttp.ClientSession())
        browser = await life.enter_async_context(HttpTransport.session())
        yield Buyer(session, HttpTransport(browser), stack.addresses)


def notes(purchase):
    return [entry["text"] for entry in purchase["log"]]


async def challenge_with(buyer, *faults, scenario="challenge-auto-pass"):
    card = await buyer.mint(scenario, faults=faults)
    purchase = await buyer.buy(card)
    assert purchase["state"] == "challenge"
    return purchase, await buyer.challenged(purchase)


async def test_rreq_twice_is_acknowledged_twice_and_pays_once(buyer):
    purchase, _ = await challenge_with(buyer, {"at": "RReq", "do": "twice"})
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("accepted", "authenticated")
    assert [one["message"]["do"] for one in await buyer.messages(purchase, "fault")] == ["twice"]
    (copy,) = await buyer.messages(purchase, "copy")
    assert (copy["from"], copy["to"], copy["message"]["says"]) == (
        "Directory Server",
        "3DS Server",
        "copy 2, answered with HTTP 200",
    )
    assert (copy["message"]["sent"]["messageType"], copy["message"]["answer"]["messageType"]) == ("RReq", "RRes")


async def test_rreq_whose_rres_is_lost_is_sent_again_and_pays_once(buyer):
    purchase, _ = await challenge_with(buyer, {"at": "RReq", "do": "reset"})
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("accepted", "authenticated")
    assert len([text for text in notes(ended) if text.startswith("RReq ")]) == 1


async def test_rreq_never_ends_in_an_error_and_not_in_what_the_cres_said(buyer):
    purchase, _ = await challenge_with(buyer, {"at": "RReq", "do": "refuse", "when": "every"})
    await buyer.advance("1h")
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("error", "no-result")


async def test_rreq_after_the_cres_decides_when_it_comes(buyer):
    purchase, _ = await challenge_with(buyer, {"at": "RReq", "do": "refuse", "when": "every"})
    assert (await buyer.ended(purchase, wait=0))["state"] == "returned"
    await buyer.desk("DELETE", "/api/faults")
    await buyer.advance("20s")
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("accepted", "authenticated")


async def test_rreq_against_cres_the_rreq_decides(buyer):
    lie = {"at": "CRes post", "do": "set", "element": "transStatus", "value": "Y"}
    purchase, statuses = await challenge_with(buyer, lie, scenario="challenge-auto-fail")
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("refused", "not-authenticated")
    assert statuses == [200]
    assert any("mismatch: the CRes says Y, the RReq says N" in text for text in notes(ended))


@pytest.mark.parametrize("scenario", ["results-never", "results-twice", "results-contradicting"])
async def test_the_orderings_of_cards_race_the_same_way_without_a_fault(buyer, scenario):
    purchase = await buyer.buy(await buyer.mint(scenario))
    outcome = await buyer.desk(
        "POST",
        f"/api/transactions/{purchase['id']}/cardholder",
        {
            "do": "submit",
            "code": "correct",
            "threeDSSessionData": purchase["threeDSSessionData"],
            "creq": purchase["creq"],
        },
    )
    assert outcome["transStatus"] == ("N" if scenario == "results-contradicting" else "Y")
    if scenario == "results-never":
        await buyer.advance("1h")
    ended = await buyer.ended(purchase)
    assert ended["result"] == ("error" if scenario == "results-never" else "accepted")


async def test_cres_posted_twice_pays_once(buyer):
    purchase, statuses = await challenge_with(buyer, {"at": "CRes post", "do": "twice"})
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("accepted", "authenticated")
    assert statuses == [200, 200]


async def test_cres_posted_to_another_session_moves_neither_purchase(buyer):
    fault = {"at": "CRes post", "do": "other-session"}
    other = await buyer.buy(await buyer.mint("challenge-auto-pass", faults=[fault | {"when": {"nth": 2}}]))
    card = await buyer.mint("challenge-auto-pass", faults=[fault])
    await buyer.opened(other)  # so that its session is known
    purchase = await buyer.buy(card)
    statuses = await buyer.challenged(purchase)
    assert statuses == [403], "the session is another purchase's, and the CRes is not that one's"
    assert (await buyer.ended(other, wait=0))["state"] == "challenge"
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("accepted", "authenticated"), "the RReq had come"


async def test_method_callback_after_the_areq_changes_nothing_but_the_log(buyer):
    await buyer.arm("Method callback", "late")
    purchase = await buyer.buy(await buyer.mint("frictionless"))
    assert purchase["threeDSCompInd"] == "N"

    async def noted():
        ended = await buyer.ended(purchase)
        return ended if any("no longer awaited" in text for text in notes(ended)) else None

    ended = await until(noted)
    assert (ended["result"], ended["reason"]) == ("accepted", "authenticated")


async def test_ares_after_the_gateways_timeout_leaves_a_result_that_nobody_awaits(buyer):
    card = await buyer.mint("challenge-otp", faults=[{"at": "ARes", "do": "delay", "seconds": 3600}])
    buying = asyncio.create_task(buyer.buy(card))

    async def decided():
        found = (await buyer.desk("GET", f"/api/transactions?pan={card['pan']}"))["transactions"]
        return any(one["state"] == "challenged" for one in found)

    await until(decided)
    await buyer.advance("30s")  # the gateway's patience
    purchase = await buying
    assert (purchase["result"], purchase["reason"]) == ("error", "directory-timed-out")
    await buyer.advance("5s")  # the bank ends a challenge that nobody begins, and reports it
    reported = await until(lambda: buyer.messages(purchase, "RReq"))
    assert reported[-1]["message"]["challengeCancel"] == "05"
    assert (await buyer.ended(purchase))["result"] == "error"


async def test_a_result_for_an_unknown_transaction_is_refused_with_301(buyer):
    purchase, _ = await challenge_with(buyer, {"at": "RReq", "do": "swap-ids", "with": "unknown"})
    erro = (await buyer.messages(purchase, "Erro"))[0]["message"]
    assert (erro["errorCode"], erro["errorComponent"]) == ("301", "S")
    await buyer.advance("1h")
    ended = await buyer.ended(purchase)
    assert (ended["result"], ended["reason"]) == ("error", "no-result")


async def test_a_result_with_the_ids_of_another_transaction_moves_neither(buyer):
    other = await buyer.buy(await buyer.mint("challenge-otp", faults=[{"at": "SMS", "do": "delay", "seconds": 1}]))
    purchase, _ = await challenge_with(buyer, {"at": "RReq", "do": "swap-ids", "element": "threeDSServerTransID"})
    assert (await buyer.ended(other, wait=0))["state"] == "challenge"
    await buyer.advance("1h")
    assert (await buyer.ended(purchase))["result"] == "error"


async def test_faults_reach_parties_of_other_processes_and_are_spent_for_all():
    async with AsyncExitStack() as life:
        base = with_free_ports(Settings(fresh=True, seed=1))
        await life.enter_async_context(running_stack(replace(base, only=("acs", "phone"))))
        here = await life.enter_async_context(running_stack(replace(base, only=("shop", "ds", "desk"))))
        session = await life.enter_async_context(aiohttp.ClientSession())
        browser = await life.enter_async_context(HttpTransport.session())
        buyer = Buyer(session, HttpTransport(browser), here.addresses)
        fault = {"at": "ARes", "do": "set", "element": "transStatus", "value": "Z", "from": "ACS"}
        purchase = await buyer.buy(await buyer.mint("frictionless", faults=[fault]))
        assert (purchase["result"], purchase["reason"]) == ("error", "erro-received")
        assert (await buyer.desk("GET", "/api/faults"))["faults"] == []
        assert (await buyer.ended(await buyer.buy(await buyer.mint("frictionless"))))["result"] == "accepted"


@on_sqlite_alone
async def test_a_real_browser_posts_the_cres_twice_too(buyer, page):
    purchase = await buyer.buy(await buyer.mint("challenge-auto-pass", faults=[{"at": "CRes post", "do": "twice"}]))
    fields = {name: purchase[name] for name in ("creq", "threeDSSessionData")}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    await page.set_content(f'<form method="post" action="{purchase["acsURL"]}">{inputs}<button>Pay</button></form>')
    await page.click("button")

    async def both():
        return len(await buyer.messages(purchase, "CRes")) >= 3  # as the bank wrote it, and as it was brought, twice

    await until(both)
    assert (await buyer.ended(purchase))["reason"] == "authenticated"
