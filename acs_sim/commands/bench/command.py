"""`acs-sim bench`."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from acs_sim.commands.bench.connection import Connection
from acs_sim.commands.bench.figures import Figures, figures
from acs_sim.commands.bench.load import Samples, at_rate, saturate
from acs_sim.commands.bench.process import DidNotStart, hold_to, python, running
from acs_sim.commands.bench.report import as_json, plot, table
from acs_sim.commands.bench.subjects import NotOurs, Subject, own_simulator, posting, running_simulator
from acs_sim.commands.bench.traffic import authentication_requests
from acs_sim.commands.simulator import told
from acs_sim.running.data.databases import passing_database
from acs_sim.running.process.loop import loop_factory
from acs_sim.running.stack import with_free_ports
from acs_sim.settings.settings import Settings
from threedsecure.storage.errors import DatabaseUnusable

MOST_JOURNEYS: Final = 5_000_000
WARM_UP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure. `rates`: journeys a second, none for saturation alone; `most`: journeys at saturation at most, for each
    stretch; `cores`: processors of the server, the load keeps to the others; `at`: the simulator that runs already;
    `postgresql`: an address on whose server a database is made, and dropped at the end; `apart`: directory server and issuer in
    two processes."""

    flows: tuple[str, ...]
    rates: tuple[float, ...]
    seconds: float
    connections: int
    most: int | None
    cores: tuple[int, ...]
    flags: tuple[str, ...]
    tls: bool
    bare: bool
    at: Settings | None
    postgresql: str | None = None
    apart: bool = False


def measure(wish: Wish, *, json: Path | None, plot_file: Path | None) -> int:
    """Measure, print the table, write the files; returns the exit code: 1 where a journey failed."""
    with told(DidNotStart, NotOurs, DatabaseUnusable), asyncio.Runner(loop_factory=loop_factory()) as runner:
        rows = runner.run(_measure(wish))
    click.echo(table(rows))
    for words in sorted({words for row in rows for words in row.errors}):
        click.echo(f"failed: {words}", err=True)
    if json is not None:
        json.write_bytes(as_json(rows, connections=wish.connections, cores=wish.cores, flags=wish.flags, tls=wish.tls))
    if plot_file is not None:
        plot_file.write_text(plot(rows), encoding="utf-8")
    return 1 if any(row.failed for row in rows) else 0


async def _measure(wish: Wish) -> list[Figures]:
    rows: list[Figures] = []
    stretches = [(flow, rate) for flow in wish.flows for rate in (*wish.rates, None)]
    with tempfile.TemporaryDirectory(prefix="acs-sim-bench-") as folder:
        async with AsyncExitStack() as life:
            subject = await life.enter_async_context(_subject(wish, Path(folder) / "data"))
            if wish.bare:
                rows.append(await _bare(wish, Path(folder), life))
            with click.progressbar(stretches, label="measuring", show_pos=True) as going:
                rows += [await _stretch(subject, wish, flow, rate) for flow, rate in going]
    return rows


@asynccontextmanager
async def _subject(wish: Wish, folder: Path) -> AsyncIterator[Subject]:
    async with AsyncExitStack() as life:
        if wish.at is not None:
            subject = await life.enter_async_context(running_simulator(wish.at))
        else:
            flags = wish.flags
            if wish.postgresql is not None:
                flags = (*flags, "--database", life.enter_context(passing_database(wish.postgresql)))
            subject = await life.enter_async_context(
                own_simulator(folder, flags, wish.cores, tls=wish.tls, apart=wish.apart)
            )
        _keep_to_the_others(wish.cores)
        yield subject


async def _stretch(subject: Subject, wish: Wish, flow: str, rate: float | None) -> Figures:
    lanes = subject.lanes(flow, wish.connections)
    await saturate(lanes, WARM_UP_SECONDS, wish.most)
    before = subject.usage()
    samples: Samples
    if rate is None:
        samples = await saturate(lanes, wish.seconds, min(wish.most or MOST_JOURNEYS, MOST_JOURNEYS))
    else:
        samples = await at_rate(lanes, min(rate, MOST_JOURNEYS / wish.seconds), wish.seconds)
    return figures(subject.name, flow, rate, samples, before, subject.usage())


async def _bare(wish: Wish, folder: Path, life: AsyncExitStack) -> Figures:
    """The yardstick: aiohttp with a handler that returns a fixed ARes."""
    settings = with_free_ports(Settings(data=str(folder)))
    url = f"http://127.0.0.1:{settings.port('ds')}"
    make = authentication_requests(f"{url}/visa/3ds2")
    command = python("-m", "acs_sim.commands.bench.bare", str(settings.port("ds")))
    server = await life.enter_async_context(running(command, (url, make()), cores=wish.cores, log=folder / "bare.log"))
    lanes = [posting(Connection(url), make) for _ in range(wish.connections)]
    await saturate(lanes, WARM_UP_SECONDS)
    before = server.usage()
    samples = await saturate(lanes, wish.seconds)
    return figures("bare aiohttp", "fixed ARes", None, samples, before, server.usage())


def _keep_to_the_others(cores: Sequence[int]) -> None:
    """The load must not take the processor from what it measures, where there is another."""
    others = set(range(os.cpu_count() or 1)) - set(cores)
    if cores and others:
        hold_to(others)
