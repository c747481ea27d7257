"""One child for each mutant: it begins where this process stands, and leaves nothing behind but what it wrote."""

import contextlib
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import pytest

Job = TypeVar("Job")
SURVIVED: Final = "survived"
_MEMORY: Final = 4 << 30


class Ending:
    """The first test that fails ends the child."""

    def __init__(self) -> None:
        self.written: Path | None = None

    def end(self, told: str) -> NoReturn:
        assert self.written is not None
        self.written.write_text(told)
        os._exit(0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.written is not None:
            self.end(f"noticed by {report.nodeid}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.written is not None:
            self.end(f"noticed while {report.nodeid} was read")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.written is not None:
            self.end(SURVIVED if exitstatus == 0 and session.testscollected else f"noticed: pytest said {exitstatus}")


def children(jobs: Sequence[tuple[Path, Job, float]], at_once: int, ending: Ending) -> Iterator[Job]:
    """Each job, in a child of its own that writes what became of it. In this process nothing is yielded, and all are over when it
    ends. A child that takes longer than its seconds of a processor, or ten times as long by the clock, is ended."""
    running: dict[int, Path] = {}
    for written, job, seconds in jobs:
        while len(running) == at_once:
            _one_ended(running)
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            limit = int(seconds) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
            signal.alarm(10 * limit)
            ending.written = written
            yield job
            ending.end("broken: it came to no end of its own")
        running[child] = written
    while running:
        _one_ended(running)


def _one_ended(running: dict[int, Path]) -> None:
    child, status = os.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # and what it started
    written = running.pop(child)
    if not written.exists():
        written.write_text("took too long" if os.WIFSIGNALED(status) else f"broken: {status}")
