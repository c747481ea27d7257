"""The way past aiohttp's router: what comes behind something else on the same connection is answered behind it."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.web.serving.service import Service, posted
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
