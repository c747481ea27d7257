"""The journal is what crossed the hops: over drawn conversations, what stands in the ledger is, byte for byte up to redaction, what
peers saw who recorded it: a 3DS Server, and somebody between directory server and ACS."""

import asyncio
import json
import random
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from uuid import uuid4

import aiohttp
import orjson
import pytest
from aiohttp import web
from msgspec.structs import replace

from acs_sim.client.cardholder import Cardholder, CardholderStuck
from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.test_one_hop_two_ways import AREQS, dated
from tests.support.classic_mpi import vereq
from tests.support.engine import on_both_engines
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.faults import read as read_fault
from threedsecure.redaction import redact
from threedsecure.v1 import codec as classic
from threedsecure.v2.codec import encode_base64url
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.clock import Clock

pytestmark = on_both_engines

MPI, SERVER, DIRECTORY, ACS = "MPI", "3DS Server", "Directory Server", "ACS"
BROWSER_AREQS = [golden.message for golden in AREQS if golden.message["deviceChannel"] == "02"]
WATCHED = {
    frozenset({MPI, DIRECTORY}): {"VEReq", "VERes", "Error"},
    frozenset({SERVER, DIRECTORY}): {"AReq", "ARes", "RReq", "RRes", "Erro"},
    frozenset({DIRECTORY, ACS}): {"AReq", "ARes", "VEReq", "VERes", "Error"},
}
FAULTS = (
    {"at": "AReq", "do": "delay", "seconds": 0.01},
    {"at": "AReq", "do": "twice"},
    {"at": "AReq", "do": "refuse"},
    {"at": "ARes", "do": "drop", "element": "dsTransID"},
    {"at": "ARes", "do": "duplicate-key", "element": "eci"},
    {"at": "ARes", "do": "shuffle"},
    {"at": "ARes", "do": "swap-ids", "with": "unknown"},
    {"at": "ARes", "do": "reset"},
    {"at": "RReq", "do": "twice"},
    {"at": "RReq", "do": "delay", "seconds": 0.01},
    {"at": "VERes", "do": "delay", "seconds": 0.01},
)


def bytes_of(hop, document):
    """A message on a hop, as it is compared: its members in their order."""
    return (*hop, orjson.dumps(redact(document)))


class Recorder:
    """What peers saw, whole messages only."""

    def __init__(self):
        self.seen = Counter()

    def saw(self, sender, receiver, body):
        document = classic.decode(body) if body.lstrip().startswith(b"<") else orjson.loads(body)
        if document.get("messageType") in WATCHED[frozenset({sender, receiver})]:
            self.seen[bytes_of((sender, receiver), document)] += 1


@pytest.fixture(params=["apart", "in one process"])
async def world(engine, request):
    """Directory server and ACS in two simulators and somebody between them; or in one, where nobody can be."""
    async with AsyncExitStack() as life:
        recorder, session = Recorder(), await life.enter_async_context(aiohttp.ClientSession())
        issuer = with_free_ports(Settings(fresh=True, seed=1, only=("acs", "phone")))
        scheme = with_free_ports(Settings(fresh=True, seed=2, only=("desk", "ds")))
        results = await life.enter_async_context(serving(partial(three_ds_server, recorder)))
        if request.param == "apart":
            between = partial(somebody_between, recorder, session, issuer.addresses.acs)
            scheme = replace(scheme, acs_url=await life.enter_async_context(serving(between)))
            settings = [issuer, scheme]
        else:
            settings = [with_free_ports(Settings(fresh=True, seed=1, only=("desk", "ds", "acs", "phone")))]
        stacks = [await life.enter_async_context(running_stack(each, clock=Clock())) for each in settings]
        yield World(stacks, recorder, session, f"{results}/results")


class World:
    def __init__(self, stacks, recorder, session, results_url):
        self.stacks, self.scheme = stacks, stacks[-1]
        self.recorder, self.session = recorder, session
        self.results_url = results_url
        self.watched = [hop for hop in WATCHED if ACS not in hop or len(stacks) > 1]

    async def post(self, path, body, sender, content_type="application/json"):
        self.recorder.saw(sender, DIRECTORY, body)
        url = self.scheme.addresses.ds + path
        try:
            async with self.session.post(url, data=body, headers={"Content-Type": content_type}) as answer:
                told = await answer.read()
        except aiohttp.ClientError:  # a fault broke it off
            return b"{}"
        self.recorder.saw(DIRECTORY, sender, told)
        return told

    async def begin(self, fault):
        """Another conversation, of which nobody has seen anything."""
        self.recorder.seen.clear()
        for stack in self.stacks:
            await stack.runtime.journal.forget()
            await stack.runtime.faults.clear_everywhere()
            if fault is not None:
                await stack.runtime.faults.arm_everywhere([read_fault(fault)])

    async def authenticate(self, areq, way, serial):
        pan = compose("visa", SCENARIOS[way], serial=serial)
        changes = {"acctNumber": pan, "threeDSServerTransID": str(uuid4()), "threeDSServerURL": self.results_url}
        message = dated({**areq, **changes}, self.scheme.clock)
        ares = json.loads(await self.post("/visa/3ds2", json.dumps(message).encode(), SERVER))
        if ares.get("transStatus") == "C":
            with suppress(CardholderStuck):  # a fault gave it names that nobody knows
                await self.challenge(ares)

    async def challenge(self, ares):
        same = ("threeDSServerTransID", "acsTransID", "messageVersion")
        creq = {"messageType": "CReq", "challengeWindowSize": "05", **{name: ares.get(name) for name in same}}
        browser = Cardholder(HttpTransport(self.session))
        page = await browser.open(ares["acsURL"], encode_base64url(json.dumps(creq).encode()))
        await browser.press(page, "cancel")

    async def ask_enrolment(self, serial):
        pan = compose("visa", SCENARIOS["frictionless"], serial=serial)
        await self.post("/visa/3ds1", vereq(pan, str(uuid4())), MPI, "application/xml")

    async def disagreement(self, *, faulty):
        """What was seen and does not stand there, and what stands there and was not seen. Of a message that a fault changed, the
        journal has what was meant, and behind it what it became; of one that it had go twice, that it did."""
        entries = [entry for stack in self.stacks for entry in await stack.runtime.journal.newest(2000)]
        faults = [entry["message"] for entry in entries if entry["kind"] == "fault"]
        became = {orjson.dumps(fault["sent"]) for fault in faults if "sent" in fault}
        stands = Counter(
            (entry["from"], entry["to"], orjson.dumps(entry["message"]))
            for entry in entries
            if (hop := frozenset({entry["from"], entry["to"]})) in self.watched and entry["kind"] in WATCHED[hop]
        )
        seen = self.recorder.seen
        if faulty:
            return {each for each in seen if each not in stands and each[2] not in became}, {}
        return dict(seen - stands), dict(stands - seen)


async def three_ds_server(recorder, request):
    """Takes results."""
    rreq = await request.read()
    recorder.saw(DIRECTORY, SERVER, rreq)
    told = orjson.loads(rreq)
    same = ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID")
    rres = orjson.dumps({"messageType": "RRes", **{name: told.get(name) for name in same}, "resultsStatus": "01"})
    recorder.saw(SERVER, DIRECTORY, rres)
    return web.Response(body=rres, content_type="application/json", charset="utf-8")


async def somebody_between(recorder, session, acs, request):
    """Hands on to the ACS whatever comes."""
    body = await request.read()
    recorder.saw(DIRECTORY, ACS, body)
    headers = {"Content-Type": request.headers["Content-Type"]}
    async with session.post(acs + request.path, data=body, headers=headers) as answer:
        told = await answer.read()
        recorder.saw(ACS, DIRECTORY, told)
        return web.Response(status=answer.status, body=told, headers={"Content-Type": answer.headers["Content-Type"]})


@asynccontextmanager
async def serving(handler):
    app = web.Application(client_max_size=1 << 20)
    app.router.add_post("/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def converse(world, draw):
    """What is drawn: authentications of every version, with a challenge and its result or without, and questions of 1.0.2."""
    for _ in range(draw.randint(1, 4)):
        way, serial = draw.choice(("frictionless", "challenge-otp", "rejected", "classic")), str(draw.randrange(9000))
        if way == "classic":
            await world.ask_enrolment(serial)
        else:
            await world.authenticate(draw.choice(BROWSER_AREQS), way, serial)


@pytest.mark.parametrize("seed", range(8))
async def test_what_peers_saw_is_what_stands_in_the_journal(world, seed):
    draw = random.Random(seed)
    for fault in (None, *draw.sample(FAULTS, 3)):
        await world.begin(fault)
        await converse(world, draw)
        told = await world.disagreement(faulty=fault is not None)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while any(told):  # what nobody waits for may still be on its way
                    await asyncio.sleep(0.01)
                    told = await world.disagreement(faulty=fault is not None)
        assert not any(told), (fault, told)
        assert world.recorder.seen.total() >= 2
