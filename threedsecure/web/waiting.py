"""Keeping a caller waiting."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from threedsecure.web.clock import Clock


async def keep_waiting(clock: Clock, seconds: float) -> None:
    """`seconds` of the virtual clock, and of the real one where that stands still or a test has moved it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await clock.sleep_until(clock.now() + timedelta(seconds=seconds))
