"""docs/architecture.md names files that are there, and that one AReq really passes, in this order."""

import re
import sys

import aiohttp

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from docs.generate import ROOT
from tests.support.ports import with_free_ports
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

TEXT = (ROOT / "docs" / "architecture.md").read_text("utf-8")
WAY = re.findall(r"^\d+\. `([\w/.]+\.py)`", TEXT, re.MULTILINE)
FIRST, SECOND = (compose("visa", SCENARIOS["frictionless"], serial=serial) for serial in "12")
PURCHASE = {"shop": "monetico", "expiry": "3012", "amount": 4200, "currency": "978"}


def test_every_path_that_is_named_is_there():
    named = re.findall(r"`((?:acs|acs_sim|directory_server|issuer_sms|threedsecure|fixtures)/[\w/.]*)`", TEXT)
    assert len(named) > 40
    assert [path for path in named if not (ROOT / path).exists()] == []


async def test_the_files_of_the_way_run_in_this_order():
    async with (
        running_stack(with_free_ports(Settings(fresh=True, seed=1))) as stack,
        aiohttp.ClientSession() as session,
    ):

        async def bought(pan):
            async with session.post(f"{stack.addresses.shop}/api/purchases", json=PURCHASE | {"pan": pan}) as answer:
                return (await answer.json())["result"]

        await bought(FIRST)  # what is learned once is learned
        ran = {}
        sys.setprofile(lambda frame, event, _argument: ran.setdefault(frame.f_code.co_filename))
        try:
            assert await bought(SECOND) == "accepted"
        finally:
            sys.setprofile(None)
    passed = [file.removeprefix(f"{ROOT}/") for file in ran]
    assert len(WAY) > 20
    assert [file for file in passed if file in WAY] == WAY
