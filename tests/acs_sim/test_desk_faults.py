"""`/api/faults`, the faults of cards, and the page for people."""

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from playwright.async_api import Page, expect

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import STARTED_AT, Caller
from tests.support.ports import with_free_ports
from threedsecure.faults import POINTS
from threedsecure.web.clock import Clock

TWICE = {"at": "RReq", "do": "twice"}


@pytest.fixture(scope="module")
async def alone() -> AsyncIterator[Caller]:
    """A desk and a directory server."""
    async with (
        running_stack(with_free_ports(Settings(fresh=True, only=("desk", "ds")))) as stack,
        aiohttp.ClientSession() as session,
    ):
        yield Caller(session, stack.addresses.desk)


async def armed(call, fault):
    status, document, _ = await call("POST", "/api/faults", json=fault)
    assert status == 201, document
    return document


async def in_force(call):
    return (await call("GET", "/api/faults"))[1]["faults"]


async def test_a_fault_is_put_in_force_listed_and_taken_back(call):
    assert await in_force(call) == []
    one = await armed(call, TWICE)
    assert one == {"id": one["id"], **TWICE, "fired": 0}
    other = await armed(call, {"at": "ARes", "do": "delay", "seconds": 2, "when": {"probability": 0.5}, "from": "ACS"})
    assert await in_force(call) == [one, other]
    assert (await call("DELETE", f"/api/faults/{one['id']}"))[:2] == (200, {"cleared": 1})
    status, problem, _ = await call("DELETE", f"/api/faults/{one['id']}")
    assert (status, "may have happened" in problem["detail"]) == (404, True)
    assert await in_force(call) == [other]
    assert (await call("DELETE", "/api/faults"))[:2] == (200, {"cleared": 1})
    assert await in_force(call) == []


@pytest.mark.parametrize(
    ("fault", "absent"),
    [
        ({"at": "RRes", "do": "garbage", "from": "3DS Server"}, "Shops and gateway"),
        ({"at": "ORes", "do": "garbage"}, "Shops and gateway"),
        ({"at": "ARes", "do": "garbage", "from": "ACS"}, "ACS"),
        ({"at": "CReq post", "do": "garbage"}, "ACS"),
        ({"at": "RRes", "do": "garbage"}, None),
        ({"at": "PReq", "do": "garbage"}, None),
        ({"at": "CReq", "do": "drop", "element": "acsTransID"}, None),
        ({"pack": "issuer-quirks"}, None),
    ],
    ids=json.dumps,
)
async def test_a_fault_of_somebody_who_does_not_run_is_refused_with_the_reason(alone, fault, absent):
    status, told, _ = await alone("POST", "/api/faults", json=fault)
    assert status == (201 if absent is None else 422), told
    if absent is not None:
        why = f"a fault at the {fault['at']} can never happen here: it is done by {absent}, which does not run"
        assert told["detail"] == why
        status, page, _ = await alone.text("POST", "/faults", data={"fault": json.dumps(fault)})
        assert (status, why in page) == (422, True)
        assert await in_force(alone) == []
    await alone("DELETE", "/api/faults")


async def test_what_has_happened_and_was_to_happen_once_stays_listed_with_its_count(call, stack):
    one = await armed(call, TWICE)
    standing = await armed(call, {**TWICE, "when": "every"})
    await stack.runtime.faults.struck("RReq", "Directory Server", frozenset(), b'{"messageType":"RReq"}')
    _, told, _ = await call("GET", "/api/faults")
    assert told["faults"] == [{**standing, "fired": 1}]
    assert told["spent"] == [{**one, "fired": 1}]
    _, html, _ = await call.text("GET", "/faults")
    assert '<tr class="spent">' in html
    assert html.count('name="disarm"') == 1
    await call("DELETE", "/api/faults")
    assert (await call("GET", "/api/faults"))[1] == {"faults": [], "spent": []}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "needs at"),
        (b'{"at":"ARes","do":"refuse"}', "refuse makes no sense at ARes, which is an answer: there are delay"),
        (b'{"pack":"kindness"}', "pack"),
        (b'{"pack":"hostile","at":"ARes"}', "unknown field"),
        (b"[" * 5_000, "not JSON"),
    ],
)
async def test_what_cannot_be_had_is_refused_in_words(call, body, words):
    status, problem, _ = await call("POST", "/api/faults", data=body)
    assert status == 400
    assert words in problem["detail"]
    assert await in_force(call) == []


async def test_a_pack_is_put_in_force_as_a_whole_and_for_one_card(call):
    status, document, _ = await call("POST", "/api/faults", json={"pack": "issuer-quirks", "card": "4000000000000002"})
    assert status == 201
    assert len(document["faults"]) >= 8
    assert {fault["card"] for fault in document["faults"]} == {"4000000000000002"}
    assert "Method callback" not in {fault["at"] for fault in document["faults"]}
    await call("DELETE", "/api/faults")
    everybodys = (await call("POST", "/api/faults", json={"pack": "issuer-quirks"}))[1]["faults"]
    assert "Method callback" in {fault["at"] for fault in everybodys}


async def test_a_reset_clears_what_was_asked_for(call):
    await armed(call, TWICE)
    assert (await call("POST", "/api/reset"))[0] == 200
    assert await in_force(call) == []


async def test_what_a_simulator_was_started_with_stays_after_a_reset_and_can_be_cleared(world):
    settings = with_free_ports(Settings(fresh=True, seed=1, hostile=True))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT), parties=world.parties()) as stack:
        import aiohttp

        async with aiohttp.ClientSession() as session:
            call = Caller(session, stack.addresses.desk)
            begun = len(await in_force(call))
            assert begun > 50
            await armed(call, TWICE)
            await call("POST", "/api/reset")
            assert len(await in_force(call)) == begun
            await call("DELETE", "/api/faults")
            assert await in_force(call) == []


async def test_a_card_is_minted_with_faults_of_its_own(call):
    wish = {
        "scheme": "visa",
        "scenario": "challenge-otp",
        "faults": [TWICE, {"at": "CRes post", "do": "padded-base64"}],
    }
    status, card, _ = await call("POST", "/api/cards", json=wish)
    assert status == 201
    assert [(one["do"], one["card"]) for one in await in_force(call)] == [
        ("twice", card["pan"]),
        ("padded-base64", card["pan"]),
    ]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"at": "PRes", "do": "reset"}, "before anybody says which card"),
        ({**TWICE, "card": "4000000000000002"}, "name neither card nor transaction"),
        ({"at": "ARes", "do": "refuse"}, "makes no sense"),
        ({"at": "ARes", "do": "explode"}, "explode"),
    ],
)
async def test_faults_that_a_card_cannot_have_are_refused_before_it_is_minted(call, world, fault, words):
    status, problem, _ = await call(
        "POST", "/api/cards", json={"scheme": "visa", "scenario": "frictionless", "faults": [fault]}
    )
    assert status == 400
    assert words in problem["detail"]
    assert world.cards == {}
    assert await in_force(call) == []


async def test_a_page_of_another_site_puts_nothing_in_force(call):
    status, _, _ = await call("POST", "/api/faults", json=TWICE, headers={"Sec-Fetch-Site": "cross-site"})
    assert status == 403
    assert await in_force(call) == []


async def test_what_is_under_way_for_a_card_is_known_to_a_fault_that_comes_later(call, stack, world):
    await armed(call, {**TWICE, "card": "4000000001000001"})
    assert {"pan": "4000000001000001", "limit": 20} in world.asked
    names = stack.runtime.faults.memory.learn({"acsTransID": world.rows[0]["acsTransID"]})
    assert "4000000001000001" in names


async def test_the_api_document_tells_of_every_point_and_kind(call):
    _, document, _ = await call("GET", "/api/openapi.json")
    body = document["paths"]["/api/faults"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    text = json.dumps(document["components"]["schemas"])
    assert len(body["anyOf"]) == 2
    assert all(json.dumps(point) in text for point in POINTS)
    assert '"padded-base64"' in text


async def test_the_page_arms_shows_and_clears(page: Page, stack, call):
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(stack.addresses.desk + "/faults")
    await expect(page.locator(".notice.good")).to_have_text("Nothing misbehaves.")
    await page.locator("#fault").fill('{"at":"ARes","do":"refuse"}')
    await page.get_by_role("button", name="Put in force").click()
    await expect(page.get_by_role("alert")).to_contain_text("refuse makes no sense at ARes")
    await page.locator("#fault").fill(
        '{"at":"ARes","do":"set","element":"<b>eci","value":"<i>","card":"4000000001000001"}'
    )
    await page.get_by_role("button", name="Put in force").click()
    line = page.locator("#faults tbody tr")
    await expect(line).to_have_count(1)
    await expect(line).to_contain_text("element <b>eci · value <i>")
    await expect(line).to_contain_text("the next one")
    await expect(line).not_to_contain_text("4000000001000001")
    await page.get_by_role("button", name="issuer-quirks", exact=True).click()
    await expect(page.locator("details.pack")).to_have_count(1)
    await expect(page.locator("details.pack tbody tr")).to_have_count(len(await in_force(call)) - 1)
    await page.get_by_role("button", name="Take issuer-quirks back").click()
    await expect(page.locator("details.pack")).to_have_count(0)
    await expect(line).to_have_count(1)
    await page.get_by_role("button", name="Clear all").click()
    await expect(page.locator(".notice.good")).to_be_visible()
    assert await in_force(call) == []
    assert errors == []
