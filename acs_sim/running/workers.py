"""Several processes that share the ports of one simulator (SO_REUSEPORT): a parent that starts them, watches over them, and starts
one that died anew, within bounds.

A worker is told its settings on its standard input (the address of the database may hold a password, and command lines can be read
by everybody), says on its standard output that it is ready, and ends when its input does, so that none outlives its parent.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
import structlog

from acs_sim.running.process.loop import loop_factory, spare_the_collector
from acs_sim.running.stack import CannotStart, running_stack
from acs_sim.settings.addresses import TITLES
from acs_sim.settings.settings import Settings
from threedsecure.web.sharing.metrics import FOLDER, forget_process

log = structlog.get_logger()

READY: Final = "ready"
READY_WITHIN_SECONDS: Final = 60.0
STOPPED_WITHIN_SECONDS: Final = 15.0
# A worker that dies as soon as it lives, again and again, has a reason that another start does not remove.
MAX_SHORT_LIVES: Final = 5
SHORT_LIFE_SECONDS: Final = 2.0
PAUSE_SECONDS: Final = 0.5


class WorkersGone(CannotStart):
    """Workers died faster than it makes sense to start them."""


class Workers:
    """The worker processes of one simulator."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._processes: set[Process] = set()
        self._ready_at: dict[int, float] = {}
        self._figures = TemporaryDirectory(prefix="acs-sim-figures-")
        self._short_lives = 0

    @property
    def process_ids(self) -> list[int]:
        return sorted(process.pid for process in self._processes)

    async def start(self) -> None:
        """Return when all are ready. Errors: `CannotStart`."""
        _check_ports(self._settings)
        # The first makes the tables, or says why it cannot.
        await self._start_one()
        await asyncio.gather(*(self._start_one() for _ in range(self._settings.workers - 1)))

    async def watch(self, stop: asyncio.Event) -> None:
        """Replace those that die until `stop` is set. Errors: `CannotStart` when one cannot be replaced, `WorkersGone`."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                ends = {asyncio.create_task(process.wait()): process for process in self._processes}
                await asyncio.wait({stopped, *ends}, return_when=asyncio.FIRST_COMPLETED)
                for end, process in ends.items():
                    if not end.done():
                        end.cancel()
                    elif not stop.is_set():
                        await self._replace(process)
        finally:
            stopped.cancel()

    async def stop(self) -> None:
        """Let all finish what is in flight; those that do not are killed."""
        processes, self._processes = self._processes, set()
        await asyncio.gather(*(_stopped(process) for process in processes))
        self._figures.cleanup()

    async def _replace(self, died: Process) -> None:
        log.warning("a worker died", process=died.pid, status=died.returncode)
        self._processes.discard(died)
        forget_process(died.pid, self._figures.name)
        self._count(self._ready_at.pop(died.pid, None))
        while True:
            try:
                return await self._start_one()
            except CannotStart as error:
                log.warning("a worker did not start", reason=str(error))
                self._count(None)
                await asyncio.sleep(PAUSE_SECONDS)

    def _count(self, ready_at: float | None) -> None:
        """Errors: `WorkersGone`."""
        short = ready_at is None or time.monotonic() - ready_at < SHORT_LIFE_SECONDS
        self._short_lives = self._short_lives + 1 if short else 0
        if self._short_lives > MAX_SHORT_LIVES:
            raise WorkersGone(f"{self._short_lives} workers in a row died as soon as they lived; the log says more")

    async def _start_one(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "acs_sim.running.workers"),
            stdin=PIPE,
            stdout=PIPE,
            start_new_session=True,
            env={**os.environ, FOLDER: self._figures.name},
        )
        self._processes.add(process)
        if process.stdin is None or process.stdout is None:
            raise CannotStart("a worker has no pipes")
        try:
            process.stdin.write(json.dumps(msgspec.to_builtins(self._settings)).encode() + b"\n")
            async with asyncio.timeout(READY_WITHIN_SECONDS):
                await process.stdin.drain()
                said = (await process.stdout.readline()).decode().strip()
        except (TimeoutError, ConnectionError) as error:
            self._processes.discard(process)
            await _stopped(process)
            raise CannotStart(f"a worker was not ready within {READY_WITHIN_SECONDS:g} seconds") from error
        if said != READY:
            self._processes.discard(process)
            await process.wait()
            raise CannotStart(said or "a worker ended before it was ready; the log says more")
        self._ready_at[process.pid] = time.monotonic()


async def _stopped(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOPPED_WITHIN_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _check_ports(settings: Settings) -> None:
    """Workers share their ports with whoever else asks for them so; another simulator must not be among those."""
    for name in settings.only:
        try:
            socket.create_server((settings.host, settings.port(name)), family=_family(settings.host)).close()
        except OSError as error:
            raise CannotStart(
                f"{TITLES[name]}: port {settings.port(name)} of {settings.host} cannot be used: {error.strerror}. "
                "Try another --port-base."
            ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def main() -> None:
    """A worker: `python -m acs_sim.running.workers`, with the settings as one line of JSON on standard input."""
    from acs_sim.running.process import logs

    given: Any = json.loads(sys.stdin.buffer.readline())
    settings = msgspec.convert(given, Settings)
    logs.configure(settings.log_format, settings.log_level)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_work(settings))


async def _work(settings: Settings) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(sys.stdin.fileno(), _parent_gone, stop)
    try:
        async with running_stack(settings):
            _say(READY)
            spare_the_collector()
            await stop.wait()
    except CannotStart as error:
        _say(str(error))


def _parent_gone(stop: asyncio.Event) -> None:
    """Nothing more is ever written, so what can be read is the end."""
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    stop.set()


def _say(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
