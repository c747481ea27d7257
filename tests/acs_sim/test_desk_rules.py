"""`/api/rules`, with the whole simulator behind the desk."""

import html
from collections.abc import AsyncIterator

import aiohttp
import pytest

from acs_sim.running.stack import Stack, running_stack
from acs_sim.scenarios.file.elements import Column
from acs_sim.scenarios.playing.purchase import areq
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import STARTED_AT, Caller
from tests.support.classic_mpi import XML, Answer, vereq
from tests.support.ports import with_free_ports
from threedsecure.web.clock import Clock

CARD = "4000000000000002"
IDS = iter(range(1, 1000))


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone")))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


@pytest.fixture
async def call(stack) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, stack.addresses.desk)
        await Caller(session, stack.addresses.desk)("DELETE", "/api/rules")


async def authenticate(stack, headers=None, **changes):
    ours = {
        "threeDSServerTransID": f"8a880dc0-d2d2-4067-bcb1-{next(IDS):012}",
        "threeDSServerURL": "http://127.0.0.1:9/results",
        "notificationURL": "http://127.0.0.1:9/notification",
        "acctNumber": CARD,
        "cardExpiryDate": "3012",
    }
    message = areq(Column("2.2.0", "02", "01"), STARTED_AT, ours, changes)
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stack.addresses.ds}/visa/3ds2", json=message, headers=headers) as answer,
    ):
        return await answer.json(content_type=None)


async def test_a_rule_is_made_followed_listed_and_removed(call, stack):
    wish = {"name": "dear", "if": {"amount": {"at_least": 10000}}, "then": {"scenario": "challenge-otp"}}
    status, made, _ = await call("POST", "/api/rules", json=wish)
    assert (status, made) == (201, {"id": made["id"], "once": False, **wish})
    assert (await call("GET", "/api/rules"))[1] == {"rules": [made]}
    followed = await authenticate(stack, purchaseAmount="25000")
    assert followed["transStatus"] == "C"
    _, told, _ = await call("GET", f"/api/rules/misses?transaction={followed['dsTransID']}")
    assert (told["rule"]["name"], told["misses"]) == ("dear", [])
    assert (await call("DELETE", f"/api/rules/{made['id']}"))[1] == {"left": 0}
    assert (await authenticate(stack, purchaseAmount="25000"))["transStatus"] == "Y"


async def test_the_nearest_miss_says_why_no_rule_was_followed(call, stack):
    wish = {"if": {"merchantName": "Fromagerie Exemple", "mcc": "5942"}, "then": {"scenario": "rejected"}}
    await call("POST", "/api/rules", json=wish)
    ares = await authenticate(stack)
    _, told, _ = await call("GET", f"/api/rules/misses?transaction={ares['acsTransID']}")
    (miss,) = told["misses"]
    assert (told["rule"], told["transaction"], miss["met"]) == (None, ares["threeDSServerTransID"], 1)
    assert miss["missed"] == [
        {"what": "merchantName", "wanted": "Fromagerie Exemple", "found": "Librairie Exemple"},
    ]


async def test_a_header_of_the_3ds_server_reaches_the_issuer_when_it_begins_with_x(call, stack):
    wish = {"if": {"headers": {"X-Run": "7", "Accept-Language": "<absent>"}}, "then": {"scenario": "rejected"}}
    await call("POST", "/api/rules", json=wish)
    headers = {"X-Run": "7", "Accept-Language": "fr"}
    assert (await authenticate(stack, headers))["transStatus"] == "R"
    assert (await authenticate(stack, {"X-Run": "8"}))["transStatus"] == "Y"


async def test_a_rule_for_a_vereq_changes_what_1_0_2_answers(call, stack):
    wish = {"if": {"message": "VEReq", "merchant": "87654321"}, "then": {"scenario": "enrolment-unknown"}}
    await call("POST", "/api/rules", json=wish)
    answers = {}
    async with aiohttp.ClientSession() as session:
        for merchant in ("87654321", "12345678"):
            body = vereq("4000000901000002", f"VEReq-{merchant}", mer_id=merchant)
            headers = {"Content-Type": XML}
            async with session.post(f"{stack.addresses.ds}/visa/3ds1", data=body, headers=headers) as answer:
                answers[merchant] = Answer(await answer.read())["VERes/CH/enrolled"]
    assert answers == {"87654321": "U", "12345678": "Y"}
    _, told, _ = await call("GET", "/api/rules/misses?transaction=VEReq-12345678")
    assert told["misses"][0]["missed"] == [{"what": "merchant", "wanted": "87654321", "found": "12345678"}]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/rules", {}, 400),
        ("POST", "/api/rules", {"then": {"scenario": "nothing"}}, 422),
        ("POST", "/api/rules", {"then": {"scenario": "rejected"}, "iff": {}}, 400),
        ("DELETE", "/api/rules/none", None, 404),
        ("GET", "/api/rules/misses", None, 400),
        ("GET", "/api/rules/misses?transaction=nobody", None, 404),
        ("GET", "/api/rules/misses?id=nobody", None, 400),
    ],
)
async def test_what_cannot_be_done_is_a_problem(call, method, path, body, status):
    answered, problem, _ = await call(method, path, **({"json": body} if body is not None else {}))
    assert (answered, problem["status"], bool(problem["detail"])) == (status, status, True)


async def test_a_transaction_that_came_before_every_rule_has_no_misses(call, stack):
    ares = await authenticate(stack)
    status, problem, _ = await call("GET", f"/api/rules/misses?transaction={ares['acsTransID']}")
    assert (status, "there was no rule" in problem["detail"]) == (404, True)


async def page(stack, path="/rules", **form):
    async with aiohttp.ClientSession() as session:
        method = "POST" if form else "GET"
        async with session.request(method, stack.addresses.desk + path, data=form or None) as answer:
            return answer.status, html.unescape(await answer.text())


async def test_the_page_makes_shows_explains_and_removes_rules(call, stack):
    assert "There are no rules" in (await page(stack))[1]
    rule = '{"name":"<b>dear</b>","if":{"amount":{"at_least":10000},"pan":"4000000000000002"},"then":{"scenario":"rejected"}}'
    status, text = await page(stack, rule=rule)
    assert status == 200
    assert "amount at least 10000" in text
    assert "pan 400000******0002" in text
    ares = await authenticate(stack)
    text = (await page(stack, f"/rules?transaction={ares['acsTransID']}"))[1]
    assert "1 of 2 conditions met; <code>amount</code> should be at least 10000 and is 4200" in text
    assert "no transaction goes by" in (await page(stack, "/rules?transaction=nobody"))[1]
    assert "There are no rules" in (await page(stack, remove=""))[1]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{", "Input data was truncated"),
        ('{"then":{"scenario":"rejected"},"wehn":{}}', "unknown field `wehn`"),
        ('{"if":{"amuont":1},"then":{"scenario":"rejected"}}', "AReq has no element 'amuont'"),
    ],
)
async def test_a_rule_that_is_refused_stays_in_the_field_with_the_reason(stack, rule, words):
    status, text = await page(stack, rule=rule)
    assert (status, words in text, rule in text) == (422, True, True)
