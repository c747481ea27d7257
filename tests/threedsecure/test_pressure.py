"""Too much at once, and what the figures and the probes say of it, over real sockets."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from tests.support.simulator import running, runtime
from threedsecure.web.metrics import Measured, Metrics
from threedsecure.web.serving.application import application, serving
from threedsecure.web.serving.service import Dispatcher, Service, posted
from threedsecure.web.wire import json_response, message_response, read_json


@asynccontextmanager
async def no_life():
    yield


class Door:
    """An endpoint that holds whoever comes until it is opened."""

    def __init__(self):
        self.entered, self.opened = asyncio.Semaphore(0), asyncio.Event()

    async def pass_through(self, _request):
        self.entered.release()
        await self.opened.wait()
        return json_response({})


async def areq(request):
    request.message = read_json(request)
    return message_response({"messageType": "ARes"}, b"{}")


async def gauges():
    return [Measured("things_open", "Things", "state", {"odd": 3})]


@pytest.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


async def test_who_comes_to_a_full_service_is_asked_to_come_back_and_those_inside_are_answered(http):
    door = Door()
    async with runtime() as shared, asyncio.TaskGroup() as tasks:
        service = Service("door", [posted("/door", door.pass_through)], no_life)
        async with running(service, replace(shared, most_under_way=2)) as base:
            inside = [tasks.create_task(http.post(f"{base}/door")) for _ in range(2)]
            for _ in inside:
                await door.entered.acquire()
            async with http.post(f"{base}/door") as refused:
                assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
                assert refused.content_type == "application/problem+json"
            async with http.get(f"{base}/metrics") as answer:
                figures = await answer.text()
            assert 'acs_sim_requests_under_way{service="door"} 2' in figures
            assert 'acs_sim_requests_refused_total{service="door"} 1.0' in figures
            door.opened.set()
            assert [(await each).status for each in inside] == [200, 200]
            async with http.post(f"{base}/door") as again:
                assert again.status == 200


async def test_the_time_to_answer_is_told_by_message_type_and_nothing_that_a_peer_invents(http):
    async with runtime() as shared:
        service = Service("ds", [posted("/3ds2", areq)], no_life, measured=gauges)
        async with running(service, shared) as base:
            for kind in ("AReq", "AReq", "Invented"):
                await http.post(f"{base}/3ds2", json={"messageType": kind})
            async with http.get(f"{base}/metrics") as answer:
                figures = await answer.text()
    assert 'acs_sim_message_seconds_count{message="AReq",service="ds"} 2.0' in figures
    assert "Invented" not in figures
    assert 'acs_sim_things_open{state="odd"} 3' in figures
    assert 'acs_sim_journal_entries{state="left out"} 0' in figures


async def test_a_service_whose_database_fails_is_not_ready_and_says_why(http):
    wrong = []

    async def check():
        return wrong[0] if wrong else None

    async with runtime() as shared:
        service, metrics = Service("ds", [], no_life), Metrics()
        app = application(service, Dispatcher(service, shared, metrics), metrics, [check])
        async with serving(app, "127.0.0.1", 0) as port:
            async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                assert answer.status == 200
            wrong.append("the ds database does not answer")
            async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                assert (answer.status, (await answer.json())["reasons"]) == (503, wrong)
