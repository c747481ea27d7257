"""acs-sim beside the stub servers that teams use, in one run, on the same processor, one after the other in every round.

    npm install --prefix benchmarks/peers          # WireMock, mountebank, Mockoon; WireMock needs Java
    python benchmarks/peers.py [--rounds 5] [--seconds 3] [--warm-up 30] [--core 1] [--json FILE]

acs-sim checks every element of every AReq in both of its parties, proves its answer and has it in the database before it
replies; the others answer a fixed text in which they put the identifier of the request. Ratios are medians of the ratios inside
the rounds: of the rates, and of processor time for each answer, which other programs on the machine disturb less."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from acs_sim.commands.bench.bare import ARES, PATH
from acs_sim.commands.bench.connection import Connection
from acs_sim.commands.bench.figures import median_ratio, percentile
from acs_sim.commands.bench.load import Journey, saturate
from acs_sim.commands.bench.process import DidNotStart, Server, Usage, hold_to, python, running
from acs_sim.commands.bench.report import machine
from acs_sim.commands.bench.subjects import Subject, own_simulator, posting
from acs_sim.commands.bench.traffic import authentication_requests
from acs_sim.running.serve import loop_factory
from acs_sim.running.stack import with_free_ports
from acs_sim.settings.settings import Settings

PEERS = Path(__file__).parent / "peers"
MODULES = PEERS / "node_modules"
ID = json.loads(ARES)["threeDSServerTransID"]
CONNECTIONS = 32


@dataclass
class Contestant:
    """A server that is ready, with the figures of its rounds."""

    name: str
    server: Server
    lanes: list[Journey]
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    p50_at_one: list[float] = field(default_factory=list)
    failed: int = 0
    usage: Usage = field(default_factory=lambda: Usage(0.0, 0.0))

    async def round(self, seconds: float) -> None:
        before = self.server.usage()
        samples = await saturate(self.lanes, seconds)
        self.usage = self.server.usage()
        done = max(len(samples.latencies), 1)
        self.rates.append(len(samples.latencies) / samples.seconds)
        self.cpu.append((self.usage.cpu_seconds - before.cpu_seconds) / done)
        self.p99.append(percentile(sorted(samples.latencies), 99))
        alone = await saturate(self.lanes[:1], seconds / 3)
        self.p50_at_one.append(percentile(sorted(alone.latencies), 50))
        self.failed += samples.failed + alone.failed


def wiremock(folder: Path, port: int) -> list[str]:
    body = ARES.decode().replace(ID, "{{jsonPath request.body '$.threeDSServerTransID'}}")
    answer = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    mapping = {
        "request": {"method": "POST", "urlPath": PATH},
        "response": {**answer, "transformers": ["response-template"]},
    }
    (folder / "mappings").mkdir(parents=True)
    (folder / "mappings" / "areq.json").write_text(json.dumps(mapping))
    jar = next((MODULES / "wiremock" / "build").glob("*.jar"))
    return ["java", "-jar", str(jar), "--port", str(port), "--root-dir", str(folder), "--no-request-journal"]


def mountebank(folder: Path, port: int) -> list[str]:
    copied = {"from": "body", "into": "${ID}", "using": {"method": "jsonpath", "selector": "$.threeDSServerTransID"}}
    answer = {"headers": {"Content-Type": "application/json"}, "body": ARES.decode().replace(ID, "${ID}")}
    stub = {"responses": [{"is": answer, "behaviors": [{"copy": copied}]}]}
    folder.mkdir()
    config = folder / "imposters.json"
    config.write_text(json.dumps({"imposters": [{"port": port, "protocol": "http", "stubs": [stub]}]}))
    own_port = str(with_free_ports(Settings()).port("desk"))
    flags = ["--configfile", str(config), "--nologfile", "--port", own_port, "--pidfile", str(folder / "pid")]
    return ["node", str(MODULES / "mountebank" / "bin" / "mb"), "start", "--loglevel", "error", "--localOnly", *flags]


def mockoon(folder: Path, port: int) -> list[str]:
    answer = {
        "uuid": "a",
        "body": ARES.decode().replace(ID, "{{body 'threeDSServerTransID'}}"),
        "statusCode": 200,
        "headers": [{"key": "Content-Type", "value": "application/json"}],
        "default": True,
    }
    route = {"uuid": "r", "type": "http", "method": "post", "endpoint": PATH.strip("/"), "responses": [answer]}
    environment = {"uuid": "e", "name": "ARes", "port": port, "routes": [route]}
    folder.mkdir()
    data = folder / "environment.json"
    data.write_text(json.dumps({**environment, "rootChildren": [{"type": "route", "uuid": "r"}]}))
    start = [
        "start",
        "--data",
        str(data),
        "--port",
        str(port),
        "--repair",
        "--disable-log-to-file",
        "--log-transaction",
    ]
    return ["node", str(MODULES / "@mockoon" / "cli" / "bin" / "run.js"), *start]


def bare(_folder: Path, port: int) -> list[str]:
    return python("-m", "acs_sim.commands.bench.bare", str(port), "1")


def two_hops(_folder: Path, port: int) -> list[str]:
    return python("-m", "acs_sim.commands.bench.bare", str(port), "2")


OTHERS = {
    "bare handler": bare,
    "two bare hops": two_hops,
    "WireMock": wiremock,
    "mountebank": mountebank,
    "Mockoon": mockoon,
}
# What an answer of theirs should cost at least beside one of ours (docs/performance.md).
TARGETS = {"WireMock": 1.0, "mountebank": 1.8, "Mockoon": 5.5, "two bare hops": 1.0, "bare handler": 1 / 4.8}


async def contestants(folder: Path, core: int, life: AsyncExitStack) -> list[Contestant]:
    ours = await life.enter_async_context(own_simulator(folder / "ours", (), [core]))
    found = [_contestant(ours)]
    for name, command_of in OTHERS.items():
        port = with_free_ports(Settings()).port("ds")
        url = f"http://127.0.0.1:{port}"
        make = authentication_requests(f"{url}{PATH}")
        log = folder / f"{name}.log"
        try:
            command = command_of(folder / name.replace(" ", "-"), port)
            server = await life.enter_async_context(running(command, (url, make()), cores=[core], log=log))
        except (OSError, StopIteration, DidNotStart) as error:
            print(f"{name} is left out: {str(error)[-300:] or 'not installed'}", file=sys.stderr)
            continue
        found.append(Contestant(name, server, [posting(Connection(url), make) for _ in range(CONNECTIONS)]))
    return found


def _contestant(subject: Subject) -> Contestant:
    if subject.server is None:
        raise ValueError("a process of its own is measured")
    return Contestant("acs-sim", subject.server, subject.lanes("frictionless", CONNECTIONS))


async def measure(arguments: argparse.Namespace) -> list[Contestant]:
    others = set(range(64)) - {arguments.core}
    with tempfile.TemporaryDirectory(prefix="acs-sim-peers-") as folder:
        async with AsyncExitStack() as life:
            all_of_them = await contestants(Path(folder), arguments.core, life)
            hold_to(others)
            for each in all_of_them:
                await saturate(each.lanes, arguments.warm_up if each.name == "WireMock" else min(arguments.warm_up, 3))
            for _ in range(arguments.rounds):
                for each in all_of_them:
                    await each.round(arguments.seconds)
            return all_of_them


def report(found: list[Contestant]) -> str:
    ours = found[0]
    head = (
        "",
        "answers/s",
        "CPU µs",
        "p99 at 32 ms",
        "p50 at 1 ms",
        "ready s",
        "MB",
        "failed",
        "ours ÷, rate",
        "by CPU",
        "target",
    )
    lines = [head]
    for each in found:
        ratios = ("", "", "")
        if each is not ours:
            target = f"{TARGETS[each.name]:.2f}"
            ratios = (f"{median_ratio(ours.rates, each.rates):.2f}", f"{median_ratio(each.cpu, ours.cpu):.2f}", target)
        middle = statistics.median
        figures = (
            f"{middle(each.rates):.0f}",
            f"{middle(each.cpu) * 1e6:.0f}",
            f"{middle(each.p99) * 1e3:.1f}",
            f"{middle(each.p50_at_one) * 1e3:.2f}",
            f"{each.server.start_seconds:.2f}",
            f"{each.usage.megabytes:.0f}",
            str(each.failed),
        )
        lines.append((each.name, *figures, *ratios))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def compared(found: list[Contestant]) -> str:
    """The rows of latency, start and memory, against WireMock."""
    ours, other = found[0], next((each for each in found if each.name == "WireMock"), None)
    if other is None:
        return ""
    return "\n".join(
        f"{words}: {ratio:.2f} (target: at most {target})"
        for words, ratio, target in (
            ("p99 at 32 connections ÷ WireMock's", median_ratio(ours.p99, other.p99), 0.35),
            ("p50 at one connection ÷ WireMock's", median_ratio(ours.p50_at_one, other.p50_at_one), 1.3),
            ("start to first ARes ÷ WireMock's", ours.server.start_seconds / other.server.start_seconds, 0.3),
            ("memory after load ÷ WireMock's", ours.usage.megabytes / max(other.usage.megabytes, 1), 0.35),
        )
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm-up", type=float, default=30.0, help="of WireMock, in seconds; of the others 3 at most")
    parser.add_argument(
        "--core", type=int, default=1, help="the processor of the servers; the load keeps to the others"
    )
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        found = runner.run(measure(arguments))
    print(" · ".join(f"{name}: {value}" for name, value in machine().items()))
    print(report(found))
    print(compared(found))
    if arguments.json is not None:
        rows = [
            {
                "name": each.name,
                "rates": each.rates,
                "cpu_seconds": each.cpu,
                "p99": each.p99,
                "p50_at_one": each.p50_at_one,
            }
            for each in found
        ]
        arguments.json.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2))
    return 1 if any(each.failed for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
