"""Faults where messages are carried: the same through a socket and within the process, and nothing at all without any."""

import asyncio
import base64
import json
import re
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from msgspec import structs

from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import runtime
from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable
from threedsecure.faults import read
from threedsecure.web.calling.transport import HttpTransport, InProcessTransport
from threedsecure.web.faults.injector import Faults
from threedsecure.web.faults.requests import PartyTransport
from threedsecure.web.metrics import Metrics
from threedsecure.web.serving.application import application, serving
from threedsecure.web.serving.service import Dispatcher, Service, posted
from threedsecure.web.wire import HTML, WireResponse, message_response

SERVER_ID = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
ACS_ID = "d7c1ee99-9478-44a6-b1f2-391e29c6b340"
ARES = {"messageType": "ARes", "threeDSServerTransID": SERVER_ID, "acsTransID": ACS_ID, "transStatus": "Y"}
RREQ = {"messageType": "RReq", "threeDSServerTransID": SERVER_ID, "acsTransID": ACS_ID, "transStatus": "Y"}
BODY = json.dumps(ARES).encode()


def page(**fields):
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
    html = f'<!doctype html><form method="post" action="http://shop.example/n" data-delay="0">{inputs}</form>'
    return WireResponse(200, html.encode(), HTML)


class WatchedFaults(Faults):
    """Tells when something has begun to wait."""

    async def pause(self, seconds):
        self.waiting.set()
        await super().pause(seconds)


class World:
    """One service that answers an ARes, a page, or whatever is posted back to it; within the process and on a port."""

    def __init__(self, shared, transport, faults):
        self.runtime = replace(shared, transport=transport, faults=faults)
        self.faults = faults
        self.transport = transport
        self.received = []
        self.arrived = asyncio.Event()
        self.page = page()
        self.inside = "http://inside.example"
        self.outside = ""

    def service(self, name):
        async def areq(request):
            if request.body:
                request.message = json.loads(request.body)
            return message_response(ARES, BODY)

        async def results(request):
            self.received.append((request.body, request.headers.get("content-type")))
            self.arrived.set()
            return message_response({"messageType": "RRes"}, b'{"messageType":"RRes"}')

        async def challenge(_request):
            return structs.replace(self.page)

        @asynccontextmanager
        async def nothing():
            yield

        routes = [
            posted("/areq", areq),
            posted("/results", results),
            posted("/challenge", challenge),
        ]
        return Service(name, routes, nothing)

    def arm(self, at="ARes", **fault):
        return self.faults.arm(read({"at": at, **({"from": "ACS"} if at == "ARes" else {}), **fault}))["id"]

    async def call(self, where, path="/areq", body=b"", timeout=PATIENCE_SECONDS):
        return await self.transport.post(getattr(self, where) + path, body, timeout=timeout)

    async def noted(self):
        return [entry["message"] for entry in await self.runtime.journal.newest(50) if entry["kind"] == "fault"]


@pytest.fixture
async def world():
    async with AsyncExitStack() as life:
        shared = await life.enter_async_context(runtime())
        transport = InProcessTransport(HttpTransport(await life.enter_async_context(HttpTransport.session())))
        faults = WatchedFaults(shared.clock, shared.randomness, shared.journal, transport)
        faults.waiting = asyncio.Event()
        life.push_async_callback(faults.close)
        made = World(shared, transport, faults)
        metrics = Metrics()
        service = made.service("acs")
        dispatcher = Dispatcher(service, made.runtime, metrics)
        transport.register(made.inside, dispatcher.endpoints())
        port = await life.enter_async_context(serving(application(service, dispatcher, metrics), "127.0.0.1", 0))
        made.outside = f"http://127.0.0.1:{port}"
        yield made


BOTH = pytest.mark.parametrize("where", ["inside", "outside"])


@BOTH
async def test_without_a_fault_nothing_is_looked_at(world, where):
    assert (await world.call(where)).body == BODY
    assert await world.noted() == []


@BOTH
@pytest.mark.parametrize(
    ("fault", "status", "content_type", "body"),
    [
        ({"do": "status", "status": 418}, 418, "text/html; charset=utf-8", b"<!doctype html><title>HTTP 418</title>"),
        ({"do": "status", "status": 202, "body": "kept"}, 202, "application/json; charset=utf-8", BODY),
        ({"do": "redirect", "location": "/login", "status": 307}, 307, "text/html; charset=utf-8", b""),
        ({"do": "content-type", "value": "text/plain"}, 200, "text/plain", BODY),
        ({"do": "gzip-lie"}, 200, "application/json; charset=utf-8", BODY),
        ({"do": "drop", "element": "acsTransID"}, 200, "application/json; charset=utf-8", None),
        ({"do": "dribble", "seconds": 0.05}, 200, "application/json; charset=utf-8", BODY),
        ({"do": "delay", "seconds": 0.05}, 200, "application/json; charset=utf-8", BODY),
    ],
)
async def test_an_answer_is_bent_alike_on_both_ways(world, where, fault, status, content_type, body):
    world.arm(**fault)
    answer = await world.call(where)
    assert (answer.status, answer.content_type) == (status, content_type)
    if body is None:
        assert json.loads(answer.body) == {name: value for name, value in ARES.items() if name != "acsTransID"}
    else:
        assert answer.body == body
    assert (await world.call(where)).body == BODY, "it was to happen once"


@BOTH
@pytest.mark.parametrize(
    "fault", [{"do": "reset"}, {"do": "truncate"}, {"do": "truncate", "keep": 0}, {"do": "silence", "seconds": 0.02}]
)
async def test_an_answer_that_breaks_off_is_a_broken_exchange_on_both_ways(world, where, fault):
    world.arm(**fault)
    with pytest.raises(ExchangeBroken):
        await world.call(where)


@BOTH
@pytest.mark.parametrize("do", ["delay", "silence", "dribble"])
async def test_what_takes_longer_than_the_caller_waits_is_no_answer_in_time(world, where, do):
    world.arm(do=do, seconds=30)
    with pytest.raises(PeerTimedOut):
        await world.call(where, timeout=0.05)
    world.faults.clear()


@BOTH
async def test_a_delay_ends_when_the_clock_is_moved(world, where):
    world.arm(do="delay", seconds=3000)
    waiting = asyncio.create_task(world.call(where, timeout=5000.0))
    await world.faults.waiting.wait()
    world.runtime.clock.advance(timedelta(seconds=2999))
    assert not waiting.done()
    world.runtime.clock.advance(timedelta(seconds=1))
    assert (await asyncio.wait_for(waiting, PATIENCE_SECONDS)).body == BODY


async def test_within_the_process_a_caller_runs_out_of_patience_on_the_same_clock(world):
    world.arm(do="silence", seconds=3000)
    waiting = asyncio.create_task(world.call("inside", timeout=10.0))
    await world.faults.waiting.wait()
    await asyncio.sleep(0)
    world.runtime.clock.advance(timedelta(seconds=10))
    with pytest.raises(PeerTimedOut):
        await asyncio.wait_for(waiting, PATIENCE_SECONDS)


@BOTH
async def test_clearing_lets_go_what_waits(world, where):
    world.arm(do="delay", seconds=3000)
    waiting = asyncio.create_task(world.call(where, timeout=5000.0))
    await world.faults.waiting.wait()
    await asyncio.sleep(0)
    world.faults.clear()
    assert (await asyncio.wait_for(waiting, PATIENCE_SECONDS)).body == BODY


async def test_a_reset_is_a_reset_for_whoever_looks_at_the_socket(world):
    world.arm(do="reset")
    host, port = world.outside.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /areq HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_truncated_answer_promises_more_than_it_holds(world):
    world.arm(do="truncate", keep=0.25)
    host, port = world.outside.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /areq HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert f"content-length: {len(BODY)}" in head.decode().lower()
    assert body == BODY[: len(BODY) // 4]
    writer.close()


async def test_several_faults_happen_to_one_message(world):
    world.arm(do="drop", element="acsTransID")
    world.arm(do="set", element="transStatus", value="Q")
    world.arm(do="content-type", value="text/plain")
    world.arm(do="delay", seconds=0.01)
    answer = await world.call("outside")
    assert json.loads(answer.body) == {"messageType": "ARes", "threeDSServerTransID": SERVER_ID, "transStatus": "Q"}
    assert answer.content_type == "text/plain"
    assert [one["do"] for one in await world.noted()] == ["drop", "set", "content-type", "delay"]


async def test_the_journal_says_what_happened_to_which_message(world):
    world.arm(do="set", element="transStatus", value="N")
    await world.call("inside")
    [noted] = await world.noted()
    assert noted == {
        "at": "ARes",
        "from": "ACS",
        "do": "set",
        "element": "transStatus",
        "value": "N",
        "threeDSServerTransID": SERVER_ID,
        "acsTransID": ACS_ID,
        "says": "An element has another value, or is there although it should not be",
        "sent": ARES | {"transStatus": "N"},
    }
    assert await world.runtime.journal.transaction_of(ACS_ID) == SERVER_ID


async def test_a_fault_is_limited_to_a_card_once_a_message_has_told_it(world):
    areq = {"messageType": "AReq", "acctNumber": "4000000000000002", "threeDSServerTransID": SERVER_ID}
    world.arm(do="status", card="4000000000000010", when="every")
    assert (await world.call("inside", body=json.dumps(areq).encode())).status == 200
    world.arm(do="status", card="4000000000000002")
    assert (await world.call("inside", body=json.dumps(areq).encode())).status == 503


# Requests.


def sending(world):
    return PartyTransport(world.faults, "Directory Server", world.transport)


async def send(world, where, timeout=PATIENCE_SECONDS, message=RREQ):
    return await sending(world).post(getattr(world, where) + "/results", json.dumps(message).encode(), timeout=timeout)


@BOTH
async def test_a_request_without_a_fault_arrives(world, where):
    assert json.loads((await send(world, where)).body) == {"messageType": "RRes"}
    world.arm("RReq", do="twice", card="4000000000000002")
    await send(world, where)
    assert [body for body, _ in world.received] == [json.dumps(RREQ).encode()] * 2


@BOTH
@pytest.mark.parametrize(
    ("fault", "error", "arrivals"),
    [
        ({"do": "refuse"}, PeerUnreachable, 0),
        ({"do": "silence", "seconds": 0.01}, PeerTimedOut, 0),
        ({"do": "reset"}, ExchangeBroken, 1),
        ({"do": "truncate"}, ExchangeBroken, 0),
        ({"do": "delay", "seconds": 0.01}, None, 1),
        ({"do": "dribble", "seconds": 0.01}, None, 1),
        ({"do": "twice"}, None, 2),
    ],
)
async def test_a_request_meets_its_fault_alike_on_both_ways(world, where, fault, error, arrivals):
    world.arm("RReq", **fault)
    if error is None:
        await send(world, where)
    else:
        with pytest.raises(error):
            await send(world, where)
    assert [json.loads(body) for body, _ in world.received] == [RREQ] * arrivals
    assert [one["do"] for one in await world.noted()] == [fault["do"]]


@BOTH
@pytest.mark.parametrize("worse", [{"do": "silence", "seconds": 0.01}, {"do": "refuse"}, {"do": "truncate"}])
async def test_a_request_that_is_lost_does_not_come_drop_by_drop(world, where, worse):
    world.arm("RReq", do="dribble", seconds=0.01)
    world.arm("RReq", **worse)
    with pytest.raises((PeerTimedOut, PeerUnreachable, ExchangeBroken)):
        await send(world, where)
    assert world.received == []


@BOTH
async def test_a_request_is_bent(world, where):
    world.arm("RReq", do="set", element="transStatus", value="N")
    world.arm("RReq", do="content-type", value="text/xml")
    await send(world, where)
    world.arm("RReq", do="garbage", bytes=8)
    await send(world, where)
    assert world.received[0] == (json.dumps(RREQ | {"transStatus": "N"}, separators=(",", ":")).encode(), "text/xml")
    assert len(world.received[1][0]) == 8


async def test_a_request_that_is_later_than_its_sender_waits_arrives_all_the_same(world):
    world.arm("RReq", do="delay", seconds=3000)
    with pytest.raises(PeerTimedOut):
        await send(world, "outside", timeout=0.02)
    assert world.received == []
    world.runtime.clock.advance(timedelta(seconds=3000))
    await asyncio.wait_for(world.arrived.wait(), 5)


async def test_only_the_sender_that_is_meant_is_hit(world):
    world.arm("RReq", do="refuse", **{"from": "ACS"})
    await send(world, "inside")
    with pytest.raises(PeerUnreachable):
        await PartyTransport(world.faults, "ACS", world.transport).post(
            world.inside + "/results", json.dumps(RREQ).encode(), timeout=1
        )


async def test_a_text_to_the_phone_is_told_by_its_address(world):
    text = json.dumps({"to": "+33639980000", "from": "BANQUE", "body": "123456", "reference": ACS_ID}).encode()
    world.arm("SMS", do="refuse", transaction=ACS_ID)
    with pytest.raises(PeerUnreachable):
        await PartyTransport(world.faults, "ACS", world.transport).post(
            "http://127.0.0.1:1/api/messages", text, timeout=1
        )
    [noted] = await world.noted()
    assert noted["acsTransID"] == ACS_ID
    assert "123456" not in json.dumps(noted)


# Pages.


def encoded(message):
    return base64.urlsafe_b64encode(json.dumps(message, separators=(",", ":")).encode()).decode().rstrip("=")


def field_of(body, field):
    return re.search(rf'name="{field}" value="([^"]*)"', body.decode())[1]


def cres_of(body):
    value = field_of(body, "cres")
    return json.loads(base64.urlsafe_b64decode(value + "=="))


CRES = {"messageType": "CRes", "threeDSServerTransID": SERVER_ID, "acsTransID": ACS_ID, "transStatus": "N"}


async def shown(world, at, /, **fault):
    world.arm(at, **fault)
    return (await world.call("inside", "/challenge")).body


async def test_the_message_in_a_form_is_bent(world):
    world.page = page(cres=encoded(CRES), threeDSSessionData="own")
    assert cres_of(await shown(world, "CRes post", do="set", element="transStatus", value="Y")) == CRES | {
        "transStatus": "Y"
    }
    assert field_of(await shown(world, "CRes post", do="padded-base64"), "cres").endswith("=")
    assert cres_of(await shown(world, "CRes post", do="erro", code="402"))["errorCode"] == "402"
    with pytest.raises(ValueError):
        cres_of(await shown(world, "CRes post", do="garbage"))
    assert (await shown(world, "CRes post", do="twice")).count(b'name="cres"') == 2
    assert b"<form" not in await shown(world, "CRes post", do="silence")
    other = await shown(world, "CRes post", do="other-session")
    assert field_of(other, "threeDSSessionData") != "own"
    assert cres_of(other) == CRES


async def test_what_one_fault_did_to_a_form_another_one_does_not_undo(world):
    world.page = page(cres=encoded(CRES))
    world.arm("CRes post", do="garbage")
    with pytest.raises(ValueError):
        cres_of(await shown(world, "CRes post", do="shuffle"))
    world.arm("CRes post", do="padded-base64")
    assert field_of(await shown(world, "CRes post", do="shuffle"), "cres").endswith("=")


async def test_a_page_and_what_it_posts_are_two_points(world):
    world.page = page(cres=encoded(CRES))
    world.arm("CRes post", do="set", element="transStatus", value="Y")
    answer = await world.transport.post(world.inside + "/challenge", b"", timeout=1)
    world.arm("CRes page", do="status", status=500)
    assert (await world.call("inside", "/challenge")).status == 500
    assert cres_of(answer.body)["transStatus"] == "Y"


async def test_a_challenge_page_is_told_by_its_form(world):
    world.page = page(acsTransID=ACS_ID, page="token")
    world.arm("challenge page", do="status", status=502, transaction=ACS_ID)
    assert (await world.call("inside", "/challenge")).status == 502


async def test_a_late_method_callback_comes_once_the_areq_has_been_answered(world):
    world.page = page(threeDSMethodData=encoded({"threeDSServerTransID": SERVER_ID}))
    world.page.body = world.page.body.replace(b"http://shop.example/n", world.outside.encode() + b"/results")
    assert b"<form" not in await shown(world, "Method callback", do="late")
    assert world.received == []
    await world.call("inside")
    assert not world.faults.plan.active
    await asyncio.wait_for(world.arrived.wait(), 5)
    assert world.received[0][0] == f"threeDSMethodData={encoded({'threeDSServerTransID': SERVER_ID})}".encode()


# Control.


async def test_every_service_has_its_faults_read_and_replaced(world):
    async with aiohttp.ClientSession() as session:

        async def control(body):
            async with session.post(world.outside + "/control/faults", json=body) as answer:
                return answer.status, await answer.json(content_type=None)

        kept = {"id": "a", "at": "ARes", "do": "reset", "when": "every", "fired": 0}
        assert await control({"faults": [kept]}) == (200, {"process": world.faults.process, "faults": [kept]})
        assert await control({}) == (200, {"process": world.faults.process, "faults": [kept]})
        status, problem = await control({"faults": [{"id": "b", "at": "ARes", "do": "refuse"}]})
        assert (status, "refuse makes no sense" in problem["detail"]) == (400, True)
        for bad in ({"faults": 3}, {"faults": [3]}, {"faults": [{}]}):
            assert (await control(bad))[0] == 400
        assert (await control({"known": 3}))[0] == 400
        own = await control({"faults": [], "process": world.faults.process})
        assert own[1]["faults"] == [kept], "within a process nobody knows better"
        assert (await control({"faults": []}))[1]["faults"] == []
