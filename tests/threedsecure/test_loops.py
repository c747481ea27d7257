"""Background work that something ends: it is told, counted, shown, and begins again."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tests.support.patience import PATIENCE_SECONDS
from threedsecure.storage.errors import DatabaseAway
from threedsecure.web import scheduler
from threedsecure.web.scheduler import Loops


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(scheduler, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(scheduler, "LONGEST_PAUSE_SECONDS", 0.01)


@pytest.mark.parametrize(
    ("ends", "level"), [(DatabaseAway("full"), "warning"), (KeyError("a bug"), "error"), (None, None)]
)
async def test_what_ends_a_loop_is_told_and_the_loop_begins_again(ends, level):
    loops, rounds, goes_on = Loops(), [], asyncio.Event()
    told = []

    async def work():
        rounds.append(await loops.check())
        if len(rounds) > 3:
            goes_on.set()
            await asyncio.Event().wait()
        if ends is not None:
            raise ends

    async def look():
        while not goes_on.is_set():
            told.append(await loops.check())
            await asyncio.sleep(0)

    with capture_logs() as logs:
        async with asyncio.timeout(PATIENCE_SECONDS), loops.kept("counting", work):
            await look()
            assert await loops.check() is None
    assert rounds == [None] * 4
    assert f"counting: {'it ended' if ends is None else type(ends).__name__}" in told
    assert loops.measured().values == {"counting": 3}
    assert [entry["log_level"] for entry in logs] == ([] if level is None else [level] * 3)


async def test_pauses_grow_up_to_the_longest_and_shrink_after_good_work(monkeypatch):
    slept, clock = [], [0.0]

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(scheduler, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(scheduler, "LONGEST_PAUSE_SECONDS", 1.0)
    monkeypatch.setattr(scheduler, "monotonic", lambda: clock[0])
    monkeypatch.setattr(scheduler.asyncio, "sleep", sleep)
    done = asyncio.Event()

    async def work():
        if len(slept) == 6:
            clock[0] += 60
        if len(slept) == 8:
            done.set()
            await asyncio.Event().wait()
        raise DatabaseAway("full")

    with capture_logs():
        async with Loops().kept("trying", work):
            await done.wait()
    assert slept == pytest.approx([0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 0.1, 0.2])


async def test_the_end_of_its_context_is_the_end_of_a_loop_also_in_a_pause():
    loops, begun = Loops(), asyncio.Event()

    async def work():
        begun.set()
        raise DatabaseAway("full")

    before = asyncio.all_tasks()  # those of a browser, where one was used before
    async with loops.kept("trying", work):
        await begun.wait()
    assert await loops.check() is None
    assert asyncio.all_tasks() <= before
