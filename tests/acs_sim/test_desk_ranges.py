"""`/api/ranges`, with the real directory server behind the desk."""

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from lxml import html

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import STARTED_AT, Caller
from tests.support.ports import with_free_ports
from threedsecure.web.clock import Clock

NEW = {"start": "9900000000000000", "end": "9900000000009999"}


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=1, only=("desk", "ds")))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


@pytest.fixture
async def call(stack) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, stack.addresses.desk)


async def edit(call, *edits, scheme="visa"):
    return await call("POST", "/api/ranges", json={"scheme": scheme, "edits": list(edits)})


async def test_the_ranges_of_a_scheme_are_listed(call):
    status, document, _ = await call("GET", "/api/ranges?scheme=visa")
    assert (status, document["scheme"], document["serial"], len(document["ranges"])) == (200, "visa", "1", 56)
    _, one, _ = await call("GET", "/api/ranges?scheme=visa&pan=4000000341234567")
    [found] = one["ranges"]
    assert (found["start"], found["versions"], found["stand_in"]) == ("4000000340000000", ["2.3.1"], "attempt")


async def test_a_range_is_added_modified_and_deleted_while_it_runs(call, stack):
    assert (await edit(call, {"action": "A", **NEW, "versions": ["2.3.1"]}))[1] == {"serial": "2"}
    assert (await edit(call, {"action": "M", **NEW, "three_ds_method_url": None}))[1] == {"serial": "3"}
    _, one, _ = await call("GET", "/api/ranges?scheme=visa&pan=9900000000000018")
    assert (one["ranges"][0]["versions"], one["ranges"][0]["three_ds_method_url"]) == (["2.3.1"], None)
    preq = {
        "messageType": "PReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
        "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
        "serialNum": "1",
    }
    async with aiohttp.ClientSession() as session, session.post(f"{stack.addresses.ds}/visa/3ds2", json=preq) as answer:
        pres = await answer.json()
    assert [found["actionInd"] for found in pres["cardRangeData"]] == ["A", "M"]
    assert (await edit(call, {"action": "D", **NEW}))[0] == 200
    assert (await call("GET", "/api/ranges?scheme=visa&pan=9900000000000018"))[1]["ranges"] == []


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"scheme": "vise", "edits": [{"action": "A", **NEW}]}, 400, "scheme"),
        ({"scheme": "visa", "edits": []}, 400, "edits"),
        ({"scheme": "visa", "edits": [{"action": "X", **NEW}]}, 400, "action"),
        ({"scheme": "visa", "edits": [{"action": "A", **NEW}]}, 400, "versions"),
        ({"scheme": "visa", "edits": [{"action": "A", **NEW, "versions": ["9.9.9"]}]}, 400, "9.9.9"),
        ({"scheme": "visa", "edits": [{"action": "A", **NEW, "colour": "red"}]}, 400, "colour"),
        ({"scheme": "visa", "edits": [{"action": "D", **NEW}]}, 409, "no such range"),
    ],
)
async def test_an_edit_that_cannot_be_made_is_told_where(call, body, status, named):
    found, problem, _ = await call("POST", "/api/ranges", json=body)
    assert (found, named in problem["detail"]) == (status, True), problem


@pytest.mark.parametrize("query", ["", "?scheme=vise", "?colour=red"])
async def test_a_list_needs_a_scheme(call, query):
    assert (await call("GET", f"/api/ranges{query}"))[0] == 400


def rows(text: str) -> list[list[str]]:
    found = html.document_fromstring(text).xpath("//table/tbody/tr")
    return [[" ".join(cell.text_content().split()) for cell in row.xpath("td")] for row in found]


def field(text: str) -> dict:
    (area,) = html.document_fromstring(text).xpath("//textarea")
    return json.loads(area.text_content())


async def test_the_page_fills_an_edit_in_and_what_is_changed_holds_at_once(call):
    _, text, _ = await call.text("GET", "/ranges?scheme=visa&pan=4000000341234567")
    (row,) = rows(text)
    assert row[:3] == ["4000000340000000", "4000000349999999", "2.3.1 acsInfoInd 01, 02"]
    (change, delete) = html.document_fromstring(text).xpath("//table//a/@href")
    wish = field((await call.text("GET", change))[1])
    assert (wish["edits"][0]["action"], wish["edits"][0]["versions"]) == ("M", ["2.3.1"])
    wish["edits"][0]["versions"] = ["2.2.0"]
    status, _, headers = await call.text("POST", "/ranges", data={"edits": json.dumps(wish)})
    assert (status, headers["Location"]) == (303, "/ranges?scheme=visa")
    _, text, _ = await call.text("GET", "/ranges?scheme=visa&pan=4000000341234567")
    assert (rows(text)[0][2].split()[0], '<b id="serial">2</b>' in text) == ("2.2.0", True)
    edits = json.dumps(field((await call.text("GET", delete))[1]))
    assert (await call.text("POST", "/ranges", data={"edits": edits}))[0] == 303
    _, text, _ = await call.text("GET", "/ranges?scheme=visa&pan=4000000341234567")
    assert (rows(text), "N with reason 08" in text) == ([], True)


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ("", "truncated"),
        ('{"scheme":"visa","edits":[]}', "edits"),
        ('{"scheme":"mine","edits":[{"action":"D","start":"1","end":"2"}]}', "mine"),
        ('{"scheme":"visa","edits":[{"action":"D","start":"9900000000000000","end":"9900000000009999"}]}', "990000"),
        ("[" * 5000, "Expected `object`"),
    ],
)
async def test_an_edit_that_cannot_be_had_is_told_above_the_text_that_asks_for_it(call, edits, words):
    status, text, _ = await call.text("POST", "/ranges", data={"edits": edits})
    (refused,) = html.document_fromstring(text).xpath("//p[@id='refused']")
    assert (status, words in refused.text_content()) == (422, True), refused.text_content()
