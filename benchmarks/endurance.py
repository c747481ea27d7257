"""Authentications without end: does memory stay flat?

    python benchmarks/endurance.py [--authentications 50000] [--steps 5] [--core 1]

One simulator, its database in a folder that is thrown away; after each step its memory is told."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from acs_sim.commands.bench.load import saturate
from acs_sim.commands.bench.process import hold_to
from acs_sim.commands.bench.report import machine
from acs_sim.commands.bench.subjects import own_simulator
from acs_sim.running.serve import loop_factory

LONGEST_SECONDS = 7200.0


async def endure(total: int, steps: int, core: int) -> int:
    failed = done = 0
    with tempfile.TemporaryDirectory(prefix="acs-sim-endurance-") as folder:
        async with own_simulator(Path(folder) / "data", (), [core]) as subject:
            hold_to(set(range(64)) - {core})
            lanes = subject.lanes("frictionless", 32)
            for _ in range(steps):
                samples = await saturate(lanes, LONGEST_SECONDS / steps, total // steps)
                done, failed = done + len(samples.latencies), failed + samples.failed
                rate = len(samples.latencies) / samples.seconds
                usage = subject.usage()
                print(
                    f"{done:>9} done  {failed} failed  {usage.megabytes:6.1f} MB  {usage.cpu_seconds:7.1f} s CPU  {rate:6.0f}/s",
                    *samples.errors,
                    flush=True,
                )
    return 1 if failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--authentications", type=int, default=50_000)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--core", type=int, default=1)
    arguments = parser.parse_args()
    print(" · ".join(f"{name}: {value}" for name, value in machine().items()))
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(endure(arguments.authentications, arguments.steps, arguments.core))


if __name__ == "__main__":
    sys.exit(main())
