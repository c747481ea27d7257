"""One timer for all who wait does what a timer for each would do."""

import asyncio

import pytest

from threedsecure.web.calling.timeouts import Timeouts

LONG = 3600.0


async def test_what_ends_in_time_ends_as_if_nobody_had_watched():
    timeouts = Timeouts()
    with timeouts.until(LONG):
        await asyncio.sleep(0)
    with pytest.raises(ValueError, match="its own"), timeouts.until(LONG):
        raise ValueError("its own")


async def test_what_never_ends_is_left_with_a_timeout():
    timeouts = Timeouts()
    with pytest.raises(TimeoutError), timeouts.until(0.01):
        await asyncio.Event().wait()
    await asyncio.sleep(0)  # nothing is left over for the next wait


async def test_each_is_left_at_its_own_time():
    timeouts, ended = Timeouts(), []

    async def wait(name: str, seconds: float) -> None:
        with pytest.raises(TimeoutError), timeouts.until(seconds):
            await asyncio.Event().wait()
        ended.append(name)

    await asyncio.gather(wait("second", 0.35), wait("first", 0.01))
    assert ended == ["first", "second"]


async def test_a_task_that_is_cancelled_stays_cancelled():
    timeouts = Timeouts()

    async def wait() -> None:
        with timeouts.until(LONG):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_is_cancelled_beside_its_timeout_stays_cancelled():
    timeouts = Timeouts()

    async def wait() -> None:
        with timeouts.until(0.01):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asyncio.current_task().cancel()
                raise

    task = asyncio.create_task(wait())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_timer_ends_with_the_last_who_waits():
    timeouts = Timeouts()
    with timeouts.until(LONG):
        pass
    async with asyncio.timeout(60):
        while timeouts.watches:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
