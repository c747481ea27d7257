"""The simulator in another shape beside itself, or beside bare aiohttp hops: interleaved rounds on the same processors.

    python benchmarks/shapes.py apart                                     # two processes over HTTP ÷ two bare aiohttp hops
    python benchmarks/shapes.py postgresql --database postgresql://…/…    # one process on PostgreSQL ÷ one on SQLite
    python benchmarks/shapes.py workers --database postgresql://…/…       # two workers on two cores ÷ one
    python benchmarks/shapes.py tls                                       # TLS in, keep-alive ÷ plain
    python benchmarks/shapes.py challenge                                 # full challenges ÷ frictionless

Ratios are medians of the ratios inside the rounds: of the rates, and of processor time for each answer. The processor time of
`workers` is that of everybody who has a part in an answer but the load: PostgreSQL's too, where it runs on this machine."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
from peers import CONNECTIONS, Contestant, two_hops

from acs_sim.commands.bench.bare import PATH
from acs_sim.commands.bench.connection import Connection
from acs_sim.commands.bench.figures import median_ratio
from acs_sim.commands.bench.load import saturate
from acs_sim.commands.bench.process import Server, hold_to, running
from acs_sim.commands.bench.report import machine
from acs_sim.commands.bench.subjects import own_simulator, posting
from acs_sim.commands.bench.traffic import authentication_requests
from acs_sim.running.data.databases import passing_database
from acs_sim.running.serve import loop_factory
from acs_sim.running.stack import with_free_ports
from acs_sim.settings.settings import Settings


@dataclass(frozen=True)
class Shape:
    """A contestant to be made. `workers`: of one PostgreSQL where it is not None."""

    name: str
    flow: str = "frictionless"
    apart: bool = False
    tls: bool = False
    workers: int | None = None
    bare: bool = False


# What is compared: above and below the line, and what is asked of the ratio; of that by processor time where the first stands on
# PostgreSQL, of that by rate elsewhere.
COMPARED = {
    "postgresql": (Shape("on PostgreSQL", workers=1), Shape("on SQLite"), 0.5),
    "apart": (Shape("two processes", apart=True), Shape("two bare hops", bare=True), 0.6),
    "workers": (Shape("two workers", workers=2), Shape("one worker", workers=1), 0.85),
    "tls": (Shape("over TLS", tls=True), Shape("plain"), 0.88),
    "challenge": (Shape("challenges", flow="challenge"), Shape("frictionless"), 0.2),
}


async def made(shape: Shape, folder: Path, wish: argparse.Namespace, life: AsyncExitStack) -> Contestant:
    cores = cores_of(wish)
    if shape.bare:
        port = with_free_ports(Settings()).port("ds")
        url = f"http://127.0.0.1:{port}"
        make = authentication_requests(f"{url}{PATH}")
        server = await life.enter_async_context(
            running(two_hops(folder, port), (url, make()), cores=cores, log=folder.with_suffix(".log"))
        )
        return Contestant(shape.name, server, [posting(Connection(url), make) for _ in range(wish.connections)])
    flags: list[str] = []
    if shape.workers is not None:
        address = life.enter_context(passing_database(wish.database))
        flags = ["--database", address, "--workers", str(shape.workers)]
    subject = await life.enter_async_context(own_simulator(folder, flags, cores, tls=shape.tls, apart=shape.apart))
    server = subject.server
    assert server is not None
    if wish.what == "workers":
        server = Server((*server.pids, postmaster(wish.database)), server.start_seconds)
    return Contestant(shape.name, server, subject.lanes(shape.flow, wish.connections))


def postmaster(address: str) -> int:
    """The process of the server at `address` on this machine, whose children do its work."""
    with psycopg.connect(address) as connection:
        backend = connection.info.backend_pid
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def cores_of(wish: argparse.Namespace) -> Sequence[int]:
    """Two workers share both with the load; everything else keeps to one."""
    return [] if wish.what == "workers" else [wish.core]


async def measure(wish: argparse.Namespace) -> tuple[Contestant, Contestant]:
    with tempfile.TemporaryDirectory(prefix="acs-sim-shapes-") as name:
        async with AsyncExitStack() as life:
            over, under, _ = COMPARED[wish.what]
            both = (
                await made(over, Path(name) / "over", wish, life),
                await made(under, Path(name) / "under", wish, life),
            )
            if cores := cores_of(wish):
                hold_to(set(range(64)) - set(cores))
            for each in both:
                await saturate(each.lanes, wish.warm_up)
            for _ in range(wish.rounds):
                for each in both:
                    await each.round(wish.seconds)
            return both


def report(what: str, over: Contestant, under: Contestant) -> str:
    lines = [f"{'':<16}{'answers/s':>12}{'CPU µs':>10}{'failed':>8}"]
    for each in (over, under):
        rate, cpu = sum(each.rates) / len(each.rates), sum(each.cpu) / len(each.cpu) * 1e6
        lines.append(f"{each.name:<16}{rate:>12.0f}{cpu:>10.0f}{each.failed:>8}")
    by_rate, by_cpu = median_ratio(over.rates, under.rates), median_ratio(under.cpu, over.cpu)
    lines.append(
        f"{over.name} ÷ {under.name}: {by_rate:.2f} by rate, {by_cpu:.2f} by CPU (target: {COMPARED[what][2]})"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=COMPARED)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm-up", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--core", type=int, default=1, help="the servers' processor; the load keeps to the others")
    parser.add_argument("--database", help="a postgresql:// server; databases are made there and dropped")
    wish = parser.parse_args()
    if any(shape.workers is not None for shape in COMPARED[wish.what][:2]) and wish.database is None:
        parser.error(f"{wish.what} need --database postgresql://…")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        over, under = runner.run(measure(wish))
    print(" · ".join(f"{name}: {value}" for name, value in machine().items()))
    print(report(wish.what, over, under))
    return 1 if over.failed or under.failed else 0


if __name__ == "__main__":
    sys.exit(main())
