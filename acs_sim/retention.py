"""How long the journal remembers (`--keep`)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from threedsecure.web.clock import Clock
from threedsecure.web.journal import Journal

LOOK_EVERY_SECONDS: Final = 60.0


@asynccontextmanager
async def retaining(journal: Journal, clock: Clock, keep: timedelta | None) -> AsyncIterator[None]:
    """Forget the messages that are older than `keep`, now and then, for as long as the context lasts. None keeps them all."""
    if keep is None:
        yield
        return
    task = asyncio.create_task(_forget_forever(journal, clock, keep), name="retention")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def oldest_kept(clock: Clock, keep: timedelta) -> datetime:
    """A test that moves the clock a month ahead has not waited a month: the wall clock must agree before anything is forgotten."""
    return min(clock.now(), datetime.now(UTC)) - keep


async def _forget_forever(journal: Journal, clock: Clock, keep: timedelta) -> None:
    while True:
        await journal.forget_before(oldest_kept(clock, keep))
        await asyncio.sleep(LOOK_EVERY_SECONDS)
