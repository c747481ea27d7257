"""Plays drawn one after the other until there are enough of them, each judged, and what convicts shrunk."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any, Final

from acs_sim.scenarios.browser.purchases import Purchases
from acs_sim.scenarios.browser.screens import Headless
from acs_sim.scenarios.explore.coverage import Coverage
from acs_sim.scenarios.explore.drawing import Tree, draw
from acs_sim.scenarios.explore.muting import is_muted
from acs_sim.scenarios.explore.shrinking import shrunk
from acs_sim.scenarios.explore.story import Unplayable, play_of, steady
from acs_sim.scenarios.playing.cardholders import new_session
from acs_sim.scenarios.playing.gateway import Mailbox
from acs_sim.scenarios.playing.judging import Charge
from acs_sim.scenarios.playing.play import Outcome, play
from acs_sim.scenarios.playing.watching import Watching
from acs_sim.scenarios.simulator import CannotPlay, Simulator

MANY: Final = 20
"""After so many plays the simulator forgets them: whoever looks for a message looks through all that there are."""
OURS: Final = "stopped-early"
"""What a play is filed under that ended for a reason of ours: what was drawn was not understood."""


@dataclass(frozen=True, slots=True)
class Found:
    """A mistake. `number`: of the play that found it; `tree`: the shortest story that still shows it; `drawn`: as it was drawn."""

    rule: str
    words: str
    number: int
    tree: Tree
    drawn: Tree
    transcript: dict[str, Any] | None = None


@dataclass
class Report:
    """`plays`: how many were played; `seen`: how often each rule convicted; `muted`: how often one that is known did."""

    seed: int
    plays: int = 0
    found: list[Found] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    muted: int = 0
    not_played: int = 0
    coverage: Coverage = field(default_factory=Coverage)


class Explorer:
    """One gateway's. `purchases`: where it takes them."""

    def __init__(self, simulator: Simulator, purchases: Purchases) -> None:
        self._simulator = simulator
        self._purchases = purchases

    async def explore(
        self,
        seed: int,
        plays: int,
        *,
        first: int = 1,
        until: float | None = None,
        muted: Sequence[tuple[str, str]] = (),
        tell: Callable[[int, Report], None] = lambda _number, _report: None,
        enough: Callable[[Report], bool] = lambda _report: False,
    ) -> Report:
        """`first`: the number of the play to begin with; `until`: an instant of `time.monotonic` at which no other
        play is begun; `enough`: ends it sooner."""
        report = Report(seed)
        for number in range(1, plays + 1):
            if enough(report) or (until is not None and time.monotonic() >= until):
                break
            tree = draw(source_of(seed, number), number, report.coverage)
            if number < first:
                continue
            report.plays = number
            if number % MANY == 0:
                await self._simulator.forget()
            await self._judged(tree, number, report, muted)
            tell(number, report)
        return report

    async def _judged(self, tree: Tree, number: int, report: Report, muted: Sequence[tuple[str, str]]) -> None:
        outcome = await self.played(tree)
        report.not_played += outcome.skipped is not None
        for charge in charges_of(outcome):
            if is_muted(muted, charge.rule, tree):
                report.muted += 1
                continue
            report.seen[charge.rule] = report.seen.get(charge.rule, 0) + 1
            if report.seen[charge.rule] == 1:
                report.found.append(await self._shortest(tree, number, charge))

    async def _shortest(self, tree: Tree, number: int, charge: Charge) -> Found:
        async def convicts(smaller: Tree) -> bool:
            try:
                return charge.rule in {each.rule for each in charges_of(await self.played(smaller))}
            except Unplayable:
                return False

        stories = await shrunk(tree, convicts)
        while len(stories) > 1 and not await convicts(stories[-1]):
            stories.pop()  # what shows only now and then is told as it showed twice
        shortest = stories[-1]
        outcome = await self.played(shortest)
        words = next((str(each) for each in charges_of(outcome) if each.rule == charge.rule), str(charge))
        return Found(charge.rule, steady(words), number, shortest, tree, await self._transcript(outcome))

    async def _transcript(self, outcome: Outcome) -> dict[str, Any] | None:
        try:
            return None if outcome.transaction_id is None else await self._simulator.transcript(outcome.transaction_id)
        except CannotPlay:
            return None

    async def played(self, tree: Tree) -> Outcome:
        """Play a story once, with a browser of its own. The clock goes on from where it is, as time does."""
        one = play_of(tree)
        screen = Headless(new_session(None, auto_decompress=False), self._simulator.is_bank)
        try:
            return await play(one, self._simulator, Mailbox(""), Random(0), None, Watching(screen, self._purchases))  # noqa: S311
        finally:
            await screen.close()
            await asyncio.sleep(0)


def charges_of(outcome: Outcome) -> list[Charge]:
    """What convicts; and a play that ended before its verdict, which is our own fault."""
    if outcome.charges:
        return list(outcome.charges)
    return [Charge(OURS, str(outcome.problem))] if outcome.failed else []


def source_of(seed: int, number: int) -> Random:
    """Each play has a source of its own, so that it is the same whatever was played before it."""
    return Random(int.from_bytes(sha256(f"{seed} {number}".encode()).digest()[:8]))  # noqa: S311 - repeatable on purpose


__all__ = ["OURS", "Explorer", "Found", "Report", "Unplayable", "charges_of"]
