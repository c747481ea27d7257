"""One silent peer takes its share, and no more."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.slow_peers import answering, silent
from threedsecure.errors import PeerTimedOut, PeerUnreachable
from threedsecure.web.calling.limits import PeerBusy, PeerLimits, peer_of
from threedsecure.web.calling.transport import HttpTransport


@pytest.mark.parametrize(
    ("url", "peer"),
    [
        ("http://a.test:80/x?y", "http://a.test:80"),
        ("https://me:secret@A.test/z", "https://a.test"),
        ("http://[", "http://["),
    ],
)
def test_a_peer_is_scheme_host_and_port(url, peer):
    assert peer_of(url) == peer


async def test_who_finds_no_place_is_refused_at_once_and_other_peers_are_called_meanwhile():
    async with AsyncExitStack() as life:
        quiet = await life.enter_async_context(silent())
        other = await life.enter_async_context(answering(b"{}"))
        peer_limits = PeerLimits(3)
        transport = HttpTransport(await life.enter_async_context(HttpTransport.session()), peer_limits)
        waiting = [asyncio.create_task(transport.post(f"{quiet.url}/{n}", b"", timeout=60)) for n in range(3)]
        await quiet.called(3)
        with pytest.raises(PeerBusy, match="3 calls to it are under way already"):
            await transport.post(quiet.url, b"", timeout=60)
        assert (await transport.post(other.url, b"", timeout=60)).status == 200
        assert (peer_limits.under_way, peer_limits.refused) == (3, 1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert peer_limits.under_way == 0


async def test_a_place_is_given_back_however_the_call_ends():
    async with AsyncExitStack() as life:
        quiet = await life.enter_async_context(silent())
        transport = HttpTransport(await life.enter_async_context(HttpTransport.session()), PeerLimits(1))
        for _ in range(2):
            with pytest.raises(PeerTimedOut):
                await transport.post(quiet.url, b"", timeout=0.01)
            with pytest.raises(PeerUnreachable, match="no connection"):
                await transport.post("http://127.0.0.1:1", b"", timeout=60)
