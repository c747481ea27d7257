"""The headless cardholder in front of shops whose notificationURL says nothing."""

import asyncio
import json
from importlib.resources import files
from uuid import uuid4

import aiohttp
import pytest

from acs_sim.client import cardholder
from acs_sim.commands.bench.traffic import PLAIN, card_number
from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports
from tests.support.slow_peers import answering, dribbling, silent

AREQ = json.loads((files("fixtures") / "messages/2.2.0/areq-brw-pa.json").read_bytes())


async def challenged(stack, session, notification_url, number):
    """A transaction whose challenge goes back to `notification_url`; its threeDSServerTransID."""
    own = {"threeDSServerTransID": str(uuid4()), "acctNumber": card_number("challenge-otp", number)}
    areq = {**AREQ, **PLAIN, **own, "notificationURL": notification_url}
    areq = {name: value for name, value in areq.items() if value is not None}
    async with session.post(f"{stack.addresses.ds}/visa/3ds2", json=areq) as answer:
        assert (await answer.json())["transStatus"] == "C"
    return areq["threeDSServerTransID"]


async def submits(stack, session, transaction):
    url = f"{stack.addresses.desk}/api/transactions/{transaction}/cardholder"
    async with session.post(url, json={"do": "submit", "code": "correct"}) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("shop", [silent, dribbling])
async def test_a_cardholder_who_waits_for_one_shop_keeps_no_other_from_theirs(shop, monkeypatch):
    monkeypatch.setattr(cardholder, "PAGE_SECONDS", 3600.0)
    async with (
        shop() as bad,
        answering(b"") as good,
        running_stack(with_free_ports(Settings(fresh=True))) as stack,
        aiohttp.ClientSession() as session,
    ):
        stuck = await challenged(stack, session, f"{bad.url}/back", 1)
        waiting = asyncio.create_task(submits(stack, session, stuck))
        try:
            await bad.called()
            for number in (2, 3):
                status, told = await submits(
                    stack, session, await challenged(stack, session, f"{good.url}/back", number)
                )
                assert (status, told["transStatus"], told["notification"]["status"]) == (200, "Y", 200)
            assert not waiting.done()
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
