"""What is seen of a run while it goes on: a bar on a terminal, a line for each play anywhere else."""

import shutil
from collections.abc import Callable
from typing import IO, Final

from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports.junit import progress

WIDEST: Final = 40
_ERASE: Final = "\r\x1b[2K"


def bar(done: int, failed: int, count: int, columns: int) -> str:
    """At most `columns` wide: `[####......] 12/30, 1 failed`."""
    told = f" {done}/{count}" + (f", {failed} failed" if failed else "")
    width = min(WIDEST, columns - len(told) - 3)
    if width < 1:
        return told.strip()[:columns]
    filled = width * done // max(1, count)
    return f"[{'#' * filled}{'.' * (width - filled)}]{told}"


class Progress:
    """Hears of each play as it is over. `echo` writes a line."""

    def __init__(self, count: int, stream: IO[str], echo: Callable[[str], object]) -> None:
        self._count = count
        self._stream = stream
        self._echo = echo
        self._done = self._failed = 0
        self._on_terminal = stream.isatty()

    def __call__(self, outcome: Outcome) -> None:
        self._done += 1
        self._failed += outcome.failed
        if not self._on_terminal:
            self._echo(progress(outcome, self._done, self._count))
            return
        if outcome.failed:
            self._write(f"{_ERASE}{progress(outcome, self._done, self._count)}\n")
        columns = shutil.get_terminal_size().columns
        self._write(_ERASE + bar(self._done, self._failed, self._count, columns))

    def over(self) -> None:
        """Leave the terminal as it was."""
        if self._on_terminal:
            self._write(_ERASE)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
