"""What waits for its time, or for others: a scheduler on the virtual clock, callers kept waiting, and work beside the requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.clock import Clock, monotonic
from threedsecure.web.metrics import Measured

log = structlog.get_logger()

WAIT_FOR_DATABASE_SECONDS = 1.0
FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 5.0
CatchUp = Callable[[], Awaitable[datetime | None]]


@dataclass(slots=True)
class _Loop:
    """`failures`: since the start; `why` it pauses, None while it is at work."""

    failures: int = 0
    why: str | None = None


class Loops:
    """The endless work of one process beside its requests, by its names. Whatever ends a loop is told and counted, and the loop
    begins again after a pause, which grows while it comes to nothing."""

    def __init__(self) -> None:
        self._loops: dict[str, _Loop] = {}

    @asynccontextmanager
    async def kept(self, name: str, work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
        """Do `work`, which has no end, for as long as the context lasts."""
        loop = self._loops.setdefault(name, _Loop())
        task = asyncio.create_task(self._do(name, loop, work), name=name)
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            loop.why = None

    async def check(self) -> str | None:
        """Which loops do not work now, in words."""
        found = [f"{name}: {loop.why}" for name, loop in self._loops.items() if loop.why is not None]
        return "; ".join(found) or None

    def measured(self) -> Measured:
        failures = {name: loop.failures for name, loop in self._loops.items()}
        words = "How often background work was interrupted, and begun again"
        return Measured("background_failures", words, "work", failures, of_process=True)

    async def _do(self, name: str, loop: _Loop, work: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = monotonic()
            try:
                await work()
                loop.why = "it ended"
            except Exception as error:  # noqa: BLE001 - this is where what ends background work is told
                loop.why = _told(name, error)
            loop.failures += 1
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS) if monotonic() - began < 2 * pause else FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            loop.why = None


def _told(name: str, error: Exception) -> str:
    if isinstance(error, DatabaseAway):
        log.warning("background work waits", work=name, error=str(error))
    else:
        log.error("bug", work=name, exc_info=error)
    return type(error).__name__


class Scheduler:
    """Runs `catch_up` at the start and whenever the time comes that it named last, or an earlier one that was noted since.

    `catch_up()` does what is due now and returns when something is due next, None when nothing is."""

    def __init__(self, clock: Clock, loops: Loops, look_again_after: float | None = None) -> None:
        """`loops`: among which it runs. `look_again_after`: real seconds, after which something may be due that nobody noted."""
        self._look_again_after = look_again_after
        self._loops = loops
        self._clock = clock
        self._woken = asyncio.Event()
        self._next: datetime | None = None

    def note(self, instant: datetime) -> None:
        """Something is due at `instant`."""
        if self._next is None or instant < self._next:
            self._woken.set()

    @asynccontextmanager
    async def kept(self, name: str, catch_up: CatchUp) -> AsyncIterator[None]:
        """Run for as long as the context lasts."""
        async with self._loops.kept(name, lambda: self._run(catch_up)):
            yield

    async def _run(self, catch_up: CatchUp) -> None:
        while True:
            self._woken.clear()
            self._next = None
            self._next = await catch_up()
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
