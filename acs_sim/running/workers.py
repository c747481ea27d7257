"""Several processes that share the ports of one simulator (SO_REUSEPORT): a parent that starts them, watches over them, and starts
one that died anew, within bounds. What a worker is told and says: `acs_sim.running.process.worker`.
"""

import asyncio
import json
import os
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
import structlog

from acs_sim.running.process.worker import READY
from acs_sim.running.stack import CannotStart
from acs_sim.settings.addresses import TITLES
from acs_sim.settings.settings import Settings
from threedsecure.web.sharing.metrics import FOLDER, forget_process

log = structlog.get_logger()

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
            *(sys.executable, "-m", "acs_sim.running.process"),
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
        if said.partition(" ")[0] != READY:
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
