"""`/api/clock`, `/api/reset`, `/api/seed`, and what holds for every call."""

import json
from datetime import timedelta

import pytest

from acs_sim.desk.operations import OPERATIONS
from acs_sim.desk.pages.reading.api_page import BODIES, command
from tests.acs_sim.world import SERVER_ID


async def test_the_clock_tells_the_simulators_time(call):
    status, state, _ = await call("GET", "/api/clock")
    assert (status, state["now"], state["frozen"]) == (200, "2026-06-15T12:00:00.000+00:00", True)


async def test_the_clock_is_advanced_for_every_party_at_once(call, stack):
    began = stack.clock.now()
    _, state, _ = await call("POST", "/api/clock", json={"advance": "1h30m"})
    assert state["now"] == "2026-06-15T13:30:00.000+00:00"
    assert stack.clock.now() - began == timedelta(minutes=90)


async def test_the_clock_is_set_resumed_and_frozen(call, stack):
    _, state, _ = await call("POST", "/api/clock", json={"set": "2026-01-01T01:00:00+01:00"})
    assert state["now"] == "2026-01-01T00:00:00.000+00:00"
    _, state, _ = await call("POST", "/api/clock", json={"resume": True})
    assert (state["frozen"], state["ahead_seconds"]) == (False, 0)
    _, state, _ = await call("POST", "/api/clock", json={"freeze": True})
    assert (state["frozen"], stack.clock.frozen) == (True, True)


@pytest.mark.parametrize(
    ("move", "named"),
    [
        ({}, "exactly one"),
        ({"advance": "10m", "resume": True}, "exactly one"),
        ({"advance": "soon"}, "advance"),
        ({"advance": "-10m"}, "advance"),
        ({"advance": ""}, "advance"),
        ({"advance": "999999d"}, "advance"),
        ({"advance": 600}, "$.advance"),
        ({"set": "2026-01-01T00:00:00"}, "offset"),
        ({"set": "new year"}, "set"),
        ({"set": "9999-12-31T23:59:59Z"}, "2099"),
        ({"set": "1999-12-31T23:59:59Z"}, "2000"),
        ({"set": "0001-01-01T00:00:00+14:00"}, "set"),
        ({"resume": False}, "$.resume"),
        ({"stop": True}, "stop"),
    ],
)
async def test_a_move_that_makes_no_sense_leaves_the_clock_alone(call, stack, move, named):
    before = stack.clock.now()
    status, problem, headers = await call("POST", "/api/clock", json=move)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert named in problem["detail"]
    assert stack.clock.now() == before


async def test_reset_makes_every_party_and_the_journal_forget(call, stack, world):
    message = {"messageType": "AReq", "threeDSServerTransID": SERVER_ID}
    stack.runtime.journal.record(stack.clock.now(), "3DS Server", "Directory Server", "AReq", message)
    world.rows = []
    assert (await call("GET", f"/api/transactions/{SERVER_ID}"))[0] == 200
    status, outcome, _ = await call("POST", "/api/reset")
    assert (status, outcome) == (200, {"forgotten": ["shop", "ds", "acs", "phone"], "unreachable": []})
    assert world.reset == ["shop", "directory server", "acs", "phone"]
    assert (await call("GET", f"/api/transactions/{SERVER_ID}"))[0] == 404


async def test_the_same_seed_mints_the_same_cards(call):
    wish = {"scheme": "visa", "scenario": "challenge-otp"}
    _, answer, _ = await call("PUT", "/api/seed", json={"seed": 42})
    assert answer == {"seed": 42}
    first = [(await call("POST", "/api/cards", json=wish))[1]["pan"] for _ in range(3)]
    await call("PUT", "/api/seed", json={"seed": 42})
    again = [(await call("POST", "/api/cards", json=wish))[1]["pan"] for _ in range(3)]
    assert set(first).isdisjoint(again)  # they are given already, so the next free ones follow
    assert sorted(first + again)[0] == min(first)


@pytest.mark.parametrize("body", [{}, {"seed": -1}, {"seed": "42"}, {"seed": 2**63}, {"seed": 1.5}])
async def test_a_seed_is_a_whole_number_or_null(call, body):
    status, problem, _ = await call("PUT", "/api/seed", json=body)
    assert (status, "seed" in problem["detail"]) == (400, True)
    assert (await call("PUT", "/api/seed", json={"seed": None}))[0] == 200


async def test_every_route_of_the_api_is_in_the_openapi_document_and_nothing_else(call, stack):
    from acs_sim.desk.app import build

    status, document, _ = await call("GET", "/api/openapi.json")
    service = build(stack.runtime, stack.addresses)
    served = {(route.method.lower(), route.path) for route in (*service.routes, *service.streams)}
    served = {(method, path) for method, path in served if path.startswith("/api/")}
    described = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert (status, document["openapi"]) == (200, "3.1.0")
    assert described == served - {("get", "/api/openapi.json"), ("get", "/api/docs")}


async def test_the_openapi_document_describes_its_bodies_and_refers_only_to_what_it_holds(call):
    _, document, _ = await call("GET", "/api/openapi.json")
    act = document["components"]["schemas"]["CardholderAct"]
    assert act["properties"]["do"]["enum"] == ["abandon", "approve", "cancel", "decline", "resend", "select", "submit"]
    assert act["additionalProperties"] is False
    text = json.dumps(document)
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in document["components"]["schemas"]


async def test_an_unknown_address_or_method_is_a_problem_document_too(call):
    status, problem, headers = await call("GET", "/api/nothing")
    assert (status, headers["Content-Type"], problem["status"]) == (404, "application/problem+json", 404)
    status, problem, headers = await call("DELETE", "/api/clock")
    assert (status, headers["Allow"], problem["title"]) == (405, "GET, POST", "Method Not Allowed")


@pytest.mark.parametrize("path", ["/api/reset", "/api/clock", "/api/cards", "/clock", "/cards"])
async def test_a_page_of_another_site_cannot_change_anything(call, world, path):
    status, _, _ = await call.text("POST", path, headers={"Sec-Fetch-Site": "cross-site"})
    assert (status, world.reset, world.cards) == (403, [], {})


async def test_every_port_says_whether_it_is_alive_and_ready(call):
    for path in ("/healthz", "/readyz"):
        assert (await call("GET", path))[0] == 200
    status, text, _ = await call.text("GET", "/metrics")
    assert (status, "acs_sim_requests_total" in text) == (200, True)


HOSTILE = (
    b"",
    b"null",
    b"[]",
    b"1e999",
    b'"\\ud800"',
    b"\xff\xfe",
    b'{"do":"submit","code":"\\u0000"}',
    b'{"do":null}',
    b'{"advance":"' + b"9" * 5000 + b'd"}',
    b'{"advance":"999999d"}',
    b'{"set":"0001-01-01T00:00:00-23:59"}',
    b'{"seed":' + b"9" * 400 + b"}",
    b'{"scheme":"visa","scenario":"challenge-otp","phone":"+' + b"1" * 400 + b'"}',
    b'{"scheme":"' + b"x" * 8000 + b'","scenario":"y"}',
    b"[" * 10000,
    b'{"a":' * 3000,
    b"x" * 40000,
)


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
async def test_nothing_that_is_posted_makes_the_desk_fail(call, body):
    for operation in OPERATIONS:
        if operation.method != "GET" and operation.path != "/api/reset":
            path = operation.path.replace("{id}", SERVER_ID)
            status, problem, headers = await call(operation.method, path, data=body)
            assert status < 500, (operation.path, problem)
            if status < 400:
                continue
            assert headers["Content-Type"] == "application/problem+json"
            assert problem["status"] == status


@pytest.mark.parametrize(
    "text", ["", "%00", "%ff", "0", "9" * 400, "4" * 16, "..%2f", "<script>", "é", "٤" * 16, "%0d%0aX: y"]
)
async def test_nothing_in_an_address_makes_the_desk_fail(call, world, text):
    world.rows = []
    for path in (
        "/api/cards/",
        "/api/transactions/",
        "/transactions/",
        "/find?id=",
        "/cards?minted=",
        "/api/transactions?pan=",
    ):
        status, _, _ = await call.text("GET", path + text)
        assert status < 500, path


async def test_the_desk_says_where_every_party_is(call, stack):
    status, told, _ = await call("GET", "/api/addresses")
    assert (status, told) == (200, dict(stack.addresses))


def test_every_call_has_a_command_to_try_beside_it():
    assert set(BODIES) == {operation.name for operation in OPERATIONS if operation.bodies}
    commands = {one.name: command(one.method, one.path, one.name, "http://d") for one in OPERATIONS}
    assert commands["reset"] == "curl -X POST http://d/api/reset"
    assert commands["show_misses"] == "curl 'http://d/api/rules/misses?transaction=ID'"
    assert commands["set_seed"] == """curl -X PUT http://d/api/seed --json '{"seed":42}'"""
    assert commands["remove_rule"] == "curl -X DELETE http://d/api/rules/RULE"
    assert not any("{id}" in words for words in commands.values())
