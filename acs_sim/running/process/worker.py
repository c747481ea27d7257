"""The inside of a process that another one started.

It is told its settings on its standard input (the address of the database may hold a password, and command lines can be read by
everybody), says on its standard output that it is ready and where its desk is, and ends when its input does, so that none outlives
its parent.
"""

import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import msgspec

from acs_sim.running.process import logs
from acs_sim.running.process.loop import loop_factory, spare_the_collector
from acs_sim.running.stack import CannotStart, Stack, running_stack, with_free_ports
from acs_sim.settings.settings import Settings

READY: Final = "ready"
# Between looking for a free port and opening it, another process may take it.
ATTEMPTS_TO_START: Final = 5


def main(*, on_free_ports: bool = False) -> None:
    """Run what the settings say that stand as one line of JSON on standard input."""
    given: Any = json.loads(sys.stdin.buffer.readline())
    settings = msgspec.convert(given, Settings)
    logs.configure(settings.log_format, settings.log_level)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_work(settings, on_free_ports=on_free_ports))


async def _work(settings: Settings, *, on_free_ports: bool) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(sys.stdin.fileno(), _parent_gone, stop)
    try:
        async with AsyncExitStack() as life:
            running = (
                _on_free_ports(settings, life) if on_free_ports else life.enter_async_context(running_stack(settings))
            )
            _say(f"{READY} {(await running).addresses.desk}")
            spare_the_collector()
            await stop.wait()
    except CannotStart as error:
        _say(str(error))


async def _on_free_ports(settings: Settings, life: AsyncExitStack) -> Stack:
    for _ in range(ATTEMPTS_TO_START - 1):
        with suppress(CannotStart):
            return await life.enter_async_context(running_stack(with_free_ports(settings)))
    return await life.enter_async_context(running_stack(with_free_ports(settings)))


def _parent_gone(stop: asyncio.Event) -> None:
    """Nothing more is ever written, so what can be read is the end."""
    asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
    stop.set()


def _say(line: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
