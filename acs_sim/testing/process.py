"""A simulator in a process of its own, with an import path of its own: a project may call its packages what it likes."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from acs_sim.testing.values import SimulatorUnreachable

READY: Final = "ready "
READY_WITHIN_SECONDS: Final = 60.0
STOPPED_WITHIN_SECONDS: Final = 15.0
SETTINGS: Final = {"fresh": True, "log-level": "warning"}


@asynccontextmanager
async def own_simulator(aliases: Sequence[str] = ()) -> AsyncIterator[str]:
    """The address of the desk of a simulator in memory on free ports, which knows these packs of other systems' card numbers. What
    it logs goes to standard error.

    Errors: `SimulatorUnreachable` when none can be started."""
    command = (sys.executable, "-P", "-m", "acs_sim.running.process", "--on-free-ports")
    # In a session of its own, Ctrl-C reaches the tests alone: what they leave undone they undo with a simulator that still runs.
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, start_new_session=True)
    try:
        said = await _said(process, {**SETTINGS, "aliases": list(aliases)})
        if not said.startswith(READY):
            raise SimulatorUnreachable(
                said or "it ended before it was ready; what it wrote to standard error says more"
            )
        yield said.removeprefix(READY)
    finally:
        await _end(process)


async def _said(process: Process, settings: Mapping[str, Any]) -> str:
    """Its first line."""
    if process.stdin is None or process.stdout is None:
        raise SimulatorUnreachable("it has no pipes")
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            process.stdin.write(json.dumps(settings).encode() + b"\n")
            return (await process.stdout.readline()).decode().strip()
    except TimeoutError as error:
        raise SimulatorUnreachable(f"it was not ready within {READY_WITHIN_SECONDS:g} seconds") from error


async def _end(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOPPED_WITHIN_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
