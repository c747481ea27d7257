"""The virtual clock: who waits for an instant is woken however the clock gets there."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.patience import PATIENCE_SECONDS
from threedsecure.web.clock import Clock

NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


async def test_a_frozen_clock_stands_still_until_it_is_advanced():
    clock = Clock(frozen_at=NOON)
    assert clock.now() == NOON
    clock.advance(timedelta(minutes=5))
    assert clock.now() == NOON + timedelta(minutes=5)


async def test_advancing_wakes_only_those_whose_instant_has_come():
    clock = Clock(frozen_at=NOON)
    early = asyncio.create_task(clock.sleep_until(NOON + timedelta(minutes=5)))
    late = asyncio.create_task(clock.sleep_until(NOON + timedelta(minutes=10)))
    await asyncio.sleep(0)
    clock.advance(timedelta(minutes=6))
    await asyncio.wait_for(early, PATIENCE_SECONDS)
    assert not late.done()
    clock.advance(timedelta(minutes=4))
    await asyncio.wait_for(late, PATIENCE_SECONDS)


async def test_a_waiter_on_a_running_clock_is_woken_by_a_jump():
    clock = Clock()
    waiting = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(days=7)))
    await asyncio.sleep(0)
    clock.advance(timedelta(days=8))
    await asyncio.wait_for(waiting, PATIENCE_SECONDS)


async def test_freezing_and_resuming_keep_waiters_waiting_for_the_right_instant():
    clock = Clock()
    waiting = asyncio.create_task(clock.sleep_until(clock.now() + timedelta(hours=1)))
    await asyncio.sleep(0)
    clock.freeze()
    await asyncio.sleep(0)
    assert not waiting.done()
    clock.set(clock.now() + timedelta(hours=2))
    await asyncio.wait_for(waiting, PATIENCE_SECONDS)


async def test_the_clock_is_never_advanced_backwards():
    with pytest.raises(ValueError, match="not turned back"):
        Clock(frozen_at=NOON).advance(timedelta(seconds=-1))


async def test_resume_returns_to_the_wall_clock():
    clock = Clock(frozen_at=NOON)
    clock.resume()
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
