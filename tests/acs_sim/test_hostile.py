"""The reference gateway in a simulator where everything goes wrong now and then: each purchase ends, and none is paid for that
the bank refused."""

import asyncio
from collections import Counter

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.buyer import Buyer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from threedsecure.web.calling.transport import HttpTransport

SCENARIOS = (
    "frictionless",
    "frictionless-attempt",
    "not-authenticated",
    "rejected",
    "challenge-auto-pass",
    "challenge-auto-fail",
    "method-timeout",
)
CLASSIC = ("frictionless", "not-authenticated", "challenge-auto-pass")
REFUSED = {"not-authenticated", "rejected", "challenge-auto-fail"}
ROUNDS = 4


async def paid(buyer, scenario, version):
    purchase = await buyer.buy(await buyer.mint(scenario, version))
    if purchase["state"] == "challenge":
        await buyer.challenged(purchase)
    return scenario, purchase


@pytest.mark.parametrize("seed", [1])
async def test_every_purchase_ends_in_a_definite_state_and_none_that_the_bank_refused_is_paid(seed):
    settings = with_free_ports(Settings(fresh=True, seed=seed, hostile=True))
    async with running_stack(settings) as stack, aiohttp.ClientSession() as session, HttpTransport.session() as browser:
        buyer = Buyer(session, HttpTransport(browser), stack.addresses)
        wanted = [(scenario, None) for scenario in SCENARIOS] + [(scenario, "1.0.2") for scenario in CLASSIC]
        async with asyncio.timeout(PATIENCE_SECONDS):
            bought = await asyncio.gather(*(paid(buyer, *each) for each in wanted * ROUNDS))
            for _ in range(3):  # an hour and a half ends what still waits
                await buyer.advance("30m")
            ended = [(scenario, await buyer.ended(purchase)) for scenario, purchase in bought]
        happened = [
            entry["message"]["at"] for entry in await stack.runtime.journal.newest(5_000) if entry["kind"] == "fault"
        ]
    assert all(purchase["finished"] for _, purchase in ended)
    assert {purchase["result"] for _, purchase in ended} <= {"accepted", "refused", "cancelled", "error"}
    assert [purchase for scenario, purchase in ended if scenario in REFUSED and purchase["result"] == "accepted"] == []
    assert Counter(purchase["result"] for _, purchase in ended)["accepted"] >= len(ended) // 5
    assert len(set(happened)) >= 5, "it was hostile"
