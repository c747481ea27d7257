"""An ACS or a gateway that is silent, dribbles or is dead, and all the others meanwhile. What is silent stays so for good:
nobody waits here for time to pass."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from directory_server.app import build
from directory_server.settings import DirectoryServerSettings
from tests.directory_server import messages
from tests.directory_server.peers import Peer, Scene
from tests.support.classic_mpi import XML, Answer, vereq
from tests.support.simulator import running, runtime
from tests.support.slow_peers import dribbling, ended, silent
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.web.calling.limits import PeerLimits
from threedsecure.web.calling.transport import HttpTransport

pytestmark = pytest.mark.slow

FRICTIONLESS = compose("visa", SCENARIOS["frictionless"], serial="7")
OTP = compose("visa", SCENARIOS["challenge-otp"], serial="7", version="2")
REFUSES = "http://127.0.0.1:1"
FOR_EVER = 3600.0


@asynccontextmanager
async def scene(most: int = 3, **changes):
    """A directory server that calls no peer more than `most` times at once, with its usual ACS and 3DS Server."""
    acs, three_ds_server = Peer(lambda areq: messages.ares(areq, "C")), Peer(messages.rres)
    async with AsyncExitStack() as life:
        await life.enter_async_context(acs.serving("/3ds2/areq"))
        await life.enter_async_context(three_ds_server.serving("/results"))
        shared = await life.enter_async_context(runtime())
        session = await life.enter_async_context(HttpTransport.session())
        shared = replace(shared, transport=HttpTransport(session, PeerLimits(most)))
        patient = DirectoryServerSettings(acs_url=acs.url, acs_timeout=FOR_EVER, results_timeout=FOR_EVER)
        url = await life.enter_async_context(running(build(shared, replace(patient, **changes)), shared))
        http = await life.enter_async_context(aiohttp.ClientSession())
        yield Scene(url, shared, acs, three_ds_server, http)


async def elsewhere(ds, acs_url):
    """The range of the frictionless card belongs to an ACS of its own."""
    listed = await ds.control("ranges", {"scheme": "visa"})
    found = next(one for one in listed["ranges"] if one["start"] <= FRICTIONLESS <= one["end"])
    assert not found["start"] <= OTP <= found["end"]
    edit = {"action": "M", "start": found["start"], "end": found["end"], "acs_url": f"{acs_url}/3ds2/areq"}
    await ds.control("ranges/edit", {"scheme": "visa", "edits": [edit]})


@pytest.mark.parametrize("acs", [silent, dribbling])
async def test_cards_of_other_banks_are_answered_while_one_bank_says_nothing(acs):
    async with acs() as bad, scene(most=3) as ds:
        await elsewhere(ds, bad.url)
        waiting = [asyncio.create_task(ds.post(ds.areq(FRICTIONLESS))) for _ in range(3)]
        async with ended(waiting):
            await bad.called(3)
            for _ in range(5):
                await ds.challenged(OTP)
            assert not any(task.done() for task in waiting)
            refused = await ds.post(ds.areq(FRICTIONLESS))
            assert (refused["messageType"], refused["errorCode"]) == ("Erro", "405")
            assert len(bad.bodies) == 3


async def test_a_dead_bank_is_told_at_once_and_the_others_are_answered():
    async with scene() as ds:
        await elsewhere(ds, REFUSES)
        assert (await ds.post(ds.areq(FRICTIONLESS)))["errorCode"] == "405"
        await ds.challenged(OTP)


async def test_a_bank_that_is_silent_is_given_up_in_its_time_and_the_transaction_says_so():
    async with silent() as bad, scene(acs_timeout=0.05) as ds:
        await elsewhere(ds, bad.url)
        assert (await ds.post(ds.areq(FRICTIONLESS)))["errorCode"] == "402"


@pytest.mark.parametrize("gateway", [silent, dribbling])
async def test_other_gateways_hear_their_results_while_one_says_nothing(gateway):
    async with gateway() as bad, scene(most=2) as ds:
        unheard = [await ds.challenged(OTP, threeDSServerURL=f"{bad.url}/results") for _ in range(3)]
        waiting = [asyncio.create_task(ds.post(messages.rreq(*each))) for each in unheard[:2]]
        async with ended(waiting):
            await bad.called(2)
            answer = await ds.post(messages.rreq(*await ds.challenged(OTP)))
            assert (answer["messageType"], answer["resultsStatus"]) == ("RRes", "01")
            assert not any(task.done() for task in waiting)
            told = await ds.post(messages.rreq(*unheard[2]))
            assert (told["messageType"], told["errorCode"]) == ("Erro", "405")
            assert (await ds.state(unheard[2][1]["dsTransID"]))["state"] == "undelivered"


async def test_a_dead_gateway_is_told_at_once_and_the_others_hear():
    async with scene() as ds:
        unheard = await ds.challenged(OTP, threeDSServerURL=f"{REFUSES}/results")
        assert (await ds.post(messages.rreq(*unheard)))["errorCode"] == "405"
        assert (await ds.post(messages.rreq(*await ds.challenged(OTP))))["resultsStatus"] == "01"


async def test_the_journal_names_the_peer_that_is_called_too_often():
    async with silent() as bad, scene(most=1) as ds:
        await elsewhere(ds, bad.url)
        waiting = [asyncio.create_task(ds.post(ds.areq(FRICTIONLESS)))]
        async with ended(waiting):
            await bad.called()
            areq = ds.areq(FRICTIONLESS)
            await ds.post(areq)
            entries = await ds.runtime.journal.entries_of(areq["threeDSServerTransID"])
            [failed] = [entry for entry in entries if entry["kind"] == "connection failed"]
            assert "as many as may be" in failed["message"]["reason"]


async def test_cards_of_other_banks_are_verified_in_1_0_2_while_one_bank_says_nothing():
    """The usual ACS is dead here, which is told at once: VERes U."""
    other = compose("visa", V1_SCENARIOS["acs-down"])
    async with silent() as bad, scene(most=2, acs_url=bad.url, acs_down_url=REFUSES) as ds:

        async def verified(pan):
            url, headers = f"{ds.url}/visa/3ds1", {"Content-Type": XML}
            async with ds.session.post(url, data=vereq(pan), headers=headers) as answer:
                return Answer(await answer.read())["VERes/CH/enrolled"]

        waiting = [asyncio.create_task(verified(compose("visa", V1_SCENARIOS["challenge-otp"]))) for _ in range(2)]
        async with ended(waiting):
            await bad.called(2)
            assert [await verified(other) for _ in range(3)] == ["U"] * 3
            assert await verified(compose("visa", V1_SCENARIOS["challenge-otp"])) == "U"
            assert len(bad.bodies) == 2
            assert not any(task.done() for task in waiting)
