"""Hops of one instant that have no party in common happen beside one another: which of them was noted first is chance."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

Hop = Mapping[str, Any]


def ordered(hops: Sequence[Hop]) -> list[Hop]:
    """The same hops, those beside one another in the order of their words. What a party said or heard first stays first."""
    return [hop for _, beside in groupby(hops, key=lambda hop: hop["at"]) for hop in _of_one_instant(list(beside))]


def _of_one_instant(hops: list[Hop]) -> list[Hop]:
    """Always the smallest of those that follow nothing that is still to come."""
    rest, found = list(hops), []
    while rest:
        free = [hop for index, hop in enumerate(rest) if not any(_meet(hop, earlier) for earlier in rest[:index])]
        chosen = min(free, key=_words)
        rest.remove(chosen)
        found.append(chosen)
    return found


def _meet(hop: Hop, other: Hop) -> bool:
    return not {hop["from"], hop["to"]}.isdisjoint({other["from"], other["to"]})


def _words(hop: Hop) -> tuple[str, str, str]:
    return hop["from"], hop["to"], hop["kind"]
