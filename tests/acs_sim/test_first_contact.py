"""What a gateway sends first and has refused is seen: at the top of the transactions, with its Erro, and on a page of its own."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import Caller
from tests.support.engine import on_both_engines
from tests.support.ports import with_free_ports
from tests.support.third_party import ThreeDSServer
from threedsecure.web.clock import Clock

pytestmark = on_both_engines

STARTED_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
PAN = "4000000000000002"
NO_VERSION = (
    b'<?xml version="1.0"?><ThreeDSecure><Message id="first-1"><VEReq><pan>4000000000000002</pan></VEReq></Message>'
    b"</ThreeDSecure>"
)


@pytest.fixture
async def whole(tmp_path) -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(data=str(tmp_path / "data"), seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as stack:
        yield stack


@pytest.fixture
async def desk(whole) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, whole.addresses.desk)


@pytest.fixture
def gateway():
    server = ThreeDSServer()
    yield server
    server.close()


async def posted(whole, body: bytes, path="/visa/3ds2", media="application/json") -> str:
    headers = {"Content-Type": media}
    address = f"{whole.addresses.ds}{path}"
    async with aiohttp.ClientSession() as session, session.post(address, data=body, headers=headers) as answer:
        return await answer.text()


def areq(gateway, **changes) -> bytes:
    message = gateway.areq(PAN) | changes
    return json.dumps({name: value for name, value in message.items() if value is not None}).encode()


async def top(desk):
    _, document, _ = await desk("GET", "/api/transactions")
    return document["transactions"][0]


async def test_a_refused_areq_stands_at_the_top_with_its_erro_and_elements(whole, desk, gateway):
    await posted(whole, areq(gateway))
    whole.clock.advance(timedelta(seconds=1))
    erro = json.loads(await posted(whole, areq(gateway, mcc=None, merchantName="")))
    one = await top(desk)
    assert (one["id"], one["state"], one["scheme"]) == (erro["threeDSServerTransID"], "refused", "visa")
    assert one["pan"] == "400000******0002"
    assert one["refusal"] == {
        "refused": "AReq",
        "errorCode": erro["errorCode"],
        "errorDetail": erro["errorDetail"],
        "errorDescription": erro["errorDescription"],
        "errorComponent": "D",
    }
    assert "merchantName" in erro["errorDetail"]


@pytest.mark.parametrize(
    ("body", "path", "media", "code"),
    [
        (b'{"messageType":"AReq",', "/visa/3ds2", "application/json", "101"),
        (b"{}", "/visa/3ds2", "application/json", "101"),
        (
            b'{"messageType":"AReq","messageVersion":"2.2.0","acctNumber":"4000000000000002"}',
            "/visa/3ds2",
            "application/json",
            "201",
        ),
        (
            b'{"messageType":"AReq","messageVersion":"2.2.0","threeDSServerTransID":7}',
            "/visa/3ds2",
            "application/json",
            "203",
        ),
        (b"pan=1", "/visa/3ds2", "application/x-www-form-urlencoded", "101"),
        (b"{}", "/vissa/3ds2", "application/json", "303"),
        (b"no XML", "/visa/3ds1", "application/xml", "1"),
        (NO_VERSION, "/visa/3ds1", "application/xml", "3"),
    ],
    ids=[
        "cut",
        "no type",
        "no identifier",
        "identifier no text",
        "form",
        "no such scheme",
        "no XML",
        "VEReq without version",
    ],
)
async def test_whatever_is_refused_has_a_place_in_the_list_and_a_page_with_both_messages(
    whole, desk, body, path, media, code
):
    await posted(whole, body, path, media)
    one = await top(desk)
    assert one["refusal"]["errorCode"] == code
    _, messages, _ = await desk("GET", f"/api/transactions/{one['id']}/messages")
    assert [each["from"] for each in messages["messages"]][-1] == "Directory Server"
    assert len(messages["messages"]) == 2
    _, html, _ = await desk.text("GET", f"/transactions/{one['id']}")
    assert f"<b>{code}</b>" in html
    _, html, _ = await desk.text("GET", "/")
    assert re.search(r'<tr id="line-[0-9]+" class="bad">', html)
    assert f"<b>{code}</b>" in html


async def test_what_was_refused_is_found_by_card_state_and_time(whole, desk, gateway):
    await posted(whole, areq(gateway, mcc=None))
    for query, count in (
        ("state=refused", 1),
        (f"pan={PAN}", 1),
        ("pan=4000000001000001", 0),
        ("state=answered", 0),
        ("since=2026-06-15T13:00:00Z", 0),
    ):
        _, document, _ = await desk("GET", f"/api/transactions?{query}")
        assert len(document["transactions"]) == count, query


async def test_an_areq_that_is_put_right_under_the_same_identifier_takes_the_place_of_the_refused_one(
    whole, desk, gateway
):
    message = gateway.areq(PAN)
    await posted(whole, json.dumps({**message, "mcc": "x"}).encode())
    await posted(whole, json.dumps(message).encode())
    _, document, _ = await desk("GET", "/api/transactions")
    assert [(one["state"], one.get("refusal")) for one in document["transactions"]] == [("answered", None)]


async def test_an_acquirer_that_does_not_take_part_in_1_0_2_is_seen(whole, desk):
    vereq = (
        b'<?xml version="1.0"?><ThreeDSecure><Message id="first-2"><VEReq><version>1.0.2</version><pan>4000001000000001</pan>'
        b"<Merchant><acqBIN>99999900050</acqBIN><merID>none</merID></Merchant></VEReq></Message></ThreeDSecure>"
    )
    await posted(whole, vereq, "/visa/3ds1", "application/xml")
    one = await top(desk)
    assert (one["id"], one["refusal"]["refused"], one["refusal"]["errorCode"]) == ("first-2", "VEReq", "50")
