"""The layer that every exchange passes, over real sockets."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.errors import PeerTimedOut, PeerUnreachable, ProtocolError
from threedsecure.web.calling.transport import Endpoint, InProcessTransport
from threedsecure.web.journal import Hop
from threedsecure.web.serving.service import Service, posted
from threedsecure.web.wire import Problem, WireResponse, json_response, message_response, read_form, read_json

ID = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"


async def echo(request):
    document = read_json(request)
    request.message = document
    return message_response({"messageType": "Echo", **document}, request.body)


async def bug(_request):
    raise ZeroDivisionError


async def teapot(_request):
    raise Problem(418, "I am a teapot", "and short", spout=True)


async def wrong(_request):
    raise ProtocolError("out of order")


async def silent(_request):
    await asyncio.Event().wait()
    return json_response({})


async def form(request):
    return json_response(read_form(request))


def answer(error, _request):
    return WireResponse(200, str(error).encode())


@asynccontextmanager
async def no_life():
    yield


ROUTES = (
    posted("/echo", echo, limit=200, hop=Hop("MPI", "Directory Server"), answer_error=answer),
    posted("/bug", bug),
    posted("/teapot", teapot),
    posted("/wrong", wrong, answer_error=answer),
    posted("/silent", silent),
    posted("/form", form),
)


@pytest.fixture
async def shared():
    async with runtime() as made:
        yield made


@pytest.fixture
async def base(shared):
    async with running(Service("echo", ROUTES, no_life), shared) as address:
        yield address


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_body_up_to_the_limit_passes_and_one_byte_more_is_answered_as_an_error(base, http):
    body = b'{"a":"' + b"x" * 192 + b'"}'
    async with http.post(base + "/echo", data=body) as response:
        assert await response.read() == body
    async with http.post(base + "/echo", data=body + b" ") as response:
        assert await response.text() == "the body is longer than 200 bytes"


async def test_a_protocol_error_is_answered_by_the_route_and_a_problem_as_a_problem_document(base, http):
    async with http.post(base + "/wrong") as response:
        assert (response.status, await response.text()) == (200, "out of order")
    async with http.post(base + "/teapot") as response:
        assert response.status == 418
        assert response.content_type == "application/problem+json"
        assert await response.json(content_type=None) == {
            "type": "about:blank", "title": "I am a teapot", "status": 418, "detail": "and short", "spout": True,
        }  # fmt: skip


async def test_a_bug_is_a_500_that_gives_nothing_away(base, http):
    async with http.post(base + "/bug") as response:
        assert response.status == 500
        assert "ZeroDivision" not in await response.text()


async def test_what_passes_a_hop_is_in_the_journal_under_any_of_its_ids(base, http, shared):
    message = {"messageType": "AReq", "threeDSServerTransID": ID, "dsTransID": "d-1"}
    async with http.post(base + "/echo", json=message) as response:
        assert response.status == 200
    assert await shared.journal.transaction_of("d-1") == ID
    entries = await shared.journal.entries_of(ID)
    assert [(e["from"], e["to"], e["kind"]) for e in entries] == [
        ("MPI", "Directory Server", "AReq"),
        ("Directory Server", "MPI", "AReq"),
    ]


async def test_a_form_is_read_once_per_name_and_anything_else_is_refused(base, http):
    async with http.post(
        base + "/form", data="a=1&a=2&b=", headers={"Content-Type": "application/x-www-form-urlencoded"}
    ) as response:
        assert await response.json() == {"a": "1", "b": ""}
    async with http.post(base + "/form", json={}) as response:
        assert response.status == 415
    for body in (b"\xff", b"&".join(b"a=1" for _ in range(100))):
        async with http.post(
            base + "/form", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        ) as response:
            assert response.status == 400


async def test_health_readiness_and_figures_are_on_every_service(base, http):
    async with http.post(base + "/teapot"):
        pass
    async with http.get(base + "/healthz") as response:
        assert response.status == 200
    async with http.get(base + "/readyz") as response:
        assert await response.json() == {"status": "ready"}
    async with http.get(base + "/metrics") as response:
        assert 'acs_sim_requests_total{path="/teapot",service="echo",status="418"} 1.0' in await response.text()


async def test_a_refused_connection_and_a_silent_peer_are_told_apart(base, shared):
    with pytest.raises(PeerUnreachable):
        await shared.transport.post("http://127.0.0.1:1/", b"", timeout=PATIENCE_SECONDS)
    with pytest.raises(PeerTimedOut):
        await shared.transport.post(base + "/silent", b"", timeout=0.05)


async def test_a_call_within_the_process_carries_the_same_bytes_and_keeps_the_time_limit(shared):
    seen = []

    async def endpoint(request):
        seen.append((request.path, request.body, request.headers["content-type"]))
        return json_response({})

    inside = InProcessTransport(shared.transport)
    inside.register("http://acs.example", {"/areq": Endpoint(endpoint, endpoint), "/silent": Endpoint(silent, silent)})
    assert (await inside.post("http://acs.example/areq", b"{}", timeout=PATIENCE_SECONDS)).status == 200
    assert seen == [("/areq", b"{}", "application/json; charset=utf-8")]
    with pytest.raises(PeerTimedOut):
        await inside.post("http://acs.example/silent", b"", timeout=0.05)
