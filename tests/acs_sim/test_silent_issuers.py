"""An issuer that keeps silent is given up by the virtual clock, in EMV 3DS as in 3-D Secure 1.0.2."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.third_party import ThreeDSServer
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.web.clock import Clock

STARTED_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
PAN = compose("visa", SCENARIOS["acs-timeout"])
VEREQ = (
    '<?xml version="1.0"?><ThreeDSecure><Message id="silent-1"><VEReq><version>1.0.2</version><pan>{}</pan>'
    "<Merchant><acqBIN>411111</acqBIN><merID>shop</merID></Merchant></VEReq></Message></ThreeDSecure>"
)


@pytest.fixture
async def whole(tmp_path) -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(data=str(tmp_path / "data"), seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as stack:
        yield stack


async def answered_after(whole, path: str, body: bytes, media: str) -> str:
    """What the directory server answers to a message of a card whose issuer is silent, once the clock goes on by eleven seconds."""
    async with aiohttp.ClientSession() as session, whole.runtime.journal.subscribed() as crossed:
        asked = asyncio.create_task(session.post(whole.addresses.ds + path, data=body, headers={"Content-Type": media}))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await crossed.get())["to"] != "ACS":
                pass
        whole.clock.advance(timedelta(seconds=11))
        async with asyncio.timeout(5), await asked as answer:  # real seconds, fewer than the ten that it would take
            return await answer.text()


async def test_the_silence_of_an_acs_is_over_by_the_virtual_clock(whole):
    gateway = ThreeDSServer()
    try:
        text = await answered_after(whole, "/visa/3ds2", json.dumps(gateway.areq(PAN)).encode(), "application/json")
    finally:
        gateway.close()
    assert json.loads(text)["errorCode"] == "402"


async def test_the_time_out_of_a_1_0_2_lookup_is_one_of_the_virtual_clock(whole):
    text = await answered_after(
        whole, "/visa/3ds1", VEREQ.format(compose("visa", V1_SCENARIOS["acs-timeout"])).encode(), "application/xml"
    )
    assert "<enrolled>U</enrolled>" in text
