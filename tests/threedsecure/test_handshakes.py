"""Handshakes that come to nothing, over real sockets: each is bounded in time, and all together in number."""

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest

from acs_sim.running.pki.authority import LOCAL_HOSTS, Authority
from acs_sim.running.pki.connections import client_context, server_context
from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.web.serving.connections import Connections
from threedsecure.web.serving.service import Service, posted
from threedsecure.web.wire import WireResponse

SHORT = 0.3
NOW = datetime.now(UTC)
AUTHORITY = Authority.create(NOW)
SHOWN = AUTHORITY.issue("host", LOCAL_HOSTS, NOW)
TRUSTING = client_context(AUTHORITY)
HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
"""The beginning of a ClientHello."""


@asynccontextmanager
async def nothing():
    yield


@asynccontextmanager
async def hosting(**limits):
    """A port over TLS: its address, and the connections that are held to it."""
    async with runtime() as shared:
        connections = Connections(**limits)
        echo = posted("/echo", lambda request: WireResponse(200, request.body), at_the_edge=True)
        context = server_context(SHOWN, AUTHORITY, lambda _why: None)
        service = Service("host", [echo], nothing)
        async with running(service, replace(shared, connections=connections), tls=context) as base:
            yield base, connections


async def silent(base, said=b""):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
    writer.write(said)
    return reader, writer


async def ended(reader):
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def echoed(base):
    async with aiohttp.ClientSession() as session, session.post(f"{base}/echo", data=b"ok", ssl=TRUSTING) as answer:
        return await answer.text()


@pytest.mark.parametrize("said", [b"", HELLO])
async def test_who_does_not_come_to_the_end_of_a_handshake_is_let_go(said):
    async with hosting(first_seconds=SHORT) as (base, connections):
        reader, writer = await silent(base, said)
        assert await ended(reader) == b""
        writer.close()
        assert connections.ended["timed out"] == 1
        assert connections.measured().values["open"] == 0


async def test_handshakes_are_among_the_connections_that_are_counted_and_the_longest_silent_one_goes():
    async with hosting(most=4) as (base, connections):
        held = [await silent(base, HELLO) for _ in range(9)]
        assert await echoed(base) == "ok"
        assert connections.measured().values["open"] <= 4
        assert connections.ended["turned away"] >= 6
        assert await ended(held[0][0]) == b""
        for _, writer in held:
            writer.close()


class ByHand:
    """A client of TLS that sends what it is told to, when it is told."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = TRUSTING.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    def send(self):
        self._writer.write(self._outgoing.read())

    async def until(self, step):
        """Whatever the server says meanwhile."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    return step()
                except ssl.SSLWantReadError:
                    if self._outgoing.pending:
                        self.send()
                    self._incoming.write(await self._reader.read(65536))


async def test_what_is_sent_with_the_last_of_the_handshake_is_answered():
    async with hosting() as (base, _):
        reader, writer = await silent(base)
        client = ByHand(reader, writer)
        await client.until(client.tls.do_handshake)
        client.tls.write(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nok")
        client.send()  # the last of the handshake, and the request, in one piece
        assert (await client.until(lambda: client.tls.read(65536))).startswith(b"HTTP/1.1 200")
        with suppress(ssl.SSLError):
            client.tls.unwrap()
        client.send()
        await ended(reader)
        writer.close()


async def test_a_port_that_closes_waits_for_no_handshake():
    async with asyncio.timeout(PATIENCE_SECONDS):
        async with hosting(first_seconds=3600.0) as (base, _):
            reader, writer = await silent(base)
        assert await ended(reader) == b""
        writer.close()
