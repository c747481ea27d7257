"""What of the space has been drawn: it steers what is drawn next, and is shown at the end."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Final

from acs_sim.scenarios.explore.space import CARDS, CELLS, DEEDS, RACES, SINGLES

Cell = tuple[str, ...]
EAGER: Final = 2
"""How much sooner what was drawn seldom is drawn: the higher, the more evenly."""


class Coverage:
    """How often each cell was drawn, by what it is a cell of."""

    def __init__(self) -> None:
        self.drawn: Counter[Cell] = Counter()

    def choose(self, random: Random, of: str, weights: Mapping[str, float]) -> str:
        """One of the names, the seldom ones sooner."""
        names = list(weights)
        return names[self._pick(random, [(of, name) for name in names], [weights[name] for name in names])]

    def choose_fault(self, random: Random) -> tuple[str, str, str]:
        """Where, from whom, and what."""
        return CELLS[self._pick(random, [("fault", *cell) for cell in CELLS], [1.0] * len(CELLS))]

    def _pick(self, random: Random, cells: Sequence[Cell], weights: Iterable[float]) -> int:
        steered = [weight / (1 + self.drawn[cell]) ** EAGER for cell, weight in zip(cells, weights, strict=True)]
        (index,) = random.choices(range(len(cells)), steered)
        self.drawn[cells[index]] += 1
        return index

    def lines(self) -> list[str]:
        """How much of each table was drawn, and what was not."""
        return [
            self._line("faults", [("fault", *cell) for cell in CELLS]),
            self._line("cards", [("card", name) for name in CARDS]),
            self._line("races", [("race", name) for name in RACES]),
            self._line("single faults", [("single", name) for name in SINGLES]),
            self._line("deeds", [("deed", name) for name in DEEDS]),
        ]

    def _line(self, what: str, cells: Sequence[Cell]) -> str:
        seen = sum(1 for cell in cells if self.drawn[cell])
        return f"{what}: {seen} of {len(cells)}"

    def by_point(self) -> dict[str, tuple[int, int]]:
        """For each hop: how many kinds of fault were drawn there, and how many there are."""
        table: dict[str, tuple[int, int]] = {}
        for at, sender, do in CELLS:
            seen, there = table.get(at, (0, 0))
            table[at] = (seen + bool(self.drawn["fault", at, sender, do]), there + 1)
        return table
