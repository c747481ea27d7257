"""What was done and seen in one play, as lines that read as a diff: `-` expected, `+` found, everything else as it should be."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from acs_sim.scenarios.file.matching import Compared


class Unmet(Exception):
    """An expectation that was not met; the message is one line, the conversation shows the rest."""


class Conversation:
    """Grows line by line while a play goes on."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def did(self, words: str) -> None:
        self.lines.append(f"  {words}")

    def compare(self, subject: str, compared: Iterable[Compared]) -> None:
        """Note every element of `subject`. Errors: `Unmet` that names the first one that differs."""
        self.did(subject)
        unmet: list[Compared] = []
        for each in compared:
            if each.met:
                self.lines.append(f"    {each.path}: {each.found}")
            else:
                self.lines += [f"-   {each.path}: {each.expected}", f"+   {each.path}: {each.found}"]
                unmet.append(each)
        if unmet:
            first = unmet[0]
            raise Unmet(f"{subject}: {first.path} should be {first.expected}, and is {first.found}")

    def expect(self, subject: str, what: str, expected: Any, found: Any, *, met: bool) -> None:
        """A single expectation. Errors: `Unmet`."""
        self.compare(subject, [Compared(what, str(expected), str(found), met)])

    def instead(self, expected: str, found: str) -> NoReturn:
        """Something else came. Errors: `Unmet`, always."""
        self.lines += [f"- {expected}", f"+ {found}"]
        raise Unmet(f"{expected} was expected, and {found} came")

    def in_order(self, expected: Sequence[str], found: Sequence[str]) -> None:
        """`expected` is to stand in `found` in this order. Errors: `Unmet` with the difference of the two."""
        self.did("messages in order")
        if follows(expected, found):
            self.lines += [f"    {kind}" for kind in expected]
            return
        told = (line for line in difflib.ndiff(expected, found) if not line.startswith("?"))
        self.lines += [f"{line[0]}   {line[2:]}" for line in told]
        raise Unmet(f"the messages did not cross in the order {', '.join(expected)}")


def follows(expected: Sequence[str], found: Sequence[str]) -> bool:
    """Whether `expected` stands in `found` in this order, with others between or not."""
    rest = iter(found)
    return all(kind in rest for kind in expected)
