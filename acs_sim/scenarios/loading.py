"""From files to what is played: variables put in, one play for each row of examples, everything wrong named by its place."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec

from acs_sim.scenarios.document import Document, FileError, Place, read
from acs_sim.scenarios.elements import faults
from acs_sim.scenarios.model import Scenario, Written

SUFFIXES: Final = (".yaml", ".yml")
MAX_PLAYS: Final = 10_000

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
_WRONG = re.compile(r"(.*?)(?: - at `(key in )?(\$.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_JARGON = re.compile(r"\b(?:object|array|str|int|bool|null)\b")
_PLAIN: Final = {
    "object": "names with values",
    "array": "a list",
    "str": "text",
    "int": "a number",
    "bool": "true or false",
    "null": "nothing",
}
_FIELDS: Final = sorted({name for part in Written.__subclasses__() for name in part.__struct_encode_fields__})


class _Head(Written, frozen=True, kw_only=True):
    """A file before its variables are put in."""

    about: str = ""
    tags: tuple[str, ...] = ()
    variables: dict[str, Any] = msgspec.field(default_factory=dict)
    scenarios: list[dict[str, Any]]


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
        return any(step.clock is not None for step in self.scenario.steps)


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
        raise FileError([_told(document, "$", error)]) from error
    plays: list[Play] = []
    wrong: list[str] = []
    for index, raw in enumerate(head.scenarios):
        for number, row in enumerate(_rows(raw, document, f"$.scenarios[{index}]", wrong)):
            _play(document, head, index, number, row, plays, wrong)
    if not head.scenarios:
        wrong.append(document.error("$.scenarios", "there is no scenario here"))
    if wrong:
        raise FileError(wrong)
    return plays


def _play(
    document: Document, head: _Head, index: int, number: int, row: dict[str, Any], plays: list[Play], wrong: list[str]
) -> None:
    raw, at = head.scenarios[index], f"$.scenarios[{index}]"
    own = raw.get("variables")
    variables = {**head.variables, **(own if isinstance(own, dict) else {}), **row}
    missing: list[str] = []
    tree = {
        name: part if name in {"examples", "variables"} else _filled(part, variables, f"{at}.{name}", document, missing)
        for name, part in raw.items()
    }
    wrong += missing
    if missing:
        return
    try:
        scenario = msgspec.convert(tree, Scenario, strict=False)
    except msgspec.ValidationError as error:
        wrong.append(_told(document, at, error))
        return
    wrong += [document.error(at + path, words) for path, words in faults(scenario)]
    places = tuple(document.places[f"{at}.steps[{step}]"] for step in range(len(scenario.steps)))
    tags = tuple(dict.fromkeys((*head.tags, *scenario.tags)))
    plays.append(Play(document.file, scenario, _title(row, number), tags, document.places[at], places))


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


def _filled(part: Any, variables: Mapping[str, Any], at: str, document: Document, wrong: list[str]) -> Any:
    """`part` with its variables put in; a text that is a variable alone becomes its value, whatever that is."""
    if isinstance(part, dict):
        return {
            str(_filled(key, variables, f"{at}.{key}", document, wrong)): _filled(
                value, variables, f"{at}.{key}", document, wrong
            )
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [_filled(value, variables, f"{at}[{index}]", document, wrong) for index, value in enumerate(part)]
    if not isinstance(part, str):
        return part
    names = [braced or plain for braced, plain in _VARIABLE.findall(part)]
    unknown = [name for name in names if name not in variables]
    if unknown:
        wrong.append(document.error(at, f"there is no variable ${unknown[0]}{_near(unknown[0], variables)}"))
        return part
    if names and _VARIABLE.fullmatch(part):
        return variables[names[0]]
    return _VARIABLE.sub(lambda found: str(variables[found[1] or found[2]]), part)


def _told(document: Document, at: str, error: msgspec.ValidationError) -> str:
    found = _WRONG.fullmatch(str(error))
    words, path = (found[1], at + (found[3] or "$")[1:]) if found else (str(error), at)
    unknown = _UNKNOWN.fullmatch(words)
    if unknown is None:
        return document.error(path, _plain(words))
    return document.error(f"{path}.{unknown[1]}", f"{unknown[1]!r} means nothing here{_near(unknown[1], _FIELDS)}")


def _plain(words: str) -> str:
    """The words of the reader of types, without its jargon."""
    words = words.replace("Object missing required field", "this is missing here:")
    words = _JARGON.sub(lambda found: _PLAIN.get(found[0], found[0]), words[:1].lower() + words[1:])
    return words.replace("`", "").replace(" | nothing", "")


def _near(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
