"""Scenario files played from the desk: `acs-sim run` as a process of its own, one at a time, so that nobody waits for it."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from threedsecure.web.wire import Problem

MOST_SECONDS: Final = 900.0
MOST_OUTPUT: Final = 100_000
MOST_REPORT: Final = 32 << 20
READ_AT_ONCE: Final = 4096
PASSED: Final = 0


@dataclass(slots=True)
class Run:
    """`status`: as `acs-sim run` ended, None while it plays; `report`: its page, None where it wrote none."""

    title: str
    output: str = ""
    status: int | None = None
    report: bytes | None = None


@dataclass(slots=True)
class Playing:
    """The last run, and whoever looks after it."""

    last: Run | None = None
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    def begin(self, title: str, arguments: Sequence[str], files: Mapping[str, str]) -> None:
        """`arguments`: of `acs-sim run`, in a folder with these `files`. Errors: `Problem` 409 while another one plays."""
        if self._task is not None and not self._task.done():
            raise Problem(409, "Conflict", "something is being played already: wait for it, or stop it")
        self.last = Run(title)
        self._task = asyncio.create_task(_played(self.last, arguments, files), name="playing at the desk")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


async def _played(run: Run, arguments: Sequence[str], files: Mapping[str, str]) -> None:
    with TemporaryDirectory(prefix="acs-sim-play-") as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text, "utf-8")
        try:
            async with asyncio.timeout(MOST_SECONDS):
                run.status = await _process(run, [*arguments, "--html", "report.html"], folder)
        except TimeoutError:
            run.output += f"\nstopped: it took longer than {MOST_SECONDS:.0f} s"
        except OSError as error:
            run.output += f"\ncannot be played: {error}"
        finally:
            if run.status is None:
                run.status = -1
        report = folder / "report.html"
        if report.exists() and report.stat().st_size <= MOST_REPORT:
            run.report = report.read_bytes()


async def _process(run: Run, arguments: Sequence[str], folder: Path) -> int:
    environment = {**os.environ, "SSL_CERT_FILE": "ca.pem"} if (folder / "ca.pem").exists() else None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "acs_sim", "run", *arguments),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        while process.stdout is not None and (read := await process.stdout.read(READ_AT_ONCE)):
            run.output = (run.output + read.decode(errors="replace"))[-MOST_OUTPUT:]
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
