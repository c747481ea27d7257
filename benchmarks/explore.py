"""What exploring is worth: how many plays a correct gateway and our own survive, and how soon planted mistakes are found.

    python -m benchmarks.explore standard --plays 5000        # a correct gateway on the standard library: nothing convicts it
    python -m benchmarks.explore own --plays 20000            # the reference gateway and its shops
    python -m benchmarks.explore mistakes [NAME…]             # the play that finds each planted mistake, and its story's steps
    python -m benchmarks.explore faults                       # every fault at every hop, at both
    python -m benchmarks.explore packs --plays 200            # plays under each whole pack of faults, at the correct gateway
    python -m benchmarks.explore library [NAME…]              # what a browser gateway can play of the library, at that one

Everything runs in this process, one play after the other. Exit status 1 where something is not as it should be."""

import argparse
import asyncio
import math
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from acs_sim.running.process import logs
from acs_sim.running.stack import Stack, running_stack, with_free_ports
from acs_sim.scenarios.browser.purchases import Purchases
from acs_sim.scenarios.explore import reporting
from acs_sim.scenarios.explore.drawing import Tree
from acs_sim.scenarios.explore.exploring import MANY, Explorer, Report, charges_of
from acs_sim.scenarios.explore.own_gateway import OwnPurchases
from acs_sim.scenarios.explore.story import as_file, steps_of
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.playing.cardholders import new_session
from acs_sim.scenarios.running import PARTIES, STARTS_AT, Means, run
from acs_sim.scenarios.simulator import Simulator
from acs_sim.settings.settings import Settings
from tests.support.every_fault import MET, WHOLE_PACKS, judged, without_faults
from tests.support.standard_gateway import StandardGateway, standard_gateway
from tests.support.standard_gateway.mistakes import MISTAKES
from threedsecure.web.clock import Clock

MOST_STEPS = 8
ENOUGH = 300
LIBRARY = Path(__file__).parents[1] / "fixtures" / "scenarios"


@asynccontextmanager
async def simulator(seed: int, *parties: str) -> AsyncIterator[tuple[Stack, Simulator, aiohttp.ClientSession]]:
    settings = with_free_ports(Settings(fresh=True, only=(*PARTIES, *parties), seed=seed))
    async with (
        running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        new_session(None) as shop,
    ):
        yield stack, Simulator(session, stack.addresses), shop


class Progress:
    """A line every so many plays, and each mistake when it is found."""

    def __init__(self, first: int) -> None:
        self._told, self._first = 0, first
        self._began, self._processor = time.monotonic(), time.process_time()

    def __call__(self, number: int, report: Report) -> None:
        for each in report.found[self._told :]:
            print(f"{each.rule}: {each.words}\n{as_file(each.tree, [])}", flush=True)
        self._told = len(report.found)
        if number % 250 == 0:
            took, processor = time.monotonic() - self._began, time.process_time() - self._processor
            played = number - self._first + 1
            rate = f"{played / took:.1f}/s, {1000 * processor / played:.0f} ms of a processor each"
            print(f"{number} plays, {rate}, {dict(report.seen)}", flush=True)


async def survives(subject: str, first: int, plays: int, seed: int, minutes: float, stories: Path | None) -> bool:
    until = time.monotonic() + 60 * minutes
    if subject == "own":
        async with simulator(seed, "shop") as (stack, one, shop):
            explorer = Explorer(one, OwnPurchases(shop, stack.addresses.shop, one.desk))
            return told(await explorer.explore(seed, plays, first=first, until=until, tell=Progress(first)), stories)
    async with simulator(seed) as (stack, one, shop):
        with standard_gateway(stack.addresses.ds) as gateway:
            explorer = Explorer(one, Purchases(shop, gateway.purchases, one.desk))
            return told(await explorer.explore(seed, plays, first=first, until=until, tell=Progress(first)), stories)


def told(report: Report, stories: Path | None) -> bool:
    print("\n".join(reporting.lines(report)))
    if stories is not None:
        reporting.save(report, stories)
    return not report.found


async def bears_faults() -> bool:
    charged = 0
    async with simulator(1, "shop") as (stack, one, shop):
        with standard_gateway(stack.addresses.ds) as gateway:
            standard = Explorer(one, Purchases(shop, gateway.purchases, one.desk))
            own = Explorer(one, OwnPurchases(shop, stack.addresses.shop, one.desk))
            for subject, explorer in (("standard", standard), ("own", own)):
                charged += await charged_of(subject, one, explorer, map(judged, MET))
    return not charged


async def bears_packs(plays: int, seed: int) -> bool:
    charged = 0
    async with simulator(seed) as (stack, one, shop):
        with standard_gateway(stack.addresses.ds) as gateway:
            explorer = Explorer(one, Purchases(shop, gateway.purchases, one.desk))
            for pack in WHOLE_PACKS:
                charged += await charged_of(pack, one, explorer, without_faults(seed, plays), pack)
    return not charged


async def charged_of(
    subject: str, one: Simulator, explorer: Explorer, trees: Iterable[Tree], pack: str | None = None
) -> int:
    """How many plays convict, each told."""
    played = charged = 0
    for played, tree in enumerate(trees, start=1):
        if played % MANY == 1:
            await one.forget()
            if pack is not None:
                await one.arm_pack(pack)
        charges = charges_of(await explorer.played(tree))
        charged += bool(charges)
        for charge in charges:
            print(f"{subject}, {tree['name']}: {charge}", flush=True)
    print(f"{subject}: {played} plays, {charged} convict", flush=True)
    await one.forget()
    return charged


async def passes_library(names: list[str]) -> bool:
    plays = [each for each in load([LIBRARY]) if not names or each.file.stem in names]
    async with simulator(1) as (stack, _, _):
        with standard_gateway(stack.addresses.ds) as gateway:
            means = Means(against=gateway.purchases, convict=True)
            outcomes = await run(plays, lambda _outcome: None, at=stack.addresses, means=means)
    for each in outcomes:
        if each.failed:
            print(f"{each.play.file.stem}, {each.play.name}: {each.problem}", flush=True)
    passed, failed = sum(each.passed for each in outcomes), sum(each.failed for each in outcomes)
    found = sum(bool(each.findings) for each in outcomes)
    print(
        f"{len(plays)} plays: {passed} passed, {failed} failed, {len(plays) - passed - failed} are not for a browser; "
        f"{found} with a finding"
    )
    return not failed


async def finds(names: list[str], seed: int) -> bool:
    missed = 0
    for name in names or MISTAKES:
        mistake = MISTAKES[name]
        line = await found(mistake.gateway, mistake.rules, seed)
        missed += line is None
        print(f"| {name} | {line or 'not found'} |", flush=True)
    return not missed


async def found(kind: type[StandardGateway], rules: frozenset[str], seed: int) -> str | None:
    async with simulator(seed) as (stack, one, shop):
        with standard_gateway(stack.addresses.ds, kind) as gateway:
            explorer = Explorer(one, Purchases(shop, gateway.purchases, one.desk))
            report = await explorer.explore(
                seed, ENOUGH, enough=lambda so_far: any(each.rule in rules for each in so_far.found)
            )
    others = Counter(each.rule for each in report.found if each.rule not in rules)
    hit = next((each for each in report.found if each.rule in rules), None)
    if hit is None:
        return None
    return f"{hit.number} | `{hit.rule}` | {steps_of(hit.tree)} | {', '.join(others) or '-'}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("subject", choices=["standard", "own", "mistakes", "faults", "packs", "library"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--plays", type=int, default=ENOUGH, help="the number of the last play")
    parser.add_argument("--first", type=int, default=1, help="the number of the play to begin with")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no other play after so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stories", type=Path)
    wish = parser.parse_args()
    logs.configure("auto", "error")
    if wish.subject == "mistakes":
        return not asyncio.run(finds(wish.names, wish.seed))
    if wish.subject == "faults":
        return not asyncio.run(bears_faults())
    if wish.subject == "packs":
        return not asyncio.run(bears_packs(wish.plays, wish.seed))
    if wish.subject == "library":
        return not asyncio.run(passes_library(wish.names))
    return not asyncio.run(survives(wish.subject, wish.first, wish.plays, wish.seed, wish.minutes, wish.stories))


if __name__ == "__main__":
    sys.exit(main())
