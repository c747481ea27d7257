"""A card with Cartes Bancaires and another brand on it, through the whole simulator: found at both directory servers, authenticated
by the one of the brand that was chosen, with that scheme's value and ECI, and in 1.0.2 by its partner brand."""

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.buyer import Buyer
from tests.support.ports import with_free_ports
from tests.support.third_party import ThreeDSServer
from threedsecure.cards.authentication_values import verify_emv_authentication_value
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.web.calling.transport import HttpTransport


@pytest.fixture
async def stack():
    async with running_stack(with_free_ports(Settings(fresh=True))) as running:
        yield running


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def buyer(stack, session):
    async with HttpTransport.session() as network:
        yield Buyer(session, HttpTransport(network), stack.addresses)


@pytest.mark.parametrize("scenario", ["frictionless", "frictionless-attempt"])
@pytest.mark.parametrize(
    ("scheme", "beside"), [("cb", "visa"), ("visa", "visa"), ("cb", "mastercard"), ("mastercard",) * 2]
)
async def test_either_directory_server_finds_it_and_the_value_is_that_schemes(stack, session, scheme, beside, scenario):
    gateway = ThreeDSServer()
    try:
        areq = gateway.areq(compose("cb", SCENARIOS[scenario], beside=beside))
    finally:
        gateway.close()
    async with session.post(f"{stack.addresses.ds}/{scheme}/3ds2", json=areq) as answer:
        ares = await answer.json(content_type=None)
    authenticated, attempted = {"visa": ("05", "06"), "mastercard": ("02", "01")}[beside]
    eci = authenticated if scenario == "frictionless" else attempted
    assert (ares["messageType"], ares.get("eci")) == ("ARes", eci), ares

    def is_proof_of(one):
        return verify_emv_authentication_value(
            one,
            ares["authenticationValue"],
            pan=areq["acctNumber"],
            trans_status=ares["transStatus"],
            ds_trans_id=ares["dsTransID"],
            purchase_amount=int(areq["purchaseAmount"]),
            purchase_currency=areq["purchaseCurrency"],
            purchase_date=areq["purchaseDate"],
            version=areq["messageVersion"],
            method="98" if ares["transStatus"] == "A" else "99",
        )

    assert {one: is_proof_of(one) for one in ("cb", beside)} == {"cb": scheme == "cb", beside: scheme == beside}
    told = [one["name"] for one in ares.get("messageExtension", [])]
    assert told == (["CB-AVALGO", "CB-SCORE"] if scheme == "cb" else [])


async def test_another_scheme_that_is_not_on_the_card_does_not_know_it(stack, session):
    gateway = ThreeDSServer()
    try:
        areq = gateway.areq(compose("cb", SCENARIOS["frictionless"]))
    finally:
        gateway.close()
    async with session.post(f"{stack.addresses.ds}/mastercard/3ds2", json=areq) as answer:
        assert (await answer.json(content_type=None))["errorCode"] == "305"


@pytest.mark.parametrize(
    ("brand", "beside", "eci"),
    [("cb", "visa", "05"), ("visa", "visa", "05"), ("cb", "mastercard", "02"), ("mastercard", "mastercard", "02")],
)
@pytest.mark.parametrize("scenario", ["frictionless", "challenge-auto-pass"])
async def test_the_brand_that_the_buyer_chose_is_the_one_that_authenticates(buyer, brand, beside, eci, scenario):
    pan = compose("cb", SCENARIOS[scenario], beside=beside)
    wish = {"pan": pan, "expiry": "3012", "amount": 4200, "brand": brand}
    purchase = await buyer.call("POST", buyer.at.shop + "/api/purchases", wish)
    if scenario != "frictionless":
        await buyer.challenged(purchase)
    ended = await buyer.ended(purchase)
    assert (ended["outcome"]["result"], ended["outcome"]["reason"]) == ("accepted", "authenticated"), ended
    one = await buyer.desk("GET", f"/api/transactions/{purchase['id']}")
    assert (one["scheme"], one["transStatus"], one["eci"]) == (brand, "Y", eci)


@pytest.mark.parametrize("beside", ["visa", "mastercard"])
async def test_in_1_0_2_it_goes_through_its_partner_brand(buyer, beside):
    pan = compose("cb", V1_SCENARIOS["frictionless"], version="9", beside=beside)
    wish = {"pan": pan, "expiry": "3012", "amount": 4200}
    purchase = await buyer.call("POST", buyer.at.shop + "/api/purchases", wish)
    await buyer.challenged(purchase)
    ended = await buyer.ended(purchase)
    assert (ended["scheme"], ended["outcome"]["result"], ended["outcome"]["reason"]) == (
        beside,
        "accepted",
        "authenticated",
    ), ended
