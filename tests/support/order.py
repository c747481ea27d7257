"""In which order the processes of a run take its tests.

A module's tests stand together, those on one engine after those on the other: pytest would take all coroutines first, and make what
the module shares a second time for its plain functions.

pytest-xdist gives every process an equal stretch of the list, and lets one that is done take from the end of another's. So each
stretch begins with its share of the modules that have slow tests, and ends with what takes milliseconds: what a module shares is
made by one process, and nothing long is left over when the others are done.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import pytest


def dealt(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """The same tests, for so many processes."""
    modules = _whole(items)
    hands: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for number, module in enumerate(filter(_is_slow, modules)):
        hands[number % processes].extend(module)
    quick = chain.from_iterable(module for module in modules if not _is_slow(module))
    for hand, size in zip(hands, _stretches(len(items), processes), strict=True):
        hand.extend(item for _, item in zip(range(size - len(hand)), quick, strict=False))
    return [*chain.from_iterable(hands), *quick]


def _whole(items: Sequence[pytest.Item]) -> list[list[pytest.Item]]:
    modules: dict[Path, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(item.path, []).append(item)
    return [sorted(module, key=lambda item: engine_of(item) == "postgresql") for module in modules.values()]


def engine_of(item: pytest.Item) -> str | None:
    return item.callspec.params.get("engine") if hasattr(item, "callspec") else None


def _is_slow(module: Sequence[pytest.Item]) -> bool:
    return any(item.get_closest_marker("slow") or item.get_closest_marker("browser") for item in module)


def _stretches(tests: int, processes: int) -> Iterator[int]:
    """How many each process is given."""
    for left in range(processes, 0, -1):
        yield tests // left
        tests -= tests // left
