"""One timer for all who wait does what a timer for each would do."""

import asyncio

import pytest

from threedsecure.web.calling.timeouts import Patience

LONG = 3600.0


async def test_what_ends_in_time_ends_as_if_nobody_had_watched():
    patience = Patience()
    with patience.until(LONG):
        await asyncio.sleep(0)
    with pytest.raises(ValueError, match="its own"), patience.until(LONG):
        raise ValueError("its own")


async def test_what_never_ends_is_left_with_a_timeout():
    patience = Patience()
    with pytest.raises(TimeoutError), patience.until(0.01):
        await asyncio.Event().wait()
    await asyncio.sleep(0)  # nothing is left over for the next wait


async def test_each_is_left_at_its_own_time():
    patience, ended = Patience(), []

    async def wait(name: str, seconds: float) -> None:
        with pytest.raises(TimeoutError), patience.until(seconds):
            await asyncio.Event().wait()
        ended.append(name)

    await asyncio.gather(wait("second", 0.35), wait("first", 0.01))
    assert ended == ["first", "second"]


async def test_a_task_that_is_cancelled_stays_cancelled():
    patience = Patience()

    async def wait() -> None:
        with patience.until(LONG):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_is_cancelled_beside_its_timeout_stays_cancelled():
    patience = Patience()

    async def wait() -> None:
        with patience.until(0.01):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                asyncio.current_task().cancel()
                raise

    task = asyncio.create_task(wait())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_timer_ends_with_the_last_who_waits():
    patience = Patience()
    with patience.until(LONG):
        pass
    async with asyncio.timeout(60):
        while patience.watches:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
