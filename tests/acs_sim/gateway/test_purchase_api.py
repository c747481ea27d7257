"""Purchases by script: what is accepted, what is refused in words, and forgetting it all."""

import asyncio

import pytest

from tests.support.engine import on_both_engines, on_sqlite_alone

pytestmark = on_both_engines

GOOD = {"shop": "e-transactions", "pan": "4000000001000001", "expiry": "2912", "amount": 4200, "currency": "978"}


@on_sqlite_alone
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"pan": "4000"}, "pan"),
        ({"pan": 4000000001000001}, "pan"),
        ({"expiry": "12/29"}, "expiry"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": "4200"}, "amount"),
        ({"amount": 10**12}, "amount"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": "000"}, "currency"),
        ({"shop": "nowhere"}, "shop"),
        ({"version": "9.9.9"}, "version"),
        ({"window": "06"}, "window"),
        ({"method": "maybe"}, "method"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_a_purchase_that_makes_no_sense_is_refused_and_the_member_is_named(world, change, named):
    problem = await world.json("POST", "/api/purchases", {**GOOD, **change}, 400)
    assert named in problem["detail"]
    assert (await world.json("GET", "/api/purchases"))["purchases"] == []


@on_sqlite_alone
@pytest.mark.parametrize("missing", ["pan", "expiry", "amount"])
async def test_a_member_that_is_missing_is_named(world, missing):
    document = {name: value for name, value in GOOD.items() if name != missing}
    assert missing in (await world.json("POST", "/api/purchases", document, 400))["detail"]


@on_sqlite_alone
@pytest.mark.parametrize(
    ("change", "field", "fault"),
    [
        ({"pan": "4000000001000002"}, "card_number", "bad-card-number"),
        ({"expiry": "2001"}, "expiry", "card-expired"),
        ({"expiry": "2913"}, "expiry", "bad-expiry"),
    ],
)
async def test_a_card_that_the_page_would_refuse_is_refused_here_too(world, change, field, fault):
    assert (await world.json("POST", "/api/purchases", {**GOOD, **change}, 400))["errors"] == {field: fault}


@on_sqlite_alone
@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(world, body):
    headers = {"Content-Type": "application/json"}
    async with world.session.post(world.url + "/api/purchases", data=body, headers=headers) as answer:
        assert answer.status == 400
        assert answer.content_type == "application/problem+json"


async def test_a_purchase_in_a_currency_without_decimals_keeps_its_exponent(world):
    await world.purchase(currency="392", amount=4200, shop="monetico")
    assert (world.scheme.areq["purchaseExponent"], world.scheme.areq["purchaseAmount"]) == ("0", "4200")


async def test_an_unknown_purchase_and_a_bad_wait_are_refused(world):
    await world.json("GET", "/api/purchases/nobody", expected=404)
    identifier = (await world.purchase())["id"]
    for wait in ("x", "-1", "1.5", "99999"):
        await world.json("GET", f"/api/purchases/{identifier}?wait={wait}", expected=400)


async def test_the_purchases_are_listed_newest_first(world):
    first = await world.purchase()
    world.advance(seconds=1)
    second = await world.purchase()
    listed = (await world.json("GET", "/api/purchases"))["purchases"]
    assert [purchase["id"] for purchase in listed] == [second["id"], first["id"]]


async def test_the_document_shows_no_card_number(world):
    text = str(await world.purchase())
    assert "4000000001000001" not in text
    assert "400000******0001" in text


async def test_a_reset_forgets_purchases_orders_and_card_ranges(world):
    purchase = await world.purchase()
    assert await world.json("POST", "/control/reset", {}) == {}
    assert (await world.json("GET", "/api/purchases"))["purchases"] == []
    await world.json("GET", f"/api/purchases/{purchase['id']}", expected=404)
    await world.purchase()
    assert len(world.scheme.of("PReq")) == 2


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_front_page_and_the_log_are_there_in_both_languages(world, language):
    front = await world.get(f"/?lang={language}")
    assert {"enter-e-transactions", "enter-monetico"} <= set(front.attributes)
    assert f'lang="{language}"' in front.source
    await world.get(f"/log?lang={language}")
    purchase = await world.purchase()
    assert purchase["reference"] in (await world.get(f"/log?lang={language}")).source
    assert "AReq sent" in (await world.get(f"/log/{purchase['id']}?lang={language}")).source


@pytest.mark.parametrize(
    ("shop", "told"),
    [
        ("e-transactions", ("Helene Exemple", "12 rue du Port", "250", {"cc": "33", "subscriber": "639980000"})),
        ("monetico", ("Camille Exemple", "1 rue de la Démonstration", "250", {"cc": "33", "subscriber": "639980001"})),
    ],
)
async def test_the_buyer_of_a_shop_reaches_the_areq(world, shop, told):
    await world.purchase(shop=shop)
    names = ("cardholderName", "billAddrLine1", "billAddrCountry", "mobilePhone")
    assert tuple(world.scheme.areq[name] for name in names) == told


@on_sqlite_alone
async def test_whoever_asks_while_a_shop_is_told_breaks_nothing_off(world):
    """Questions come at every turn of the loop. The clock stands still, so an answer that was begun and not brought to its
    end is not taken up again."""
    world.scheme.ares = {"transStatus": "C"}
    for _ in range(5):
        purchase = f"/api/purchases/{(await world.purchase())['id']}"
        asking = [asyncio.create_task(world.json("GET", purchase)) for _ in range(20)]
        await asyncio.sleep(0.002)
        world.advance(minutes=60)
        for _ in range(20):
            asking.append(asyncio.create_task(world.json("GET", purchase)))
            await asyncio.sleep(0)
        await asyncio.gather(*asking)
        assert (await world.json("GET", f"{purchase}?wait=5"))["finished"]
