"""From files to what is played: variables put in, one play for each row of examples, everything wrong named by its place."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from acs_sim.scenarios.file.checking import faults
from acs_sim.scenarios.file.document import Document, FileError, Place, read
from acs_sim.scenarios.file.filling import filled, near
from acs_sim.scenarios.file.including import Shared, expanded, shared
from acs_sim.scenarios.file.including import Written as Step
from acs_sim.scenarios.file.model import Scenario, Written
from acs_sim.scenarios.file.words import plain
from threedsecure.faults.documents import OF_NO_PAYMENT

SUFFIXES: Final = (".yaml", ".yml")
MAX_PLAYS: Final = 10_000

_IN_A_STEP = re.compile(r"\$\.steps\[(\d+)\](.*)", re.DOTALL)
_IN_A_RULE = re.compile(r"\$\.rules\[(\d+)\](.*)", re.DOTALL)
_WRONG = re.compile(r"(.*?)(?: - at `(key in )?(\$.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_FIELDS: Final = sorted({name for part in Written.__subclasses__() for name in part.__struct_encode_fields__})


class _Head(Written, frozen=True, kw_only=True):
    """A file before its variables are put in."""

    about: str = ""
    include: list[str] = msgspec.field(default_factory=list)
    tags: tuple[str, ...] = ()
    variables: dict[str, Any] = msgspec.field(default_factory=dict)
    rules: list[dict[str, Any]] = msgspec.field(default_factory=list)
    steps: dict[str, list[Any]] = msgspec.field(default_factory=dict)
    scenarios: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Play:
    """One payment to be played. `places`: where each step is written."""

    file: Path
    scenario: Scenario
    row: str
    tags: tuple[str, ...]
    place: Place
    places: tuple[Place, ...]

    @property
    def name(self) -> str:
        return f"{self.scenario.name} [{self.row}]" if self.row else self.scenario.name

    @property
    def moves_clock(self) -> bool:
        return any(step.clock is not None or step.verdict is not None for step in self.scenario.steps)

    @property
    def restarts(self) -> bool:
        """Whether a party stops and starts again, which only a simulator of the run's own can have done to it."""
        return any(step.restart is not None for step in self.scenario.steps)

    @property
    def buys(self) -> bool:
        """Whether the reference gateway takes part."""
        return any(
            (step.authenticate is not None and step.authenticate.through is not None)
            or (step.operation is not None and step.operation.to == "3ds-server")
            for step in self.scenario.steps
        )

    @property
    def alone(self) -> bool:
        """Whether it changes what other plays would see, so that none is played beside it."""
        armed = [*self.scenario.faults, *(step.fault for step in self.scenario.steps if step.fault is not None)]
        ranges = any(fault.at in OF_NO_PAYMENT for fault in armed)
        ranges = ranges or any(step.edit_ranges is not None for step in self.scenario.steps)
        return self.moves_clock or self.restarts or ranges


def load(paths: Sequence[Path]) -> list[Play]:
    """All plays of the files and of the files in folders, in the order of their names. Errors: `FileError` with all that is
    wrong."""
    plays: list[Play] = []
    wrong: list[str] = []
    for file in _files(paths, wrong):
        try:
            plays += _plays(read(file))
        except FileError as error:
            wrong += error.lines
    if len(plays) > MAX_PLAYS:
        wrong.append(f"{len(plays)} scenarios are too many for one run: {MAX_PLAYS} at most")
    if wrong:
        raise FileError(list(dict.fromkeys(wrong)))
    return plays


def _files(paths: Sequence[Path], wrong: list[str]) -> Iterator[Path]:
    for path in paths:
        found = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES) if path.is_dir() else [path]
        if not found:
            wrong.append(f"{path}: holds no scenario file (*.yaml)")
        yield from found


def _plays(document: Document) -> list[Play]:
    try:
        head = msgspec.convert(document.tree, _Head, strict=False)
    except msgspec.ValidationError as error:
        raise FileError([_told(document.error, "$", error)]) from error
    known = shared(document)
    plays: list[Play] = []
    wrong: list[str] = []
    for index, raw in enumerate(head.scenarios or ()):
        for number, row in enumerate(_rows(raw, document, f"$.scenarios[{index}]", wrong)):
            _Reading(document, head, known, index, raw).play(row, _title(row, number), plays, wrong)
    if not head.scenarios and (head.scenarios is not None or not (head.steps or head.variables)):
        wrong.append(document.error("$.scenarios", "there is no scenario here"))
    if wrong:
        raise FileError(wrong)
    return plays


class _Reading:
    """One scenario of a file, from what is written to what is played."""

    def __init__(self, document: Document, head: _Head, known: Shared, index: int, raw: dict[str, Any]) -> None:
        self._document = document
        self._head = head
        self._known = known
        self._raw = raw
        self._at = f"$.scenarios[{index}]"
        self._steps: list[Step] = []

    def play(self, row: dict[str, Any], title: str, plays: list[Play], wrong: list[str]) -> None:
        own = self._raw.get("variables")
        variables = {**self._known.variables, **(own if isinstance(own, dict) else {}), **row}
        found: list[str] = []
        tree = self._filled(variables, found)
        wrong += found
        if found:
            return
        try:
            scenario = msgspec.convert(tree, Scenario, strict=False)
        except msgspec.ValidationError as error:
            wrong.append(_told(self._error, "$", error))
            return
        wrong += [self._error(f"${path}", words) for path, words in faults(scenario)]
        places = tuple(step.document.places[step.path] for step in self._steps)
        tags = tuple(dict.fromkeys((*self._head.tags, *scenario.tags)))
        plays.append(Play(self._document.file, scenario, title, tags, self._document.places[self._at], places))

    def _filled(self, variables: Mapping[str, Any], wrong: list[str]) -> dict[str, Any]:
        """The scenario with its variables put in, and with the steps that it uses by name."""
        self._steps = expanded(self._document, f"{self._at}.steps", self._raw.get("steps"), self._known, wrong)
        tree: dict[str, Any] = {}
        for name, part in self._raw.items():
            if name in {"examples", "variables"}:
                tree[name] = part
            elif name == "steps" and isinstance(part, list):
                tree[name] = [filled(s.raw, variables, s.path, s.document, wrong) for s in self._steps]
            else:
                tree[name] = filled(part, variables, f"{self._at}.{name}", self._document, wrong)
        if self._head.rules:
            common = filled(self._head.rules, variables, "$.rules", self._document, wrong)
            tree["rules"] = [*tree.get("rules", []), *common]
        return tree

    def _error(self, path: str, words: str) -> str:
        """The line for a path of the scenario, wherever that part of it is written."""
        found = _IN_A_STEP.fullmatch(path)
        if found is not None and int(found[1]) < len(self._steps):
            return self._steps[int(found[1])].error(found[2], words)
        found = _IN_A_RULE.fullmatch(path)
        own = len(self._raw.get("rules") or ())
        if found is not None and int(found[1]) >= own:
            return self._document.error(f"$.rules[{int(found[1]) - own}]{found[2]}", words)
        return self._document.error(self._at + path.removeprefix("$"), words)


def _rows(raw: Mapping[str, Any], document: Document, at: str, wrong: list[str]) -> list[dict[str, Any]]:
    rows = raw.get("examples")
    if not isinstance(rows, list) or not rows:
        return [{}]
    tables: list[dict[str, Any]] = [row for row in rows if isinstance(row, dict)]
    for number, row in enumerate(tables):
        if set(row) != set(tables[0]):
            odd = ", ".join(sorted(set(row) ^ set(tables[0])))
            wrong.append(document.error(f"{at}.examples[{number}]", f"every row has the same columns; odd here: {odd}"))
    return tables or [{}]


def _title(row: Mapping[str, Any], number: int) -> str:
    """The name of a row: its column `name`, or all of its columns."""
    if not row:
        return ""
    return str(row["name"]) if "name" in row else ", ".join(str(value) for value in row.values()) or str(number + 1)


def _told(error_at: Callable[[str, str], str], at: str, error: msgspec.ValidationError) -> str:
    found = _WRONG.fullmatch(str(error))
    words, path = (found[1], at + (found[3] or "$")[1:]) if found else (str(error), at)
    unknown = _UNKNOWN.fullmatch(words)
    if unknown is None:
        return error_at(path, plain(words))
    return error_at(f"{path}.{unknown[1]}", f"{unknown[1]!r} means nothing here{near(unknown[1], _FIELDS)}")
