"""Shops of one's own at a running gateway: set up by a script, told at their own address, and what their fields do."""

import pytest

from acs_sim.gateway.e_transactions.form import SHOP_CART
from acs_sim.gateway.forms import seals
from acs_sim.gateway.monetico import form as monetico
from tests.acs_sim.gateway.test_forms import CGI2, PBX, TEST_KEY
from tests.acs_sim.gateway.test_purchases import outcome
from tests.acs_sim.gateway.test_shop_answers import listening_shop

KEY = "12345678901234567890123456789012345678P0"
MINE = {"tpe": "0000001", "key": KEY, "company": "monsite", "name": "Chez moi", "version": "2.1.0"}
CO_BADGED = "4000002000000008"


def pbx_form(**changes):
    fields = {**PBX, **changes}
    return {**fields, "PBX_HMAC": seals.pbx_hmac(fields.items(), TEST_KEY)}


async def paid(world, form, path="/php/", **told):
    return await world.pay(await world.post(path, form), **told)


async def test_a_shop_that_a_script_sets_up_is_told_at_its_address_under_its_key(world):
    async with listening_shop() as shop:
        shop.answers = [(200, "version=2\ncdr=0\n")]
        wish = {"add": {"monetico": {**MINE, "answer-url": shop.url}}}
        listed = await world.json("POST", "/control/merchants", wish)
        assert (listed["monetico"][0]["name"], listed["monetico"][0]["key"]) == ("Chez moi", "***")
        fields = {**CGI2, "TPE": "0000001"}
        form = {**fields, "MAC": seals.monetico_mac(fields, seals.monetico_key(KEY))}
        assert outcome(await paid(world, form, "/paiement.cgi")) == ("accepted", "authenticated")
        told = dict(one.split("=", 1) for one in shop.heard[0].split("&"))
        assert told["TPE"] == "0000001"
        assert (world.scheme.areq["merchantName"], world.scheme.areq["messageVersion"]) == ("Chez moi", "2.1.0")
    assert await world.json("POST", "/control/merchants", {"forget": True}) == {"e-transactions": [], "monetico": []}
    assert "form-refused" not in (await world.post("/paiement.cgi", form, 400)).forms


@pytest.mark.parametrize(
    "wish", [{"monetico": {"tpe": "1"}}, {"cheque": {}}, {}, {"monetico": {**MINE, "key": "short"}}]
)
async def test_a_merchant_that_is_none_is_refused(world, wish):
    await world.json("POST", "/control/merchants", {"add": wish}, 400)


async def test_without_3_d_secure_nobody_is_asked_and_nobody_is_liable(world):
    assert outcome(await paid(world, pbx_form(PBX_3DS="N"))) == ("accepted", "authentication-waived")
    assert world.scheme.of("AReq") == []
    assert (await world.newest())["outcome"]["guarantee"] is False


async def test_the_brand_that_alone_may_pay_refuses_every_other_card(world):
    page = await world.post("/php/", pbx_form(PBX_TYPECARTE="AMEX"))
    assert "brand-not-taken" not in page.source
    refused = await world.pay(page, expected=422)
    assert "card_number" in refused.forms["payment-form"]["fields"]


@pytest.mark.parametrize(("brand", "used"), [("", "cb"), ("cb", "cb"), ("visa", "visa"), ("amex", "cb")])
async def test_of_a_co_badged_card_the_buyer_chooses_the_brand(world, brand, used):
    await paid(world, pbx_form(), pan=CO_BADGED, brand=brand)
    assert (await world.newest())["scheme"] == used


@pytest.mark.parametrize(("brand", "told"), [("cb", ["3"]), ("visa", [])])
async def test_cartes_bancaires_and_nobody_else_is_told_how_many_articles_are_bought(world, brand, told):
    await paid(world, pbx_form(PBX_SHOPPINGCART=SHOP_CART.format(3)), pan=CO_BADGED, brand=brand)
    assert [one["data"]["number"] for one in world.scheme.areq.get("messageExtension", [])] == told


@pytest.mark.parametrize("cart", ["three", "<shoppingcart/>", SHOP_CART.format(0), SHOP_CART.format(100), "<total/>"])
async def test_a_cart_that_cannot_be_read_is_refused_by_name(world, cart):
    page = await world.post("/php/", pbx_form(PBX_SHOPPINGCART=cart), 400)
    assert "PBX_SHOPPINGCART" in page.source


async def test_the_page_is_open_as_long_as_the_shop_says(world):
    page = await world.post("/php/", pbx_form(PBX_DISPLAY="60"))
    world.advance(seconds=61)
    assert outcome(await world.pay(page)) == ("cancelled", "page-expired")


async def test_the_fourth_number_that_is_none_ends_the_page_of_monetico(world):
    fields = {**CGI2, "societe": "test"}
    page = await world.post("/paiement.cgi", {**fields, "MAC": seals.monetico_mac(fields, monetico.KEY)})
    for _ in range(3):
        page = await world.pay(page, pan="4000000001000002", expected=422)
    assert outcome(await world.pay(page, pan="4000000001000002")) == ("refused", "too-many-tries")


async def test_the_address_of_a_card_form_opened_by_hand_shows_where_the_purchase_is(world):
    page = await world.post("/php/", pbx_form())
    again = await world.get(page.forms["payment-form"]["action"])
    assert "payment-form" in again.forms
    await world.get("/pay/nobody/card", 404)


@pytest.mark.parametrize(
    ("fields", "days", "status"),
    [
        ({}, 0, "Capturé"),
        ({"PBX_AUTOSEULE": "O"}, 9, "Autorisé"),
        ({"PBX_DIFF": "3"}, 2, "Autorisé"),
        ({"PBX_DIFF": "3"}, 3, "Capturé"),
    ],
)
async def test_when_a_payment_is_captured_the_form_says(world, fields, days, status):
    retour = {"PBX_RETOUR": "t:S;a:T"}
    await paid(world, pbx_form(**fields, **retour))
    told = (await world.newest())["outcome"]
    world.advance(days=days)
    question = {
        "VERSION": "00104",
        "TYPE": "00017",
        "SITE": "1999888",
        "RANG": "32",
        "CLE": "1999888I",
        "NUMQUESTION": "1",
        "NUMTRANS": told["transaction_number"],
        "NUMAPPEL": told["call_number"],
    }
    async with world.session.post(f"{world.url}/PPPS.php", data=question) as answer:
        line = (await answer.read()).decode("iso-8859-1")
    assert f"STATUS={status}" in line
