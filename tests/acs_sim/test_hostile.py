"""The reference gateway in a simulator where everything goes wrong now and then: each purchase ends, and none is paid for that
the bank refused."""

import asyncio
from collections import Counter
from contextlib import suppress

import aiohttp
import pytest

from acs_sim.cardholder import Cardholder, CardholderStuck
from acs_sim.challenge_page import Form
from acs_sim.settings import Settings
from acs_sim.stack import running_stack, with_free_ports
from threedsecure.web.transport import HttpTransport

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
ROUNDS = 5


class Desk:
    def __init__(self, session, addresses):
        self._session = session
        self.at = addresses

    async def __call__(self, method, url, body=None):
        async with self._session.request(method, url, json=body) as answer:
            document = await answer.json(content_type=None)
            assert answer.status < 400, document
            return document

    async def mint(self, scenario, version):
        wish = {"scheme": "visa", "scenario": scenario, **({"version": version} if version else {})}
        return await self("POST", self.at.desk + "/api/cards", wish)


async def paid(desk, cardholder, scenario, version):
    """A purchase as far as a buyer can bring it: what the shop calls it."""
    card = await desk.mint(scenario, version)
    wish = {"pan": card["pan"], "expiry": card["expiry"], "amount": 4200, "method": "perform"}
    purchase = await desk("POST", desk.at.shop + "/api/purchases", wish)
    if purchase["state"] == "challenge":
        names = ("creq", "threeDSSessionData", "PaReq", "TermUrl", "MD")
        form = Form(purchase["acsURL"], {name: purchase[name] for name in names if name in purchase})
        with suppress(CardholderStuck):
            page = await cardholder.wait(await cardholder.visit(form))
            for result in page.results:
                await cardholder.deliver(result)
    return scenario, purchase["id"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_purchase_ends_in_a_definite_state_and_none_that_the_bank_refused_is_paid(seed):
    settings = with_free_ports(Settings(fresh=True, seed=seed, hostile=True))
    async with running_stack(settings) as stack, aiohttp.ClientSession() as session, HttpTransport.session() as browser:
        desk, cardholder = Desk(session, stack.addresses), Cardholder(HttpTransport(browser))
        wanted = [(scenario, None) for scenario in SCENARIOS] + [(scenario, "1.0.2") for scenario in CLASSIC]
        async with asyncio.timeout(60):
            bought = await asyncio.gather(*(paid(desk, cardholder, *each) for each in wanted * ROUNDS))
            for _ in range(3):  # an hour and a half ends what still waits
                await desk("POST", stack.addresses.desk + "/api/clock", {"advance": "30m"})
            ended = [
                (scenario, await desk("GET", f"{stack.addresses.shop}/api/purchases/{identifier}?wait=10"))
                for scenario, identifier in bought
            ]
        happened = [
            entry["message"]["at"] for entry in await stack.runtime.journal.newest(5_000) if entry["kind"] == "fault"
        ]
    assert all(purchase["finished"] for _, purchase in ended)
    assert {purchase["result"] for _, purchase in ended} <= {"accepted", "refused", "cancelled", "error"}
    assert [purchase for scenario, purchase in ended if scenario in REFUSED and purchase["result"] == "accepted"] == []
    assert Counter(purchase["result"] for _, purchase in ended)["accepted"] >= len(ended) // 5
    assert len(set(happened)) >= 6, "it was hostile"
