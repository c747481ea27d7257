"""How long the simulator remembers (`--keep`)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from threedsecure.web.clock import Clock
from threedsecure.web.scheduler import Loops

LOOK_EVERY_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 0.01
"""Between two steps, for the requests that came meanwhile."""

Forget = Callable[[datetime], Awaitable[int]]
"""Forgets some of what ended before an instant; returns how much, 0 when there is no more."""


@asynccontextmanager
async def retaining(
    forgetting: Sequence[Forget], clock: Clock, keep: timedelta | None, loops: Loops
) -> AsyncIterator[None]:
    """Forget what ended longer ago than `keep`, now and then, for as long as the context lasts. None keeps it all."""
    if keep is None:
        yield
        return
    async with loops.kept("forgetting", lambda: _forget_forever(forgetting, clock, keep)):
        yield


def oldest_kept(clock: Clock, keep: timedelta) -> datetime:
    """A test that moves the clock a month ahead has not waited a month: the wall clock must agree before anything is forgotten."""
    return min(clock.now(), datetime.now(UTC)) - keep


async def _forget_forever(forgetting: Sequence[Forget], clock: Clock, keep: timedelta) -> None:
    every = min(LOOK_EVERY_SECONDS, keep.total_seconds() / 4)
    while True:
        for forget in forgetting:
            await _forget_all(forget, oldest_kept(clock, keep))
        await asyncio.sleep(every)


async def _forget_all(forget: Forget, before: datetime) -> None:
    while await forget(before):  # noqa: ASYNC110 - a pause between two steps, not a wait
        await asyncio.sleep(PAUSE_SECONDS)
