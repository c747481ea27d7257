"""A phone that says nothing keeps the cardholder waiting who needs it, and nobody else."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.resources import files
from uuid import uuid4

import aiohttp
import pytest

from acs.app import build
from acs.settings import AcsSettings
from acs_sim.client.cardholder import creq_of
from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = pytest.mark.slow

AREQ = json.loads((files("fixtures") / "messages/2.2.0/areq-brw-pa-from-ds.json").read_bytes())
PLAIN = {"threeDSRequestorChallengeInd": "01", "threeDSRequestorDecReqInd": "N"}


@asynccontextmanager
async def silent_phone():
    """It takes every connection and never answers; yields its address and an event that is set by the first caller."""
    called, over = asyncio.Event(), asyncio.Event()

    async def say_nothing(_reader, writer):
        called.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", called
    finally:
        over.set()
        server.close()


async def authenticated(http, base, scenario):
    ids = {"threeDSServerTransID": str(uuid4()), "dsTransID": str(uuid4())}
    areq = {**AREQ, **PLAIN, **ids, "acctNumber": compose("visa", SCENARIOS[scenario], serial="7")}
    async with http.post(f"{base}/3ds2/areq", json=areq) as answer:
        return await answer.json()


async def test_a_silent_phone_delays_only_the_challenge_that_waits_for_it():
    async with silent_phone() as (phone, called), runtime() as shared, aiohttp.ClientSession() as http:
        acs = build(shared, replace(AcsSettings(), phone_url=phone, phone_timeout=PATIENCE_SECONDS))
        async with running(acs, shared) as base:
            ares = await authenticated(http, base, "challenge-otp")
            creq = creq_of({**ares, "version": ares["messageVersion"]})
            page = asyncio.create_task(http.post(f"{base}/3ds2/challenge", data={"creq": creq}))
            await called.wait()
            others = [await authenticated(http, base, "frictionless") for _ in range(5)]
            assert {other["transStatus"] for other in others} == {"Y"}
            assert not page.done()
            page.cancel()
