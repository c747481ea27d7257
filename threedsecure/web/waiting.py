"""Keeping a caller waiting, waiting for the first of several things, and work beside the requests."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from threedsecure.web.clock import Clock


async def keep_waiting(clock: Clock, seconds: float) -> None:
    """`seconds` of the virtual clock, and of the real one where that stands still or a test has moved it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await clock.sleep_until(clock.now() + timedelta(seconds=seconds))


async def first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when any of `waits` has; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def in_background(*works: Coroutine[Any, Any, None]) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run endless `works` for as long as the context lasts; a bug that ended one of them is raised at its end."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
