"""The shortest story that still convicts."""

import copy
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from acs_sim.scenarios.explore.drawing import Tree

MOST_REPLAYS: Final = 60
PLAINEST: Final = {"version": "2.2.0"}
PLAIN_CARD: Final = {"scheme": "visa"}

Convicts = Callable[[Tree], Awaitable[bool]]


async def shrunk(tree: Tree, convicts: Convicts) -> Tree:
    """Leave out whatever can be left out, one thing after the other, until nothing can. `convicts` plays a story again."""
    replays = 0
    again = True
    while again:
        again = False
        for smaller in _smaller(tree):
            if replays >= MOST_REPLAYS:
                return tree
            replays += 1
            if await convicts(smaller):
                tree, again = smaller, True
                break
    return tree


def _smaller(tree: Tree) -> Iterator[Tree]:
    """Stories that are shorter or plainer by one thing, the greatest leaps first."""
    if len(tree.get("faults", ())) > 1:
        yield {**tree, "faults": []}
    for index in range(len(tree.get("faults", ()))):
        yield _without(tree, "faults", index)
    steps = len(tree["steps"]) - 1  # the verdict stays
    for index in range(steps - 1, -1, -1):
        if steps > 1:
            yield _without(tree, "steps", index)
    if tree.get("purchase"):
        yield {**tree, "purchase": {}}
        for name in tree["purchase"]:
            yield {**tree, "purchase": {other: value for other, value in tree["purchase"].items() if other != name}}
    for name, plain in PLAINEST.items():
        if tree.get(name) != plain:
            yield {**tree, name: plain}
    for name, plain in PLAIN_CARD.items():
        if tree["card"].get(name, plain) != plain:
            yield {**tree, "card": {**tree["card"], name: plain}}
    yield from _plainer_steps(tree)


def _plainer_steps(tree: Tree) -> Iterator[Tree]:
    for index, step in enumerate(tree["steps"]):
        if step.get("authenticate", {}).get("send"):
            plainer = copy.deepcopy(tree)
            del plainer["steps"][index]["authenticate"]["send"]
            yield plainer
    for index, fault in enumerate(tree.get("faults", ())):
        if "when" in fault:
            plainer = copy.deepcopy(tree)
            del plainer["faults"][index]["when"]
            yield plainer


def _without(tree: Tree, name: str, index: int) -> Tree:
    return {**tree, name: [each for place, each in enumerate(tree[name]) if place != index]}
