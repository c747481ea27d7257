"""What others do with their connections: say nothing, dribble, hang up, speak something else, pack badly, read nothing."""

import asyncio
import gzip
import logging
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

import aiohttp
import pytest

from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.web.serving.application import MOST_STREAMS
from threedsecure.web.serving.connections import MOST, Connections, most_connections
from threedsecure.web.serving.event_stream import stream_events
from threedsecure.web.serving.service import Service, Stream, posted
from threedsecure.web.wire import WireResponse

SHORT = 0.3
POST = b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok"


class Host:
    def __init__(self, base, connections):
        self.base = base
        self.connections = connections
        self.writers = []

    async def open(self, said=b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(self.base.rpartition(":")[2]))
        writer.write(said)
        self.writers.append(writer)
        return reader, writer

    async def figures(self):
        async with aiohttp.ClientSession() as session, session.get(self.base + "/metrics") as answer:
            return await answer.text()


@asynccontextmanager
async def hosting(**limits):
    async with runtime() as shared:
        connections = Connections(**limits)
        slow = asyncio.Event()

        async def answer_late(_request):
            await slow.wait()
            return WireResponse(200, b"late")

        async def stream(request):
            async def nothing_new():
                await slow.wait()
                return b""

            return await stream_events(request, nothing_new, heartbeat_seconds=60, is_behind=slow.is_set)

        heard = []

        def echo(request):
            heard.append(request.headers)
            return WireResponse(200, request.body)

        routes = [
            posted("/straight", echo, at_the_edge=True),
            posted("/late", answer_late, at_the_edge=True),
            posted("/usual", echo),
        ]
        service = Service("host", routes, nothing, streams=[Stream("GET", "/events", stream)])
        async with running(service, replace(shared, connections=connections)) as base:
            host = Host(base, connections)
            host.slow, host.heard = slow, heard
            yield host
            slow.set()
            for writer in host.writers:
                writer.close()


@asynccontextmanager
async def nothing():
    yield


async def all_of(reader):
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await reader.read()


async def until(is_so):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110 - what happens in the server tells nobody
            await asyncio.sleep(0.01)


DRIBBLED = [b"", b"POST /straight HT", b"POST /straight HTTP/1.1\r\nHost: localhost\r\nX: ", b"\x16\x03\x01"]


@pytest.mark.parametrize("said", DRIBBLED)
async def test_who_does_not_come_to_a_whole_head_is_let_go(said):
    async with hosting(first_seconds=SHORT) as host:
        reader, writer = await host.open(said)

        async def dribble():
            while not writer.is_closing():
                writer.write(b"x" if said else b"")
                await asyncio.sleep(SHORT / 10)

        dribbling = asyncio.create_task(dribble())
        assert b"200" not in await all_of(reader)
        dribbling.cancel()
        writer.close()
        assert 'acs_sim_connections{state="timed out"} ' in await host.figures()
        assert sum(host.connections.ended.values()) == 1


async def test_who_says_nothing_more_after_an_answer_is_let_go_and_who_waits_for_one_is_not():
    async with hosting(first_seconds=SHORT, idle_seconds=SHORT) as host:
        silent, _ = await host.open(POST % b"/straight")
        waiting, writer = await host.open(POST % b"/straight" + POST % b"/late")
        assert (await all_of(silent)).endswith(b"ok")
        assert host.connections.ended["timed out"] == 1
        host.slow.set()
        assert (await all_of(waiting)).endswith(b"late")
        writer.close()


async def test_where_there_are_too_many_the_one_goes_that_has_been_silent_longest():
    async with hosting(most=5) as host:
        busy = await host.open(POST % b"/late")
        silent = [await host.open() for _ in range(4)]
        for _ in range(3):
            reader, writer = await host.open(POST % b"/straight")
            assert b"200 OK" in await reader.readuntil(b"ok")
        assert await all_of(silent[0][0]) == b""
        assert host.connections.ended["turned away"] >= 3
        host.slow.set()
        assert (await busy[0].readuntil(b"late")).startswith(b"HTTP/1.1 200")
        for _, writer in [busy, *silent]:
            writer.close()


async def test_where_everybody_waits_for_an_answer_nobody_more_is_let_in():
    async with hosting(most=2) as host:
        busy = [await host.open(POST % b"/late") for _ in range(2)]
        await until(lambda: sum(not each.is_idle for each in host.connections._open) == 2)
        late, _ = await host.open(POST % b"/straight")
        with pytest.raises((ConnectionError, AssertionError)):
            assert await all_of(late)
        host.slow.set()
        for reader, _ in busy:
            assert b"200" in await reader.readuntil(b"late")


@pytest.mark.parametrize("path", ["/straight", "/usual"])
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
async def test_a_body_that_cannot_be_unpacked_is_the_callers_mistake(path, coding, caplog):
    async with hosting() as host, aiohttp.ClientSession() as session:
        for body in (b"{}", b"\x1f\x8b\x08\x00" + b"x" * 20, b""):
            headers = {"Content-Encoding": coding}
            async with session.post(host.base + path, data=body, headers=headers) as answer:
                assert answer.status in (200, 400), await answer.text()
                assert answer.status == 400 or body == b"" or coding == "br"
    assert caplog.records == []


async def test_a_body_that_unpacks_to_more_than_is_wanted_is_not_unpacked_to_its_end():
    bomb = gzip.compress(bytes(100_000_000), 1)
    head = b"POST /usual HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(
        bomb
    )
    async with hosting() as host:
        began = time.process_time()
        reader, _ = await host.open(head + bomb)
        with suppress(ConnectionError):
            assert b" 413 " in await reader.readuntil(b"\r\n")
            await all_of(reader)
        took, began = time.process_time() - began, time.process_time()
    assert len(gzip.decompress(bomb)) == 100_000_000
    assert took < (time.process_time() - began) / 4


@pytest.mark.parametrize("path", ["/straight", "/usual"])
async def test_octets_that_are_no_text_are_not_written_as_such(path):
    """Half a surrogate pair, which is what Python makes of them, cannot be written: it would take along what others wait for."""
    async with hosting() as host:
        said = b"POST %b HTTP/1.1\r\nHost: localhost\r\nX-Odd: \xff\r\nContent-Length: 2\r\n\r\nok" % path.encode()
        reader, _ = await host.open(said)
        assert b" 200 " in await reader.readuntil(b"\r\n")
    assert host.heard[-1]["x-odd"] == "\N{REPLACEMENT CHARACTER}"


async def test_who_hangs_up_or_speaks_something_else_is_counted_and_not_logged(caplog):
    caplog.set_level(logging.INFO)
    async with hosting() as host:
        halves = [
            POST[:-1] % b"/usual",
            POST[:-1] % b"/straight",
            b"POST /usual HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        ]
        for said in halves:
            reader, writer = await host.open(said)
            await asyncio.sleep(0.05)
            writer.transport.abort()
        for said in (
            b"\x16\x03\x01\x02\x00\r\n\r\n",
            b"GET / HTTP/9\r\n\r\n",
            b"POST /usual HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        ):
            reader, writer = await host.open(said)
            assert b" 400 " in (await all_of(reader)).partition(b"\r\n")[0]
            writer.close()
        await until(lambda: host.connections.ended["hung up"] >= 2)
        assert host.connections.ended["not HTTP"] >= 3
    assert [record.getMessage() for record in caplog.records] == []


async def test_no_answer_tells_versions():
    async with hosting() as host:
        for said in (
            POST % b"/straight",
            POST % b"/usual",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\r\n\r\n",
        ):
            reader, writer = await host.open(said)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"aiohttp" not in head
            assert b"Python" not in head
            writer.close()


async def test_streams_of_events_are_bounded_in_number_and_shown():
    connector = aiohttp.TCPConnector(limit=0)
    async with hosting() as host, aiohttp.ClientSession(connector=connector) as session, AsyncExitStack() as held:
        for _ in range(MOST_STREAMS):
            answer = await held.enter_async_context(session.get(host.base + "/events"))
            assert answer.status == 200
        async with session.get(host.base + "/events") as answer:
            assert (answer.status, answer.content_type) == (503, "application/problem+json")
        assert f'acs_sim_event_streams{{service="host"}} {MOST_STREAMS}' in await host.figures()


async def test_who_reads_too_slowly_is_told_so():
    async with hosting() as host, aiohttp.ClientSession() as session, session.get(host.base + "/events") as answer:
        assert await answer.content.readline() == b": listening\n"
        host.slow.set()
        assert b": cut off" in await answer.content.read()


def test_as_many_connections_as_open_files_leave_room_for(monkeypatch):
    resource = pytest.importorskip("resource")
    for soft, most in ((256, 192), (1024, 768), (65_536, MOST), (60, 16), (resource.RLIM_INFINITY, MOST)):
        monkeypatch.setattr(resource, "getrlimit", lambda _kind, soft=soft: (soft, soft))
        assert most_connections() == most
