"""The headless cardholder finds the bank's page where the acsURL says, also under a host of the bank's own."""

import asyncio

import aiohttp

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.support.third_party import three_ds_server
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.web.clock import Clock

CARD = compose("visa", SCENARIOS["challenge-otp"], serial="2")


async def test_the_headless_cardholder_answers_a_page_under_the_host_of_its_bank():
    settings = with_free_ports(Settings(fresh=True, bank_domain="localhost", only=("desk", "ds", "acs", "phone")))
    with three_ds_server() as server:
        async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as stack, aiohttp.ClientSession() as http:
            async with http.post(f"{stack.addresses.ds}/visa/3ds2", json=server.areq(CARD)) as answered:
                ares = await answered.json()
            port = settings.port("acs")
            assert ares["acsURL"] == f"http://caisse-des-contes.localhost:{port}/3ds2/challenge"
            address = f"{stack.addresses.desk}/api/transactions/{ares['acsTransID']}/cardholder"
            async with http.post(address, json={"do": "submit", "code": "correct"}) as done:
                assert done.status == 200, await done.text()
            rreq = await asyncio.to_thread(server.results.get, timeout=PATIENCE_SECONDS)
            assert rreq["transStatus"] == "Y"
