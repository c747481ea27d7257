"""The one clock of a running simulator. Everything that the protocols time is read from it, so it can be moved.

Network time-outs (how long a socket may stay silent) are real seconds and do not belong here.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """How a clock stands to the wall clock: `ahead` of it, or still at `frozen_at`."""

    ahead: timedelta = timedelta()
    frozen_at: datetime | None = None


class Clock:
    """Wall-clock time plus an offset, or standing still.

    All instants are aware datetimes in UTC. Whoever waits (`sleep_until`, `wait_for_move`) is woken when the clock is moved.
    """

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._offset = timedelta()
        self._frozen_at = frozen_at
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        if self._frozen_at is not None:
            return self._frozen_at
        return datetime.now(UTC) + self._offset if self._offset else datetime.now(UTC)

    @property
    def frozen(self) -> bool:
        return self._frozen_at is not None

    @property
    def setting(self) -> ClockSetting:
        """What another clock needs to show the same."""
        return ClockSetting(self._offset, self._frozen_at)

    def follow(self, setting: ClockSetting) -> None:
        """Show what the clock shows that this setting is of."""
        self._offset, self._frozen_at = setting.ahead, setting.frozen_at
        self._wake()

    def advance(self, by: timedelta) -> None:
        """Time only runs forward: a negative step is a ValueError."""
        if by < timedelta():
            raise ValueError("the clock can be advanced, not turned back; use set")
        if self._frozen_at is not None:
            self._frozen_at += by
        else:
            self._offset += by
        self._wake()

    def set(self, to: datetime) -> None:
        """Jump to an instant, and keep running (or standing still, when frozen)."""
        if self._frozen_at is not None:
            self._frozen_at = to
        else:
            self._offset = to - datetime.now(UTC)
        self._wake()

    def freeze(self) -> None:
        self._frozen_at = self.now()
        self._wake()

    def resume(self) -> None:
        """Back to the wall clock: no offset, running."""
        self._frozen_at = None
        self._offset = timedelta()
        self._wake()

    async def wait_for_move(self) -> None:
        await self._moved.wait()

    async def sleep_until(self, instant: datetime) -> None:
        """Return when the clock shows `instant` or later, however it came to show it."""
        while (remaining := (instant - self.now()).total_seconds()) > 0:
            moved = self._moved
            try:
                async with asyncio.timeout(None if self.frozen else remaining):
                    await moved.wait()
            except TimeoutError:
                continue

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


def monotonic() -> float:
    """Real seconds, for durations that are measured and never decided upon."""
    return time.perf_counter()
