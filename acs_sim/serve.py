"""`acs-sim up` itself: run the stack in the foreground until a signal ends it."""

import asyncio
import gc
import signal
import webbrowser
from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

import aiohttp
import click

from acs_sim import logs
from acs_sim.settings import Settings
from acs_sim.stack import CannotStart, Stack, running_stack
from acs_sim.start_screen import start_screen
from threedsecure.web.transport import HttpTransport

READY_WITHIN_SECONDS: Final = 15.0
GARBAGE_THRESHOLD: Final = 10_000


def serve(settings: Settings, *, demo: str | None = None, opens: bool = False) -> None:
    """Return after a graceful stop. `demo`: the address to show and, when it `opens`, to open. Errors: `CannotStart`."""
    logs.configure(settings.log_format, settings.log_level)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings, demo, opens=opens))


async def _serve(settings: Settings, demo: str | None, *, opens: bool) -> None:
    stop = _stop_signal()
    async with running_stack(settings) as stack:
        await _until_ready(stack)
        click.echo(start_screen(settings, demo))
        click.echo("ready")
        _spare_the_collector()
        if demo is not None and opens:
            await asyncio.to_thread(webbrowser.open, demo)
        await stop.wait()
    click.echo("stopped")


def _spare_the_collector() -> None:
    """What is there at the start stays to the end: the collector need not look at it with every few hundred requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, *gc.get_threshold()[1:])


def _stop_signal() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM; a second one ends the process the hard way."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_once(number: signal.Signals) -> None:
        loop.remove_signal_handler(number)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop_once, number)
    return stop


async def _until_ready(stack: Stack) -> None:
    waiting = {name: stack.addresses.of(name) for name in stack.settings.only}
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS), HttpTransport.session(stack.calling) as session:
            while waiting:
                for name, address in list(waiting.items()):
                    async with session.get(f"{address}/readyz") as answer:
                        if answer.status == 200:
                            del waiting[name]
                await asyncio.sleep(0.01 if waiting else 0)
    except TimeoutError as error:
        raise CannotStart(f"not ready within {READY_WITHIN_SECONDS:g} seconds: {', '.join(waiting)}") from error
    except aiohttp.ClientError as error:
        raise CannotStart(f"a port that was just opened does not answer: {error}") from error


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
