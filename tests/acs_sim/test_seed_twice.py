"""A sequence that is begun again draws what it drew before: nobody is refused for it, and nothing that stands is written over."""

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

PURCHASE = {"pan": compose("visa", SCENARIOS["frictionless"]), "expiry": "3012", "amount": 4200, "currency": "978"}
TEXT = {"from": "BANQUE", "body": "407115"}


class Caller:
    def __init__(self, session, at):
        self.session = session
        self.at = at

    async def __call__(self, party, path, document, method="POST"):
        async with self.session.request(method, self.at.of(party) + path, json=document) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def everything(self):
        """One of each thing that gets a name."""
        texts = [
            (await self("phone", "/api/messages", {**TEXT, "to": to}))["id"] for to in ("+33639981101", "+33639981303")
        ]
        prompt = await self("phone", "/api/prompts", {"to": "+33639981101", "title": "Payer ?"})
        bought = [
            await self("shop", "/api/purchases", {**PURCHASE, "shop": shop}) for shop in ("monetico", "e-transactions")
        ]
        assert [purchase["result"] for purchase in bought] == ["accepted", "accepted"]
        return [*texts, ("prompt", prompt["id"]), *(purchase["id"] for purchase in bought)]


@pytest.mark.parametrize("again", [7, None])
async def test_the_same_seed_twice_refuses_nobody(again):
    async with running_stack(with_free_ports(Settings(fresh=True))) as stack, aiohttp.ClientSession() as session:
        call = Caller(session, stack.addresses)
        named = []
        for seed in (7, again, 7):
            await call("desk", "/api/seed", {"seed": seed}, "PUT")
            named += await call.everything()
        assert len(set(named)) == len(named) == 15


async def test_a_simulator_starts_again_with_its_seed_on_what_it_has_kept(tmp_path):
    named = []
    for _ in range(2):
        settings = with_free_ports(Settings(data=str(tmp_path), seed=7))
        async with running_stack(settings) as stack, aiohttp.ClientSession() as session:
            named += await Caller(session, stack.addresses).everything()
    assert len(set(named)) == len(named) == 10
