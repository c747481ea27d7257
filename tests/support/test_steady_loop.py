import asyncio
import signal
import socket
import time

import pytest

from tests.support.steady_loop import SteadyLoop

STALL_SECONDS = 0.3


async def test_tests_run_on_it():
    assert isinstance(asyncio.get_running_loop(), SteadyLoop)


@pytest.fixture
def stall():
    """Has the process stand still soon, and somebody speak meanwhile; returns where to listen."""
    listener, speaker = socket.socketpair()
    listener.setblocking(False)

    def stand_still(_number, _frame):
        speaker.send(b"x")
        time.sleep(STALL_SECONDS)

    def soon():
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        return listener

    before = signal.signal(signal.SIGALRM, stand_still)
    try:
        yield soon
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        listener.close()
        speaker.close()


async def test_a_process_that_stood_still_hears_what_was_said_meanwhile(stall):
    loop = asyncio.get_running_loop()
    began, really_began = loop.time(), time.monotonic()
    async with asyncio.timeout(0.1):
        assert await loop.sock_recv(stall(), 1) == b"x"
    assert loop.time() - began < time.monotonic() - really_began - STALL_SECONDS / 2


async def test_a_turn_that_took_long_ends_nobody_else_s_wait():
    said, loop = asyncio.Event(), asyncio.get_running_loop()

    def many_turns_later(turns):
        if turns:
            loop.call_soon(many_turns_later, turns - 1)
        else:
            said.set()

    loop.call_soon(time.sleep, STALL_SECONDS)
    many_turns_later(5)
    async with asyncio.timeout(0.1):
        await said.wait()


async def test_who_is_silent_is_given_up_and_time_never_runs_backwards():
    loop, seen = asyncio.get_running_loop(), []
    ticking = asyncio.create_task(_noted(loop, seen))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.Event().wait()
    ticking.cancel()
    assert seen == sorted(seen)


async def _noted(loop, seen):
    while True:
        seen.append(loop.time())
        await asyncio.sleep(0.001)


async def test_who_is_accepted_while_the_server_is_being_closed_is_hung_up_on():
    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    accepted, caller = socket.socketpair()
    server.close()
    with caller, pytest.raises(ConnectionAbortedError):
        loop._make_socket_transport(accepted, asyncio.Protocol(), server=server)
    assert accepted.fileno() == -1
