"""Time-outs that hardly ever come to pass, for many at a time: one timer looks after all who wait.

`asyncio.timeout` makes and takes back a timer for each, which costs more than most calls within the process. This one is a tenth of
a second late at most."""

import asyncio
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final

from threedsecure.web.clock import Clock

GRAIN_SECONDS: Final = 0.1


class Timeouts:
    """Of one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[_Waiting, None] = {}
        """In the order in which they came, in which they also end."""
        self._look: asyncio.TimerHandle | None = None

    @property
    def watches(self) -> bool:
        """Whether its timer runs."""
        return self._look is not None

    def until(self, seconds: float, clock: Clock | None = None) -> "_Waiting":
        """Leaves the block with `TimeoutError` when `seconds` (real ones) have passed; with `clock` also when it has been moved on
        by as much: what is on its way in that moment still has a grain of real time to arrive."""
        return _Waiting(self, seconds) if clock is None else _WaitingByClock(self, seconds, clock)

    def enter(self, waiting: "_Waiting") -> None:
        self._waiting[waiting] = None
        if self._look is None:
            self._look_later()

    def leave(self, waiting: "_Waiting") -> None:
        self._waiting.pop(waiting, None)

    def _look_later(self) -> None:
        self._look = asyncio.get_running_loop().call_later(GRAIN_SECONDS, self._look_around)

    def _look_around(self) -> None:
        now = asyncio.get_running_loop().time()
        for waiting in [each for each in self._waiting if each.is_over(now)]:
            self._waiting.pop(waiting, None)
            waiting.expire()
        self._look = None
        if self._waiting:
            self._look_later()


class _Waiting:
    __slots__ = ("_cancelling", "_expired", "_seconds", "_task", "_timeouts", "ends_at")

    def __init__(self, timeouts: Timeouts, seconds: float) -> None:
        self._timeouts = timeouts
        self._seconds = seconds
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only a task can wait")
        self._task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        self.ends_at = asyncio.get_running_loop().time() + self._seconds
        self._timeouts.enter(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timeouts.leave(self)
        # As asyncio.timeout has it: a task that somebody else has cancelled too stays cancelled.
        if self._expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def is_over(self, now: float) -> bool:
        return self.ends_at <= now

    def expire(self) -> None:
        self._expired = True
        self._task.cancel()


class _WaitingByClock(_Waiting):
    __slots__ = ("_clock", "_due_at", "_was_due")

    def __init__(self, timeouts: Timeouts, seconds: float, clock: Clock) -> None:
        super().__init__(timeouts, seconds)
        self._clock = clock
        self._due_at: datetime = clock.now() + timedelta(seconds=seconds)
        self._was_due = False

    def is_over(self, now: float) -> bool:
        was_due, self._was_due = self._was_due, self._clock.now() >= self._due_at
        return self.ends_at <= now or (was_due and self._was_due)
