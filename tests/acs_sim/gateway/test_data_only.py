"""`"data_only": true`: the issuer is told of the payment and asked for nothing, in the way of each scheme."""

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import STARTED_AT, Caller
from tests.support.ports import with_free_ports
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.web.clock import Clock


@pytest.fixture(scope="module")
async def shop():
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with (
        running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as stack,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(session, stack.addresses.shop), Caller(session, stack.addresses.desk)


@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
@pytest.mark.parametrize(
    ("scheme", "category", "wish", "status", "eci"),
    [
        ("mastercard", "80", "06", "U", "04"),
        ("visa", "01", "06", "I", "07"),
        ("amex", "01", "06", "I", "07"),
    ],
)
async def test_a_payment_that_only_shares_its_data_is_authorised_without_a_challenge_and_without_a_guarantee(
    shop, version, scheme, category, wish, status, eci
):
    buy, desk = shop
    card = compose(scheme, SCENARIOS["challenge-otp"], serial="7")
    wanted = {"pan": card, "expiry": "2912", "amount": 4200, "version": version, "data_only": True}
    code, bought, _ = await buy("POST", "/api/purchases", json=wanted)
    assert (code, bought["result"], bought["reason"]) == (201, "accepted", "data-only")
    assert bought["outcome"]["guarantee"] is False
    _, found, _ = await desk("GET", f"/api/transactions/{bought['id']}/messages")
    [areq] = [one["message"] for one in found["messages"] if one["kind"] == "AReq" and one["from"] == "3DS Server"]
    told = [one["message"] for one in found["messages"] if one["kind"] == "ARes" and one["to"] == "3DS Server"][-1]
    wishes = areq["threeDSRequestorChallengeInd"]
    assert (areq["messageCategory"], wishes) == (category, [wish] if version == "2.3.1" else wish)
    assert (told["transStatus"], told["eci"]) == (status, eci)
    _, verdict, _ = await desk("GET", f"/api/transactions/{bought['id']}/findings")
    assert verdict["verdict"] == "acquitted"
