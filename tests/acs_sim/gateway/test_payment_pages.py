"""The doors of the payment page: what is let in, what is refused, and that every page can be reloaded."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec.structs import replace
from structlog.testing import capture_logs

from acs_sim.gateway.forms import seals
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.pages.rendering import Pages
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.records.storage import PurchaseStorage
from acs_sim.gateway.settings import GatewaySettings
from tests.acs_sim.gateway.test_purchases import outcome
from tests.acs_sim.gateway.test_steps import REQUEST

PAGES = {"e-transactions": "/cgi/MYchoix_pagepaiement.cgi", "monetico": "/test/paiement.cgi"}


async def sealed(world, shop):
    page = await world.get(f"/shops/{shop}")
    form = page.forms["basket"]
    left = await world.post(form["action"], {**form["fields"], "way": "card"})
    return left.forms["to-payment"]["fields"]


def resealed(shop, fields):
    if shop == "monetico":
        return {**fields, "MAC": seals.monetico_mac(fields, monetico.KEY)}
    return {**fields, "PBX_HMAC": seals.pbx_hmac(fields.items(), seals.PAYBOX_TEST_KEY)}


@pytest.mark.parametrize("shop", PAGES)
async def test_the_payment_page_learns_the_amount_and_the_reference_and_no_basket(world, shop):
    fields = await sealed(world, shop)
    text = " ".join(fields.values())
    assert not {"teapot", "tea", "tuning", "Théière en grès"} & set(text.split())
    assert {"4200", "42.00EUR", "69.00EUR"} & set(fields.values())


@pytest.mark.parametrize(
    ("shop", "name"),
    [
        ("e-transactions", "PBX_TOTAL"),
        ("e-transactions", "PBX_CMD"),
        ("monetico", "montant"),
        ("monetico", "url_retour_ok"),
    ],
)
async def test_a_form_that_was_changed_on_the_way_is_refused_by_a_page_that_says_so(world, shop, name):
    fields = await sealed(world, shop)
    page = await world.post(PAGES[shop], {**fields, name: fields[name] + "1"}, 400)
    assert "HMAC" in page.source or "MAC" in page.source
    assert "payment-form" not in page.forms


@pytest.mark.parametrize(
    ("shop", "change", "named"),
    [
        ("e-transactions", {"PBX_TOTAL": "0.5"}, "PBX_TOTAL"),
        ("e-transactions", {"PBX_TOTAL": "000"}, "PBX_TOTAL"),
        ("e-transactions", {"PBX_DEVISE": "000"}, "PBX_DEVISE"),
        ("e-transactions", {"PBX_RETOUR": "a:K;b:M"}, "PBX_RETOUR"),
        ("e-transactions", {"PBX_RETOUR": "nonsense"}, "PBX_RETOUR"),
        ("e-transactions", {"PBX_EFFECTUE": "javascript:alert(1)"}, "PBX_EFFECTUE"),
        ("e-transactions", {"PBX_REPONDRE_A": "file:///etc/passwd"}, "PBX_REPONDRE_A"),
        ("e-transactions", {"PBX_SITE": "1234567"}, "PBX_SITE"),
        ("e-transactions", {"PBX_HASH": "MD5"}, "PBX_HMAC"),
        ("e-transactions", {"PBX_CMD": ""}, "PBX_CMD"),
        ("e-transactions", {"PBX_SOUHAITAUTHENT": "99"}, "PBX_SOUHAITAUTHENT"),
        ("monetico", {"montant": "42.005EUR"}, "montant"),
        ("monetico", {"montant": "0EUR"}, "montant"),
        ("monetico", {"montant": "42.00ZZZ"}, "montant"),
        ("monetico", {"version": "2.0"}, "version"),
        ("monetico", {"date": "yesterday"}, "date"),
        ("monetico", {"reference": "d\u00e9j\u00e0"}, "reference"),
        ("monetico", {"lgue": "XX"}, "lgue"),
        ("monetico", {"TPE": "1234567"}, "TPE"),
        ("monetico", {"ThreeDSecureChallenge": "maybe"}, "ThreeDSecureChallenge"),
        ("monetico", {"url_retour_err": "//evil"}, "url_retour_err"),
        ("e-transactions", {"PBX_BILLING": "<Billing/>"}, "PBX_BILLING"),
        ("monetico", {"contexte_commande": "not base64"}, "contexte_commande"),
    ],
)
async def test_a_form_that_is_sealed_but_wrong_is_refused_and_the_field_is_named(world, shop, change, named):
    fields = resealed(shop, {**await sealed(world, shop), **change})
    page = await world.post(PAGES[shop], fields, 400)
    assert named in page.source


@pytest.mark.parametrize("page", PAGES.values())
async def test_an_empty_form_names_everything_that_is_missing(world, page):
    found = await world.post(page, {}, 400)
    assert found.source.count("missing") >= 8


async def test_the_page_of_paybox_is_reached_by_an_address_too(world):
    fields = await sealed(world, "e-transactions")
    async with world.session.get(world.url + PAGES["e-transactions"], params=fields) as answer:
        assert answer.status == 200
        assert "card-number" in await answer.text()


async def test_a_card_that_is_wrong_is_asked_again_with_every_fault_named(world):
    page = await world.to_payment_page()
    again = await world.pay(page, "4000000001000002", "13/13", expected=422)
    assert again.attributes["card-number"]["aria-invalid"] == "true"
    assert again.attributes["expiry"]["aria-invalid"] == "true"
    assert "123" not in again.attributes["cryptogram"]["value"]
    assert again.attributes["message"]["role"] == "alert"
    assert outcome(await world.pay(again)) == ("accepted", "authenticated")


async def test_what_was_typed_comes_back_escaped(world):
    again = await world.pay(await world.to_payment_page(), '"><script>alert(1)</script>', expected=422)
    assert "<script>alert" not in again.source


async def test_a_purchase_takes_one_card_and_sends_one_areq_however_often_the_form_is_posted(world):
    page = await world.to_payment_page()
    with capture_logs() as told:
        pages = await asyncio.gather(*(world.pay(page) for _ in range(5)))
    assert {outcome(found) for found in pages} == {("accepted", "authenticated")}
    assert len(world.scheme.of("AReq")) == 1
    assert [line["event"] for line in told].count("purchase settled") == 1


@pytest.mark.parametrize("method_url", [None, "https://acs.example/method"])
def test_only_a_card_with_a_3ds_method_is_sent_through_one(method_url):
    at = datetime(2026, 6, 15, 12, tzinfo=UTC)
    begun = Purchase(
        id="p", token="t", request=REQUEST, channel="shop", created_at=at, deadline_at=None, state="method"
    )
    page = Pages(GatewaySettings()).connecting(replace(begun, method_url=method_url)).body.decode()
    assert ('id="method-form"' in page) is (method_url is not None)
    assert 'id="continue-form"' in page


async def test_a_reload_during_the_areq_waits_and_asks_nobody_again(world):
    world.scheme.hold = asyncio.Event()
    page = await world.to_payment_page()
    first = asyncio.create_task(world.pay(page))
    await world.scheme.asked.wait()
    address = page.forms["payment-form"]["action"].removesuffix("/card")
    waiting = await world.get(address)
    assert "waiting" in waiting.attributes
    assert 'http-equiv="refresh"' in waiting.source
    world.scheme.hold.set()
    assert outcome(await first) == ("accepted", "authenticated")
    assert outcome(await world.get(address)) == ("accepted", "authenticated")
    assert len(world.scheme.of("AReq")) == 1


@pytest.mark.parametrize("shop", PAGES)
async def test_a_buyer_may_leave_the_page_and_the_shop_sees_that_nothing_was_paid(world, shop):
    page = await world.to_payment_page(shop)
    action = page.forms["payment-form"]["action"].replace("/card", "/cancel")
    left = await world.post(action, {})
    assert outcome(left) == ("cancelled", "cancelled-by-buyer")
    back = await world.get(left.attributes["back"]["href"])
    assert outcome(back) == ("cancelled", "cancelled-by-buyer")
    assert "answer" not in await world.newest()


@pytest.mark.parametrize(("shop", "minutes"), [("e-transactions", 15), ("monetico", 45)])
async def test_a_page_that_is_left_alone_expires(world, shop, minutes):
    page = await world.to_payment_page(shop)
    address = page.forms["payment-form"]["action"].removesuffix("/card")
    world.advance(minutes=minutes, seconds=-1)
    assert "payment-form" in (await world.get(address)).forms
    world.advance(seconds=1)
    assert outcome(await world.get(address)) == ("cancelled", "page-expired")
    assert outcome(await world.pay(page)) == ("cancelled", "page-expired")


async def test_a_purchase_that_is_over_takes_no_card_and_no_cancellation(world):
    page = await world.to_payment_page()
    await world.pay(page)
    action = page.forms["payment-form"]["action"]
    for path in (action, action.replace("/card", "/cancel"), action.replace("/card", "/authenticate")):
        assert outcome(await world.post(path, {})) == ("accepted", "authenticated")


@pytest.mark.parametrize("path", ["", "/card", "/authenticate", "/cancel"])
async def test_an_address_that_nobody_was_given_leads_nowhere(world, path):
    found = await (world.post(f"/pay/{'0' * 36}{path}", {}, 404) if path else world.get(f"/pay/{'0' * 36}", 404))
    assert found.attributes["message"]["role"] == "alert"


async def test_the_pages_are_not_framed_by_others_not_kept_and_set_no_cookie(world):
    async with world.session.get(world.url + "/shops/monetico") as answer:
        assert "frame-ancestors 'self';" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


async def test_a_shop_of_ones_own_finds_the_key_that_letter_k_is_verified_with(world):
    async with world.session.get(world.url + "/cgi/pubkey.pem") as answer:
        key = load_pem_public_key(await answer.read())
    line, _, signature = (await world.purchase())["answer"]["body"].rpartition("&signature=")
    assert seals.answer_signature_holds(line, unquote(signature), key)


async def test_the_liveness_page_of_paybox_says_ok(world):
    assert (await world.get("/load.html")).texts["server_status"] == "OK"


@pytest.mark.parametrize(
    ("path", "who"),
    [("MYchoix_pagepaiement", "'self'"), ("FramepagepaiementRWD", "*"), ("MYframepagepaiement_ip", "*")],
)
async def test_a_payment_is_shown_in_a_frame_where_its_shop_says_so(world, path, who):
    form = (await world.get("/shops/e-transactions")).forms["basket"]
    sealed = (await world.post(form["action"], {**form["fields"], "way": "card"})).forms["to-payment"]
    async with world.session.post(f"{world.url}/cgi/{path}.cgi", data=sealed["fields"]) as answer:
        assert answer.status == 200
        assert f"frame-ancestors {who};" in answer.headers["Content-Security-Policy"]


async def test_the_log_is_shown_in_nobodys_frame(world):
    purchase = await world.purchase()
    for path in ("/log", f"/log/{purchase['id']}"):
        async with world.session.get(world.url + path) as answer:
            assert "frame-ancestors 'self';" in answer.headers["Content-Security-Policy"]


async def test_a_page_that_expires_within_the_millisecond_of_a_clock_that_stands_still_keeps_nobody_busy(
    world, monkeypatch
):
    looked, due = [], PurchaseStorage.due

    async def counted(storage, now):
        looked.append(now)
        return await due(storage, now)

    monkeypatch.setattr(PurchaseStorage, "due", counted)
    world.advance(microseconds=1)
    await world.to_payment_page()
    world.advance(minutes=15, microseconds=-1)
    looked.clear()
    for _ in range(20):
        await world.get("/load.html")
    assert len(looked) < 5
