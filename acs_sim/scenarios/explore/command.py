"""`acs-sim explore` behind its flags."""

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import click
import msgspec

from acs_sim.running.process import logs
from acs_sim.running.stack import CannotStart, running_stack, with_free_ports
from acs_sim.scenarios.browser.purchases import Purchases
from acs_sim.scenarios.explore import muting, reporting
from acs_sim.scenarios.explore.exploring import Explorer, Report
from acs_sim.scenarios.explore.own_gateway import OwnPurchases
from acs_sim.scenarios.playing.cardholders import new_session
from acs_sim.scenarios.running import PARTIES, STARTS_AT
from acs_sim.scenarios.simulator import CannotPlay, Simulator
from acs_sim.settings.addresses import Addresses
from acs_sim.settings.settings import Settings
from threedsecure.web.clock import Clock

NOTHING, MISTAKES, UNPLAYABLE = 0, 1, 2
WITHOUT_END = 1_000_000_000


@dataclass(frozen=True)
class Wish:
    """What was typed. `against`: None for our own gateway; `serving`: whose addresses the simulator then takes; `at`: one that runs
    already, called with `tls`."""

    seed: int
    plays: int | None = None
    minutes: float | None = None
    against: str | None = None
    serving: Settings | None = None
    at: Addresses | None = None
    tls: ssl.SSLContext | None = None
    junit: Path | None = None
    html: Path | None = None
    muted: Path | None = None
    stories: Path = Path("stories")


def explore(wish: Wish) -> int:
    """Play, print and write reports; returns the exit status."""
    logs.configure("auto", "error")
    try:
        known = muting.read(wish.muted) if wish.muted is not None else []
        report = asyncio.run(_explored(wish, known))
        return _told(report, wish)
    except (ValueError, CannotStart, CannotPlay) as error:
        click.echo(f"acs-sim cannot explore: {error}", err=True)
    except OSError as error:
        click.echo(f"acs-sim cannot use {error.filename}: {error.strerror}", err=True)
    return UNPLAYABLE


async def _explored(wish: Wish, known: list[tuple[str, str]]) -> Report:
    until = None if wish.minutes is None else time.monotonic() + 60 * wish.minutes
    async with _simulator(wish) as (simulator, purchases):
        return await Explorer(simulator, purchases).explore(
            wish.seed, _plays(wish), until=until, muted=known, tell=_progress
        )


def _plays(wish: Wish) -> int:
    if wish.plays is not None:
        return wish.plays
    return WITHOUT_END if wish.minutes is not None else 300


def _progress(number: int, report: Report) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{number} plays, {len(report.found)} mistakes", nl=False, err=True)


@asynccontextmanager
async def _simulator(wish: Wish) -> AsyncIterator[tuple[Simulator, Purchases]]:
    """One of its own, whose clock stands still unless a play moves it, and which draws from the seed."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=wish.tls or True)) as session,
        new_session(wish.tls) as shop,
        _there(wish, session) as at,
    ):
        simulator = Simulator(session, at)
        if wish.against is None:
            yield simulator, OwnPurchases(shop, at.shop, simulator.desk)
        else:
            yield simulator, Purchases(shop, wish.against, simulator.desk)


@asynccontextmanager
async def _there(wish: Wish, session: aiohttp.ClientSession) -> AsyncIterator[Addresses]:
    """The addresses of the simulator. One that runs already is a namespace, which is as one of its own would be from here on."""
    if wish.at is not None:
        running = Simulator(session, wish.at)
        await running.forget()
        await running.seed(wish.seed)
        await running.move_clock(freeze=True)
        await running.move_clock(set=STARTS_AT.isoformat())
        yield wish.at
        return
    own = wish.against is None
    settings = with_free_ports(Settings()) if own or wish.serving is None else wish.serving
    parties = (*PARTIES, "shop") if own else PARTIES
    settings = msgspec.structs.replace(settings, fresh=True, seed=wish.seed, only=parties)
    async with running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack:
        yield stack.addresses


def _told(report: Report, wish: Wish) -> int:
    for line in reporting.lines(report):
        click.echo(line)
    for file in reporting.save(report, wish.stories):
        click.echo(f"written: {file}")
    if wish.junit is not None:
        wish.junit.write_bytes(reporting.junit(report))
    if wish.html is not None:
        wish.html.write_bytes(reporting.html(report))
    return MISTAKES if report.found else NOTHING
