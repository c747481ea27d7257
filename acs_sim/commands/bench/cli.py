"""The options of `acs-sim bench`."""

import sys
from pathlib import Path
from typing import Any

import click

from acs_sim.commands.simulator import settings_of, told

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--flow",
    "flows",
    type=click.Choice(["frictionless", "challenge"]),
    multiple=True,
    default=("frictionless", "challenge"),
    show_default=True,
    help="AReq and ARes, or a whole challenge with SecureCode and RReq. Repeatable.",
)
@click.option(
    "--rate",
    "rates",
    type=click.FloatRange(min=0.1),
    multiple=True,
    help="Journeys a second, beside saturation. Repeatable.",
)
@click.option("--seconds", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="For each stretch.")
@click.option("--requests", "most", type=click.IntRange(1, 5_000_000), help="Journeys at saturation, for each stretch.")
@click.option("--connections", type=click.IntRange(1, 1000), default=32, show_default=True)
@click.option("--cores", metavar="0,1", default="", help="Processors of the server; the load keeps to the others.")
@click.option(
    "--database",
    metavar="PATH|URL",
    help="A SQLite file, or a postgresql:// server, on which a database is made and dropped.  "
    "[default: SQLite in a folder that is thrown away]",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Needs PostgreSQL.")
@click.option("--apart", is_flag=True, help="Directory server and issuer in two processes, over HTTP.")
@click.option("--durable", is_flag=True, help="Commits survive a power cut.")
@click.option("--tls", is_flag=True, help="Over TLS, with a client certificate.")
@click.option("--bare", is_flag=True, help="Measure a bare aiohttp handler first, as a yardstick.")
@click.option("--running", is_flag=True, help="Load the simulator that runs already, on this machine.")
@click.option("--port-base", type=int, help="The port of the desk of the one that is --running.  [default: 8000]")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file, to find the one that is --running.")
@click.option("--json", "json_file", type=FILE, help="Write the figures.")
@click.option("--plot", "plot_file", type=FILE, help="Write the latencies as an SVG.")
def bench(
    cores: str,
    database: str | None,
    workers: int,
    port_base: int | None,
    config: Path | None,
    json_file: Path | None,
    plot_file: Path | None,
    *,
    durable: bool,
    running: bool,
    **wished: Any,
) -> None:
    """Load a simulator of its own, and print throughput, latency, processor time and memory."""
    from acs_sim.commands.bench.command import Wish, measure

    with told(ValueError, by=click.UsageError):
        chosen = tuple(int(core) for core in cores.split(",") if core.strip())
    at = settings_of({"port_base": port_base}, config)[0] if running else None
    shared = database if database is not None and "://" in database and not database.startswith("sqlite") else None
    if workers > 1 and shared is None:
        raise click.UsageError("--workers needs --database postgresql://…: SQLite has one writer")
    if wished["apart"] and (workers > 1 or database is not None or wished["tls"]):
        raise click.UsageError("--apart measures two processes with a database each, without --workers and --tls")
    file = ("--database", database) if database is not None and shared is None else ()
    flags = (*file, *(("--durable",) if durable else ()), *(("--workers", str(workers)) if workers > 1 else ()))
    wish = Wish(cores=chosen, flags=flags, at=at, postgresql=shared, **wished)
    sys.exit(measure(wish, json=json_file, plot_file=plot_file))
