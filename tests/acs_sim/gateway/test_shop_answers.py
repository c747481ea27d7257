"""The sealed answers from the payment page to the shop's server: what a shop believes, and what happens when it does not listen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode

import pytest
from aiohttp import web

from acs_sim.gateway.forms import seals
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.records.storage import PurchaseStorage
from tests.acs_sim.gateway.conftest import until
from tests.acs_sim.gateway.test_payment_pages import resealed, sealed
from tests.acs_sim.gateway.test_purchases import answer, outcome


class ListeningShop:
    """A shop of one's own that keeps what it is told. `answers`: HTTP status and body, one per call, the last for ever."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.answers: list[tuple[int, str]] = [(200, "")]
        self.url = ""
        self.asked = asyncio.Event()
        self.hold: asyncio.Event | None = None

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append((await request.read()).decode())
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        status, text = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, text=text)


@asynccontextmanager
async def listening_shop() -> AsyncIterator[ListeningShop]:
    shop, app = ListeningShop(), web.Application()
    app.router.add_post("/ipn", shop.hear)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ipn"
    try:
        yield shop
    finally:
        await runner.cleanup()


@pytest.fixture
async def shop():
    async with listening_shop() as found:
        yield found


async def pay_at(world, shop):
    fields = resealed("e-transactions", {**await sealed(world, "e-transactions"), "PBX_REPONDRE_A": shop.url})
    page = await world.post("/cgi/MYchoix_pagepaiement.cgi", fields)
    return await world.pay(page)


async def said(world, words, times):
    """Whether the log of the newest purchase says `words` so many times."""
    return sum(words in entry["text"] for entry in (await world.newest())["log"]) == times


async def post_raw(world, path, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with world.session.post(world.url + path, data=body, headers=headers) as found:
        return found.status, await found.text()


async def test_a_shop_elsewhere_is_told_once_when_it_listens(world, shop):
    assert outcome(await pay_at(world, shop)) == ("accepted", "authenticated")
    assert len(shop.heard) == 1
    assert dict(parse_qsl(shop.heard[0]))["erreur"] == "00000"
    assert shop.heard[0].rpartition("&")[2].startswith("signature=")


async def test_a_shop_that_does_not_listen_is_told_again_each_minute_five_times_in_all(world, shop):
    shop.answers = [(503, "later")]
    await pay_at(world, shop)
    purchase = await world.newest()
    assert (purchase["finished"], purchase["answer"]["delivered"]) == (True, False)
    for attempts in range(2, 6):
        world.advance(minutes=1)
        await until(lambda expected=attempts: said(world, "did not take", expected))
    world.advance(minutes=10)
    await world.purchase()
    assert len(shop.heard) == 5
    assert len(set(shop.heard)) == 1


async def test_a_shop_that_listens_the_second_time_is_left_in_peace(world, shop):
    shop.answers = [(500, ""), (200, "")]
    await pay_at(world, shop)
    world.advance(minutes=1)
    await until(lambda: said(world, "the shop took", 1))
    world.advance(minutes=10)
    await world.purchase()
    assert len(shop.heard) == 2


async def test_a_shop_that_is_slow_is_told_once_and_the_gateway_rests_meanwhile_however_fast_the_clock_runs(
    world, shop, monkeypatch
):
    looked, due = [], PurchaseStorage.due

    async def counted(storage, now):
        looked.append(now)
        return await due(storage, now)

    monkeypatch.setattr(PurchaseStorage, "due", counted)
    shop.hold = asyncio.Event()
    paying = asyncio.create_task(pay_at(world, shop))
    await shop.asked.wait()
    world.advance(minutes=5)
    await world.to_payment_page()  # which makes the gateway look what is due
    looked.clear()
    for _ in range(20):
        await world.get("/load.html")
    assert len(looked) < 5
    shop.hold.set()
    assert outcome(await paying) == ("accepted", "authenticated")
    assert len(shop.heard) == 1


async def test_a_shop_that_says_nothing_keeps_no_other_one_waiting(world, shop):
    """Both are told again at the same minute; the first one takes the connection and is silent."""
    async with listening_shop() as other:
        shop.answers = [(503, "later")]
        other.answers = [(503, "later"), (200, "")]
        await pay_at(world, shop)
        await pay_at(world, other)
        shop.hold = asyncio.Event()
        shop.asked.clear()
        world.advance(minutes=1)
        await shop.asked.wait()
        await until(lambda: said(world, "the shop took", 1))
        assert (len(shop.heard), len(other.heard)) == (2, 2)
        shop.hold.set()


async def test_the_answers_are_journalled_with_their_purchase(world):
    purchase = await world.purchase(shop="monetico")
    entries = await world.runtime.journal.entries_of(purchase["id"])
    kinds = [(entry["from"], entry["to"], entry["kind"]) for entry in entries]
    assert ("3DS Server", "Shop", "CGI2") in kinds
    assert ("Shop", "3DS Server", "CGI2 answer") in kinds


async def test_the_shop_refuses_an_ipn_whose_signature_does_not_hold(world):
    world.scheme.ares = {"transStatus": "N"}
    body = (await world.purchase())["answer"]["body"]
    forged = body.replace("erreur=00040", "erreur=00000")
    assert forged != body
    assert (await post_raw(world, "/shops/e-transactions/ipn", forged))[0] == 400
    for nonsense in ("", "signature=", "erreur=00000", "a=1&signature=%C3%A9"):
        assert (await post_raw(world, "/shops/e-transactions/ipn", nonsense))[0] == 400
    assert (await post_raw(world, "/shops/e-transactions/ipn", body))[0] == 200


async def test_the_shop_refuses_a_return_whose_address_was_changed(world):
    world.scheme.ares = {"transStatus": "N"}
    page = await world.pay(await world.to_payment_page())
    forged = page.attributes["back"]["href"].replace("erreur=00040", "erreur=00000").replace("refused", "accepted")
    refused = await world.get(forged, 400)
    assert "result" not in refused.attributes


async def test_the_address_of_the_return_page_decides_nothing(world):
    world.scheme.ares = {"transStatus": "N"}
    page = await world.pay(await world.to_payment_page())
    moved = page.attributes["back"]["href"].replace("/return/refused", "/return/accepted")
    assert outcome(await world.get(moved)) == ("refused", "not-authenticated")


async def test_the_shop_answers_cdr_1_to_a_cgi2_whose_mac_does_not_hold(world):
    world.scheme.ares = {"transStatus": "N"}
    fields = answer(await world.purchase(shop="monetico"))
    forged = {**fields, "code-retour": "payetest"}
    assert await post_raw(world, "/shops/monetico/cgi2", urlencode(forged)) == (200, "version=2\ncdr=1\n")
    assert await post_raw(world, "/shops/monetico/cgi2", urlencode(fields)) == (200, "version=2\ncdr=0\n")


async def test_the_shop_refuses_an_answer_about_another_amount(world):
    fields = answer(await world.purchase(shop="monetico"))
    other = {**fields, "montant": "1.00EUR"}
    other["MAC"] = seals.monetico_mac(other, monetico.KEY)
    assert (await post_raw(world, "/shops/monetico/cgi2", urlencode(other)))[1] == "version=2\ncdr=1\n"


async def test_an_order_that_is_paid_stays_paid_whatever_comes_later(world):
    page = await world.pay(await world.to_payment_page("monetico"))
    fields = answer(await world.newest())
    later = {name: value for name, value in fields.items() if name != "numauto"}
    later |= {"code-retour": "Annulation", "motifrefus": "Refus"}
    later["MAC"] = seals.monetico_mac(later, monetico.KEY)
    assert (await post_raw(world, "/shops/monetico/cgi2", urlencode(later)))[1] == "version=2\ncdr=0\n"
    assert outcome(await world.get(page.attributes["back"]["href"])) == ("accepted", "paid")


async def test_an_order_that_the_shop_does_not_know_is_said_to_be_unknown(world):
    await world.get("/shops/monetico/return/ok?order=nobody", 404)
    await world.get("/shops/monetico/return/ok", 404)
    await world.get("/shops/nowhere", 404)


async def test_the_monetico_shop_waits_for_the_server_answer_and_believes_no_browser(world):
    page = await world.to_payment_page("monetico")
    assert page.forms["payment-form"]
    order = (await world.newest())["reference"]
    token = world.runtime.vault.token("order", order)
    back = await world.get(f"/shops/monetico/return/ok?order={token}")
    assert outcome(back) == ("waiting", "waiting")


@pytest.mark.parametrize("way", ["bank-transfer", "paypal"])
@pytest.mark.parametrize("shop_name", ["e-transactions", "monetico"])
async def test_ways_to_pay_without_a_card_never_reach_3d_secure_and_say_so(world, way, shop_name):
    page = await world.get(f"/shops/{shop_name}")
    form = page.forms["basket"]
    ordered = await world.post(form["action"], {**form["fields"], "way": way})
    assert ordered.attributes["other-way"]["data-way"] == way
    assert "3-D Secure" in ordered.source
    assert (await world.json("GET", "/api/purchases"))["purchases"] == []
    assert world.scheme.received == []


@pytest.mark.parametrize(
    ("basket", "way"),
    [
        ({"teapot": "0"}, "card"),
        ({"teapot": "-1"}, "card"),
        ({"teapot": "10"}, "card"),
        ({"teapot": "x"}, "card"),
        ({}, "gold"),
        ({}, ""),
    ],
)
async def test_a_basket_that_cannot_be_ordered_is_shown_again_with_the_reason(world, basket, way):
    form = (await world.get("/shops/e-transactions")).forms["basket"]
    again = await world.post(form["action"], {**form["fields"], **basket, "way": way}, 422)
    assert again.attributes["message"]["role"] == "alert"


async def test_the_total_of_the_basket_is_what_is_paid(world):
    await world.pay(await world.to_payment_page(teapot="2", tea="1"))
    assert world.scheme.areq["purchaseAmount"] == "9850"
