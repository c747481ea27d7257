"""The hop from directory server to ACS inside the process: handed over, or, with a fault armed that may be for it, as bytes. Nobody
can tell."""

import json

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports
from tests.threedsecure.v2.golden import GOLDEN
from threedsecure.cards.test_cards import SCENARIOS, compose
from threedsecure.web.clock import Clock

AREQS = [golden for golden in GOLDEN if golden.kind == "areq" and golden.leg.name == "THREE_DS_SERVER_TO_DS"]
WAYS = ("frictionless", "challenge-otp", "acs-error")
FOR_ANOTHER_CARD = {"at": "AReq", "do": "twice", "card": compose("visa", SCENARIOS["rejected"], serial="77")}
FOR_ANOTHER_TRANSACTION = {"at": "AReq", "do": "twice", "transaction": "00000000-0000-4000-8000-000000000000"}


@pytest.fixture(scope="module")
async def simulator():
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with running_stack(settings, clock=Clock()) as stack, aiohttp.ClientSession() as session:
        stack.clock.freeze()
        yield Simulator(stack, session)


class Simulator:
    def __init__(self, stack, session):
        self.stack, self._session = stack, session

    async def call(self, method, path, document=None):
        url = self.stack.addresses.desk + path
        async with self._session.request(method, url, json=document if method != "GET" else None) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json(content_type=None)

    async def answered(self, areq):
        """The bytes of the answer, and what crossed the hops."""
        url = f"{self.stack.addresses.ds}/visa/3ds2"
        async with self._session.post(url, json=areq) as answer:
            body = await answer.read()
        entries = await self.stack.runtime.journal.newest(10)
        return body, [(entry["from"], entry["to"], entry["kind"], entry["message"]) for entry in entries]


def dated(areq, clock):
    """2.3.1: purchaseDate is near the clock of the directory server."""
    return {**areq, "purchaseDate": f"{clock.now():%Y%m%d%H%M%S}"} if "purchaseDate" in areq else areq


@pytest.mark.parametrize("golden", AREQS, ids=str)
async def test_the_answer_has_the_same_bytes_and_the_journal_says_the_same(simulator, golden):
    for way in WAYS:
        areq = dated({**golden.message, "acctNumber": compose("visa", SCENARIOS[way])}, simulator.stack.clock)
        told = []
        for faults in ((), (FOR_ANOTHER_CARD,), (FOR_ANOTHER_TRANSACTION,)):
            await simulator.call("POST", "/api/reset")
            await simulator.call("PUT", "/api/seed", {"seed": 7})
            for fault in faults:
                await simulator.call("POST", "/api/faults", fault)
            told.append(await simulator.answered(areq))
        assert told[0] == told[1] == told[2], way
        assert json.loads(told[0][0])["messageType"] in ("ARes", "Erro")
