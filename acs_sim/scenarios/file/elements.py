"""Names and values of elements, held against the tables of the specifications before anything is played."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Final

from acs_sim.scenarios.file.matching import ABSENT, MATCHERS, PRESENT, expression, is_matcher, literals
from acs_sim.scenarios.file.model import (
    CATEGORIES,
    CHANNELS,
    CLASSIC,
    SIGNATURES,
    V1_KINDS,
    Authenticate,
    Elements,
    Scenario,
)
from threedsecure.paths import element_name
from threedsecure.v1.grammar.tables import MESSAGES as V1_MESSAGES
from threedsecure.v1.grammar.tables import Element
from threedsecure.v2.elements import format_of
from threedsecure.v2.grammar.context import Leg
from threedsecure.v2.grammar.formats import accepted, compile_format
from threedsecure.v2.grammar.table import Row
from threedsecure.v2.messages import MESSAGES

_FREE_FORM: Final = "messageExtension.data."
_CLASSIC_HEAD: Final = ("messageType", "messageId")

Fault = tuple[str, str]
"""A path inside the scenario, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where the messages of a scenario stand in the tables. `bent`: something goes wrong on purpose, so that messages may hold
    what they cannot hold."""

    version: str
    channel: str
    category: str
    bent: bool = False

    @classmethod
    def of(cls, scenario: Scenario) -> "Column":
        bent = bool(scenario.faults) or any(step.fault is not None for step in scenario.steps)
        bent = bent or any("fault" in rule.then for rule in scenario.rules)
        return cls(scenario.version, CHANNELS[scenario.channel], CATEGORIES[scenario.category], bent)

    def with_changes(self, wish: Authenticate) -> "Column":
        """The column of one AReq that differs from the others of its scenario."""
        return replace(
            self,
            version=wish.version or self.version,
            channel=CHANNELS[wish.channel] if wish.channel else self.channel,
            category=CATEGORIES[wish.category] if wish.category else self.category,
        )

    def included(self, row: Row, leg: Leg | None) -> str:
        return row.included(self.version, self.channel, self.category, leg)

    def __str__(self) -> str:
        channel = next(name for name, code in CHANNELS.items() if code == self.channel)
        category = next(name for name, code in CATEGORIES.items() if code == self.category)
        return f"a {channel} {category} of version {self.version}"


def names(message: str, elements: Elements, at: str, column: Column, leg: Leg | None = None) -> Iterator[Fault]:
    """Elements that the message cannot have."""
    if message in V1_KINDS:
        yield from _classic_names(message, elements, at)
        return
    rows = {row.name: row for row in MESSAGES[message]}
    for path in elements:
        name = element_name(path)
        if name.startswith(_FREE_FORM):
            continue
        if name not in rows:
            yield f"{at}.{path}", f"{message} has no element {path!r}{nearest(name, rows)}"
        elif not column.included(rows[name], leg):
            yield f"{at}.{path}", f"{message} has no {path} in {column}"


def expected(message: str, elements: Elements, at: str, column: Column, leg: Leg | None = None) -> Iterator[Fault]:
    """Elements that the message cannot have, and values that they cannot have."""
    wrong = list(names(message, elements, at, column, leg))
    yield from wrong
    misnamed = {path for path, _ in wrong}
    for path, wanted in elements.items():
        if f"{at}.{path}" not in misnamed:
            yield from _readable(wanted, f"{at}.{path}")
            yield from _possible(message, path, wanted, f"{at}.{path}", column, leg)


def nearest(name: str, known: Any) -> str:
    """A suggestion, where one is near."""
    all_known = list(known)
    last = name.rpartition(".")[2].lower()
    near = [one for one in all_known if one.rpartition(".")[2].lower() == last] or get_close_matches(
        name, all_known, n=1
    )
    return f"; did you mean {near[0]}?" if near else ""


def _readable(wanted: Any, at: str) -> Iterator[Fault]:
    """What is wanted can be meant."""
    if isinstance(wanted, list):
        for each in wanted:
            yield from _readable(each, at)
    elif isinstance(wanted, dict) and not is_matcher(wanted) and any(name in MATCHERS for name in wanted):
        odd = next(name for name in wanted if name not in MATCHERS)
        yield at, f"there is no comparison {odd!r}; there are {', '.join(MATCHERS)}"
    elif (pattern := expression(wanted)) is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            yield at, f"/{pattern}/ is no regular expression: {error}"
    elif (
        isinstance(wanted, str) and wanted.startswith("<") and wanted.endswith(">") and wanted not in (ABSENT, PRESENT)
    ):
        yield at, f"{wanted} means nothing; there are {PRESENT} and {ABSENT}"


def _possible(message: str, path: str, wanted: Any, at: str, column: Column, leg: Leg | None) -> Iterator[Fault]:
    name = element_name(path)
    if message in V1_KINDS:
        yield from () if column.bent else _classic_values(message, name, wanted, at)
        return
    row = next((row for row in MESSAGES[message] if row.name == name), None)
    if row is None or column.bent:
        return
    everywhere = leg is not None or not row.legs
    if wanted == ABSENT and "." not in name and everywhere and column.included(row, leg) == "R":
        yield at, f"{path} can never be absent: every {message} has it"
    if isinstance(wanted, dict) and not _holds_elements(message, name):
        if any(word in MATCHERS for word in wanted):
            return
        yield at, f"{path} holds no elements, and {', '.join(wanted)} is no comparison; there are {', '.join(MATCHERS)}"
        return
    form = format_of(message, name, column.version)
    test = compile_format(form)
    for value in literals(wanted):
        if _plain(value) and not (accepted(test, value) or accepted(test, [value])):
            yield at, f"{path} can never be {value!r}: {form.allowed}"


def _holds_elements(message: str, name: str) -> bool:
    """Whether an element is an object with elements of its own, or one that the tables do not look into."""
    inside = any(row.name.startswith(f"{name}.") for row in MESSAGES[message])
    return inside or name == _FREE_FORM.rstrip(".")


def _plain(value: Any) -> bool:
    return not (isinstance(value, str) and value.startswith("<") and value.endswith(">"))


# --- 3-D Secure 1.0.2 ---


def _classic_elements(message: str) -> dict[str, Element]:
    return dict(_within("", V1_MESSAGES[message]))


def _within(parent: str, elements: tuple[Element, ...]) -> Iterator[tuple[str, Element]]:
    for element in elements:
        if CLASSIC in element.versions:
            yield parent + element.name, element
            yield from _within(f"{parent}{element.name}.", element.children)


def _classic_names(message: str, elements: Elements, at: str) -> Iterator[Fault]:
    known = _classic_elements(message)
    for path in elements:
        name = element_name(path)
        if name not in known and name not in _CLASSIC_HEAD and not (message == "PARes" and name == "signature"):
            yield f"{at}.{path}", f"{message} has no element {path!r}{nearest(name, known)}"


def _classic_values(message: str, name: str, wanted: Any, at: str) -> Iterator[Fault]:
    if name == "signature" and message == "PARes":
        if wanted not in SIGNATURES:
            yield at, f"a signature is {' or '.join(SIGNATURES)}"
        return
    element = _classic_elements(message).get(name)
    if element is None or isinstance(element.content, tuple):
        return
    if wanted == ABSENT and element.required and "." not in name:
        yield at, f"{name} can never be absent: every {message} has it"
    for value in literals(wanted):
        if _plain(value) and isinstance(value, str) and not element.content.accepts(value):
            yield at, f"{name} can never be {value!r}: {element.content.allowed}"
