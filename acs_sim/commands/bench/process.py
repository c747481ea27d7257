"""A server under load: a process of its own, held to one set of processors, whose processor time and memory can be read."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acs_sim.commands.bench.connection import Connection

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.005
_UNCHECKED: Final = ssl.create_default_context()
_UNCHECKED.check_hostname, _UNCHECKED.verify_mode = False, ssl.CERT_NONE
"""Whether it answers is asked before its certificate is known."""
_TICKS: Final = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


class DidNotStart(RuntimeError):
    """The server ended, or was not there in time; the message holds the end of what it printed."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process and its children: processor seconds since its start, and resident megabytes now."""

    cpu_seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Server:
    """Processes that are ready, and one subject. `start_seconds`: how long they took to be."""

    pids: tuple[int, ...]
    start_seconds: float

    def usage(self) -> Usage:
        """Zeros where the operating system does not tell (it needs /proc)."""
        each = [_usage_of(pid) for pid in _family(self.pids)]
        return Usage(sum(one.cpu_seconds for one in each), sum(one.megabytes for one in each))


@asynccontextmanager
async def running(
    command: Sequence[str],
    ready: tuple[str, bytes],
    *,
    cores: Collection[int] = (),
    environment: Mapping[str, str] | None = None,
    log: Path,
    tls: bool = False,
) -> AsyncIterator[Server]:
    """Run `command` for as long as the context lasts. It is ready once the request of `ready` (base address, request) is answered
    with 200. `cores`: the processors that it may use, all where empty or where the system cannot say. Errors: `DidNotStart`."""
    began = time.perf_counter()
    process = await asyncio.to_thread(_started, command, cores, environment or {}, log)
    try:
        await _until_ready(process, ready, log, tls=tls)
        yield Server((process.pid,), time.perf_counter() - began)
    finally:
        await asyncio.to_thread(_end, process)


def python(*arguments: str) -> list[str]:
    """A command that runs this Python."""
    return [sys.executable, *arguments]


def hold_to(cores: Collection[int]) -> None:
    """Keep this process to these processors, where the system can."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)


def _quiet_environment() -> dict[str, str]:
    """Without settings that are not meant for it, and as it is used: a release that is installed has its bytecode at hand."""
    unwanted = ("ACS_SIM_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


async def _until_ready(process: subprocess.Popen[bytes], ready: tuple[str, bytes], log: Path, *, tls: bool) -> None:
    address, asking = ready
    connection = Connection(address, _UNCHECKED if tls else None)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if (await connection.exchange(asking)).status == 200:
                connection.close()
                return
        await asyncio.sleep(POLL_SECONDS)
    raise DidNotStart(await asyncio.to_thread(_end_of, log))


def _started(
    command: Sequence[str], cores: Collection[int], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - the commands are this package's own
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**_quiet_environment(), **environment},
            preexec_fn=(lambda: hold_to(cores)) if cores else None,
        )


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _family(pids: Sequence[int]) -> list[int]:
    """Processes and their children, and theirs."""
    found = [*pids]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _usage_of(pid: int) -> Usage:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return Usage(0.0, 0.0)
    ticks = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(_finer(pid) or ticks, pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def _finer(pid: int) -> float:
    """Processor seconds of its threads to the nanosecond, where the kernel counts them; else 0. The clock of the other figure
    ticks a hundred times a second."""
    try:
        each = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    except OSError:
        return 0.0
    return sum(int(fields[0]) for fields in each) / 1e9
