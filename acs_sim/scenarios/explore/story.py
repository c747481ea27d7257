"""A drawn scenario as a play, and as a file."""

import re
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from acs_sim.scenarios.explore.drawing import Tree
from acs_sim.scenarios.file.checking import faults as mistakes
from acs_sim.scenarios.file.document import Place
from acs_sim.scenarios.file.loading import Play
from acs_sim.scenarios.file.model import Scenario

NOWHERE: Final = Place(1, 1)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ADDRESS = re.compile(r"https?://[^\s,;'\"]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)? ms|\d{13,19}")


class Unplayable(ValueError):
    """What was drawn makes no sense as a scenario; the message says why. It is our fault."""


def play_of(tree: Tree, file: Path = Path("explored.yaml")) -> Play:
    """Errors: `Unplayable`."""
    try:
        scenario = msgspec.convert(tree, Scenario, strict=False)
    except msgspec.ValidationError as error:
        raise Unplayable(str(error)) from error
    wrong = [f"{path}: {words}" for path, words in mistakes(scenario)]
    if wrong:
        raise Unplayable("; ".join(wrong))
    return Play(file, scenario, "", (), NOWHERE, (NOWHERE,) * len(scenario.steps))


def steps_of(tree: Tree) -> int:
    """How long a story is: its steps, and what goes wrong in it."""
    return len(tree["steps"]) + len(tree.get("faults", ()))


def steady(words: str) -> str:
    """Words without what is drawn anew each time: identifiers, addresses, card numbers and times."""
    return _NUMBER.sub("<number>", _UUID.sub("<id>", _ADDRESS.sub("<address>", words)))


def as_file(tree: Tree, comments: list[str]) -> str:
    """The text of a scenario file with this one scenario."""
    head = "".join(f"# {line}\n" for line in comments)
    document: dict[str, Any] = {"scenarios": [_bare(tree)]}
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _bare(tree: Tree) -> Tree:
    """Without what is empty."""
    return {name: value for name, value in tree.items() if value not in ({}, [])}
