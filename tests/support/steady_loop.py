"""The event loop of the tests: its clock leaves out the time in which the loop could not run.

A machine that stops for a second would end every wait of less than a second before anybody had the chance to answer. Here a wait
ends only when the loop has had its turns: whoever is ready answers, and only who is really silent is given up.
"""

import asyncio
import selectors
import time
from collections.abc import Sequence

LONGEST_STRETCH_SECONDS = 0.01
"""Of one turn, and of one look at the sockets, at most so much passes."""


class _WatchedSelector(selectors.DefaultSelector):
    """Knows how much time has passed, however long it took."""

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0
        self._looked_at = time.monotonic()

    def time(self) -> float:
        return self._passed + min(time.monotonic() - self._looked_at, LONGEST_STRETCH_SECONDS)

    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:
        self._pass()
        found = super().select(None if timeout is None else min(timeout, LONGEST_STRETCH_SECONDS))
        self._pass()
        return found

    def _pass(self) -> None:
        self._passed, self._looked_at = self.time(), time.monotonic()


class SteadyLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, whose timers count the time in which it ran."""

    def __init__(self) -> None:
        self._watched = _WatchedSelector()
        super().__init__(self._watched)

    def time(self) -> float:
        return self._watched.time()
