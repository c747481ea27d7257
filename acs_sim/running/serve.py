"""`acs-sim up` itself: run the stack in the foreground until a signal ends it."""

import asyncio
import signal
import ssl
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import aiohttp
import click

from acs_sim.running.pki.stack import StackTls
from acs_sim.running.process import logs
from acs_sim.running.process.loop import loop_factory, spare_the_collector
from acs_sim.running.process.open_files import allow_many
from acs_sim.running.stack import CannotStart, running_stack
from acs_sim.running.start_screen import start_screen
from acs_sim.running.workers import Workers
from acs_sim.settings.certificates import wrong_at
from acs_sim.settings.settings import Settings
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.journal import Journal

READY_WITHIN_SECONDS: Final = 60.0


Tell = Callable[[Mapping[str, Any]], None]


def serve(settings: Settings, *, demo: str | None = None, opens: bool = False, tell: Tell | None = None) -> None:
    """Return after a graceful stop. `demo`: the address to show and, when it `opens`, to open. `tell`: what is done with each
    message as it crosses, where one process serves. Errors: `CannotStart`."""
    logs.configure(settings.log_format, settings.log_level)
    allow_many()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        if settings.workers == 1:
            runner.run(_serve(settings, demo, tell, opens=opens))
        else:
            runner.run(_serve_by_workers(settings, demo, opens=opens))


async def _serve(settings: Settings, demo: str | None, tell: Tell | None, *, opens: bool) -> None:
    stop = _stop_signal()
    async with running_stack(settings) as stack:
        await _until_ready(settings, stack.calling)
        await _announce(settings, demo, opens=opens)
        spare_the_collector()
        telling = None if tell is None else asyncio.create_task(_told(stack.runtime.journal, tell), name="messages")
        await stop.wait()
        if telling is not None:
            telling.cancel()
    click.echo("stopped")


async def _told(journal: Journal, tell: Tell) -> None:
    async with journal.subscribed() as queue:
        while True:
            tell(await queue.get())


async def _serve_by_workers(settings: Settings, demo: str | None, *, opens: bool) -> None:
    stop, workers = _stop_signal(), Workers(settings)
    try:
        await workers.start()
        calling = StackTls(settings).calling(settings.only[0]).calling if settings.tls else None
        await _until_ready(settings, calling)
        await _announce(settings, demo, opens=opens)
        spare_the_collector()
        await workers.watch(stop)
    finally:
        await workers.stop()
    click.echo("stopped")


async def _announce(settings: Settings, demo: str | None, *, opens: bool) -> None:
    click.echo(start_screen(settings, demo))
    click.echo("ready")
    if demo is not None and opens:
        await asyncio.to_thread(webbrowser.open, demo)


def _stop_signal() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM; a second one ends the process the hard way."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop_once(number: int, _frame: object = None) -> None:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop_once, number)
        except NotImplementedError:  # the loops of Windows have none
            signal.signal(number, stop_once)
    return stop


async def _until_ready(settings: Settings, calling: ssl.SSLContext | None) -> None:
    wrong = wrong_at(settings.tls_wrong, settings.only)  # nobody who checks certificates can ask there
    waiting = {name: settings.addresses.of(name) for name in settings.only if name not in wrong}
    try:
        async with asyncio.timeout(READY_WITHIN_SECONDS), HttpTransport.session(calling) as session:
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
