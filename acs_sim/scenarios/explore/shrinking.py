"""The shortest story that still convicts."""

import copy
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from acs_sim.scenarios.explore.drawing import Tree

MOST_REPLAYS: Final = 80
PLAINEST: Final = {"version": "2.2.0"}
PLAIN_CARD: Final = {"scheme": "visa"}
_PLAIN_STEPS: Final = {"authenticate": ("send", "clicks"), "cardholder": ("CReq", "clicks", "deliver")}
_PLAIN_FAULTS: Final = ("when", "detail")

Convicts = Callable[[Tree], Awaitable[bool]]


async def shrunk(tree: Tree, convicts: Convicts) -> list[Tree]:
    """Leave out whatever can be left out, the greatest parts first, until nothing can: every story on the way that still convicts,
    the shortest last. `convicts` plays a story again; none is played twice."""
    found, tried, again = [tree], {repr(tree)}, True
    while again:
        again = False
        for smaller in _smaller(found[-1]):
            if repr(smaller) in tried:
                continue
            if len(tried) > MOST_REPLAYS:
                return found
            tried.add(repr(smaller))
            if await convicts(smaller):
                found.append(smaller)
                again = True
                break
    return found


def _smaller(tree: Tree) -> Iterator[Tree]:
    """Stories that are shorter or plainer, the greatest leaps first."""
    for name, last in (("steps", 1), ("faults", 0)):
        for start, end in _parts(len(tree.get(name, ())) - last):
            if (end - start, last) != (len(tree[name]) - last, 1):  # one step stays beside the verdict
                yield {**tree, name: [*tree[name][:start], *tree[name][end:]]}
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
    yield from _plainer(tree)


def _parts(length: int) -> Iterator[tuple[int, int]]:
    """Parts of a list, each half as long as the one before: first all of it, at last every single member; from the end."""
    size = length
    while size > 0:
        for end in range(length, 0, -size):
            yield max(0, end - size), end
        size = size // 2


def _plainer(tree: Tree) -> Iterator[Tree]:
    """The same with less said of a step or a fault."""
    for index, step in enumerate(tree["steps"]):
        for kind, names in _PLAIN_STEPS.items():
            for name in names:
                if name in step.get(kind, {}):
                    plainer = copy.deepcopy(tree)
                    del plainer["steps"][index][kind][name]
                    yield plainer
    for index, fault in enumerate(tree.get("faults", ())):
        for name in _PLAIN_FAULTS:
            if name in fault:
                plainer = copy.deepcopy(tree)
                del plainer["faults"][index][name]
                yield plainer
