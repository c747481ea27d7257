"""What waits for its time, or for others: a scheduler on the virtual clock, callers kept waiting, and work beside the requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import structlog

from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.clock import Clock

log = structlog.get_logger()

WAIT_FOR_DATABASE_SECONDS = 1.0
CatchUp = Callable[[], Awaitable[datetime | None]]


class Scheduler:
    """Runs `catch_up` at the start and whenever the time comes that it named last, or an earlier one that was noted since.

    `catch_up()` does what is due now and returns when something is due next, None when nothing is."""

    def __init__(self, clock: Clock, look_again_after: float | None = None) -> None:
        """`look_again_after`: real seconds, after which something may be due that nobody has noted here."""
        self._look_again_after = look_again_after
        self._clock = clock
        self._woken = asyncio.Event()
        self._next: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_kept(self) -> bool:
        """Whether what falls due is done: deadlines, and the results that wait to be delivered."""
        return self._task is not None and not self._task.done()

    def note(self, instant: datetime) -> None:
        """Something is due at `instant`."""
        if self._next is None or instant < self._next:
            self._woken.set()

    @asynccontextmanager
    async def kept(self, catch_up: CatchUp) -> AsyncIterator[None]:
        """Run for as long as the context lasts."""
        task = asyncio.create_task(self._run(catch_up), name="scheduler")
        self._task = task
        task.add_done_callback(_log_bug)
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self, catch_up: CatchUp) -> None:
        while True:
            self._woken.clear()
            self._next = None
            try:
                self._next = await catch_up()
            except DatabaseAway as error:
                log.warning("the scheduler waits", error=str(error))
                await asyncio.sleep(WAIT_FOR_DATABASE_SECONDS)
                continue
            await self._wait()

    async def _wait(self) -> None:
        """Return when woken or when the clock shows `_next`."""
        waiting: set[asyncio.Task[Any]] = {asyncio.create_task(self._woken.wait())}
        if self._next is not None:
            waiting.add(asyncio.create_task(self._clock.sleep_until(self._next)))
        try:
            await asyncio.wait(waiting, timeout=self._look_again_after, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()


def _log_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (bug := task.exception()) is not None:
        log.error("bug", service="acs", path="scheduler", exc_info=bug)


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
