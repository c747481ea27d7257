"""The way past aiohttp's router: what comes behind something else on the same connection is answered behind it."""

import asyncio
import random
import sys
from contextlib import asynccontextmanager

import pytest
from aiohttp import StreamReader, web

from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.web.metrics import Metrics
from threedsecure.web.serving.application import application
from threedsecure.web.serving.edge import EdgeRunner
from threedsecure.web.serving.service import Dispatcher, Service, posted
from threedsecure.web.wire import WireResponse, json_response


class World:
    def __init__(self):
        self.over = asyncio.Event()

    async def slow(self, _request):
        await self.over.wait()
        return json_response("slow")

    def straight(self, request):
        return WireResponse(200, request.body)

    async def elsewhere(self, _request):
        return json_response("elsewhere")


@pytest.fixture
async def world():
    async with runtime() as shared:
        built = World()
        routes = [
            posted("/slow", built.slow, at_the_edge=True),
            posted("/straight", built.straight, limit=1000, at_the_edge=True),
            posted("/elsewhere", built.elsewhere),
        ]
        service = Service("a service", routes, nothing)
        async with running(service, shared) as base:
            built.reader, built.writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
            yield built
            built.writer.close()


@asynccontextmanager
async def nothing():
    yield


def post(path, body=b""):
    return b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (path.encode(), len(body), body)


async def answers(world, count):
    """The bodies of so many answers, in order."""
    found = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in range(count):
            head = (await world.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            found.append((int(head.split()[1]), await world.reader.readexactly(length)))
    return found


async def test_answers_keep_the_order_of_their_requests(world):
    world.writer.write(post("/straight", b"1") + post("/slow") + post("/straight", b"2") + post("/elsewhere"))
    assert await answers(world, 1) == [(200, b"1")]
    world.writer.write(post("/straight", b"3"))
    await asyncio.sleep(0.05)
    world.over.set()
    assert await answers(world, 4) == [(200, b'"slow"'), (200, b"2"), (200, b'"elsewhere"'), (200, b"3")]


async def test_a_body_in_pieces_is_answered_and_one_that_is_too_long_refused(world):
    whole = post("/straight", b"x" * 500)
    world.writer.write(whole[:-100])
    await asyncio.sleep(0.05)
    world.writer.write(whole[-100:])
    assert await answers(world, 1) == [(200, b"x" * 500)]
    world.writer.write(post("/straight", b"x" * 1001) + post("/straight", b"1"))
    assert [status for status, _ in await answers(world, 2)] == [413, 200]


@pytest.mark.parametrize("seed", range(6))
async def test_however_the_bytes_are_cut_every_request_has_its_own_answer(world, seed):
    drawn = random.Random(seed)
    bodies = [b"x" * drawn.choice([0, 1, 1, 7, 100]) for _ in range(60)]
    paths = [drawn.choice(["/straight", "/straight", "/straight", "/elsewhere"]) for _ in bodies]
    whole = [post(path, body) for path, body in zip(paths, bodies, strict=True)]
    for request in whole if seed % 2 else cut(b"".join(whole), drawn):
        world.writer.write(request)
        await asyncio.sleep(drawn.choice([0, 0, 0.002]))
    expected = [
        (200, body if path == "/straight" else b'"elsewhere"') for path, body in zip(paths, bodies, strict=True)
    ]
    assert await answers(world, len(bodies)) == expected


def cut(data, drawn):
    """Here and there, mostly between two requests."""
    while data:
        end = data.find(b"POST ", 1) if drawn.random() < 0.7 else drawn.randrange(1, 60)
        piece, data = (data[:end], data[end:]) if end > 0 else (data, b"")
        yield piece


async def test_what_a_head_says_is_not_known_of_another(world):
    for extra in ("", "Expect: 100-continue\r\n", "Connection: close\r\n"):
        head = f"POST /straight HTTP/1.1\r\nHost: localhost\r\n{extra}Content-Length: 1\r\n\r\n"
        for body in (b"1", b"2") if "close" not in extra else (b"3",):
            world.writer.write(head.encode() + body)
            if "Expect" in extra:
                assert (await world.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            assert await answers(world, 1) == [(200, body)]
    assert await world.reader.read() == b""


async def test_a_head_that_came_before_is_not_parsed_again(world):
    parsed = []

    def watched(frame, event, _argument):
        if event == "call" and frame.f_code is StreamReader.__init__.__code__:
            parsed.append(frame)  # aiohttp's parser makes one of each body

    sys.setprofile(watched)
    try:
        for body in (b"1", b"2", b"3", b"4"):
            world.writer.write(post("/straight", body))
            assert await answers(world, 1) == [(200, body)]
    finally:
        sys.setprofile(None)
    assert len(parsed) == 1


async def test_who_is_being_answered_is_not_hung_up_on_as_idle():
    built = World()
    routes = [posted("/slow", built.slow, at_the_edge=True), posted("/elsewhere", built.elsewhere)]
    service = Service("a service", routes, nothing)
    async with runtime() as shared:
        app = application(service, Dispatcher(service, shared, Metrics()), Metrics())
        runner = EdgeRunner(app, access_log=None, keepalive_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        built.reader, built.writer = await asyncio.open_connection(*runner.addresses[0])
        built.writer.write(post("/elsewhere"))
        assert await answers(built, 1) == [(200, b'"elsewhere"')]
        built.writer.write(post("/slow"))
        await asyncio.sleep(0.3)
        built.over.set()
        assert await answers(built, 1) == [(200, b'"slow"')]
        built.writer.close()
        await runner.cleanup()
