"""Stories played and judged, one after the other; what breaks a promise is shrunk to a short one."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tests.simulation.evidence import KEPT_SECONDS, Evidence, gathered
from tests.simulation.loop import NoProgress
from tests.simulation.promises import broken
from tests.simulation.story import AnyStep, Buy, Story, draw
from tests.simulation.world import Figures, World, world

MOST_REPLAYS: Final = 150
Broken = list[tuple[str, str]]


@dataclass
class Outcome:
    """`broken`: the promises that did not hold, by name, with the words; `journal`: what stood there at the end."""

    story: Story
    figures: Figures
    broken: Broken
    journal: list[dict[str, object]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.broken}


def played(story: Story) -> Outcome:
    """What comes of a story; the same each time."""
    with world(story) as made:
        try:
            found = made.run(_told(made))
        except NoProgress as error:
            return Outcome(story, made.figures, [("no-bug", str(error))])
        return Outcome(story, _figures(found), broken(found), found.journal)


async def _told(made: World) -> Evidence:
    await made.play()
    return await gathered(made)


def _figures(found: Evidence) -> Figures:
    made = found.world
    figures = made.figures
    figures.authentications = len(found.acs) + len(found.classic)
    figures.faults = made.network.faults + made.disk.faults + made.gateway.faults
    figures.virtual_seconds += made.now() - KEPT_SECONDS
    figures.turns = made.loop.turns
    return figures


def campaign(seeds: Iterable[int], seconds: float | None = None) -> Iterator[Outcome]:
    """Each seed's story, until `seconds` of real time are over."""
    began = time.monotonic()
    for seed in seeds:
        if seconds is not None and time.monotonic() - began > seconds:
            return
        yield played(draw(seed))


def shrunk(story: Story, promise: str, *, replays: int = MOST_REPLAYS) -> Story:
    """The shortest story found, after so many plays, that breaks the same promise."""
    left = [replays]

    def breaks(steps: tuple[AnyStep, ...]) -> bool:
        left[0] -= 1
        return left[0] >= 0 and promise in played(Story(story.seed, steps)).names

    steps = _without_halves(story.steps, breaks)
    return Story(story.seed, _plainer(steps, breaks))


def _without_halves(steps: tuple[AnyStep, ...], breaks: Callable[[tuple[AnyStep, ...]], bool]) -> tuple[AnyStep, ...]:
    """Delta debugging: leave out pieces, smaller and smaller ones, as long as it still breaks."""
    size = max(1, len(steps) // 2)
    while True:
        start = 0
        while start < len(steps):
            fewer = steps[:start] + steps[start + size :]
            if fewer and breaks(fewer):
                steps = fewer
            else:
                start += size
        if size == 1:
            return steps
        size = max(1, size // 2)


def _plainer(steps: tuple[AnyStep, ...], breaks: Callable[[tuple[AnyStep, ...]], bool]) -> tuple[AnyStep, ...]:
    """The same with cardholders who do less."""
    for index, step in enumerate(steps):
        act = 0
        while isinstance(step, Buy) and act < len(step.does):
            less = msgspec.structs.replace(step, does=step.does[:act] + step.does[act + 1 :])
            fewer = (*steps[:index], less, *steps[index + 1 :])
            if breaks(fewer):
                steps, step = fewer, less
            else:
                act += 1
    return steps


def told(outcome: Outcome, promise: str) -> str:
    """A story that breaks a promise, as a file."""
    words = [words for name, words in outcome.broken if name == promise]
    comments = [
        f"seed {outcome.story.seed} breaks the promise {promise!r}:",
        *(f"  {line[:300]}" for line in words[:5]),
    ]
    return outcome.story.text(comments)
