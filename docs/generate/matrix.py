"""docs/matrix.md: every rule that check, findings, faults and scenarios stand for, with its clause, its source and its tests.

A rule of the findings is held by the tests that name it, a table by those that are marked with its module: `@pytest.mark.holds`."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.invariants import INVARIANTS
from acs_sim.scenarios.file.loading import load
from threedsecure.cards import scenarios
from threedsecure.faults import KINDS, SENSIBLE
from threedsecure.v1.grammar import tables as classic
from threedsecure.v1.validation import rules as classic_rules
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.grammar.table import Row
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation import expectations, rules

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
LIBRARY: Final = ROOT / "fixtures" / "scenarios"
CHANNELS: Final = ("01", "02", "03")
CATEGORIES: Final = ("01", "02")
HEAD: Final = """# The clause matrix

What "passes here" covers: every rule that is judged, checked or played, by its clause, where it stands in the code, and the tests
that hold it. What is not in these tables is not judged. (Written by `make docs`.)

"""
_NAMED = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")
_MARKED = re.compile(r"mark\.holds\(([^)]*)\)")
_QUOTED = re.compile(r"\"([^\"]+)\"")
_CLAUSE = re.compile(r"Annex [AB], [\w ]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One rule. `source`: the module that has it."""

    name: str
    clause: str
    source: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        tests = "<br>".join(f"`{test}`" for test in self.tests) or "-"
        return f"| {self.name} | {self.clause} | `{self.source}` | {tests} |"


def page() -> str:
    """The whole page."""
    parts = [_section(title, lines) for title, lines in sections()]
    return HEAD + "\n".join([*parts, *_faults(), ""])


def sections() -> Iterator[tuple[str, list[Line]]]:
    """Every table that has clauses."""
    yield "What is judged of a gateway", judged()
    yield "What is checked of a message: its elements", [*_elements()]
    yield "What is checked between elements", [*_between()]
    yield "What is checked of 1.0.2", [*_classic()]
    yield "What schemes want beyond the specification", [*_wanted()]
    yield "What can go wrong on purpose", [*_kinds()]
    yield "What a card can be told to do", [*_cards()]
    yield "What is played", [*_library()]


def judged() -> list[Line]:
    """Findings and invariants, in the order of their tables."""
    named = {name: set(_NAMED.findall(text)) for name, text in _tests().items()}
    return [
        Line(
            f"[`{rule.name}`](findings.md#the-rules)",
            rule.clause,
            _source(inspect.getmodule(rule.look)),
            tuple(name for name, names in named.items() if rule.name in names),
        )
        for rule in (*ALL_RULES, *INVARIANTS)
    ]


def _elements() -> Iterator[Line]:
    for message, rows in MESSAGES.items():
        counts = ", ".join(f"{sum(_included(row, each) for row in rows)} of {each}" for each in SUPPORTED_VERSIONS)
        clause = f"EMV 3-D Secure, Annex A, table A.1; Annex B, {message}"
        yield _held(f"[{message}](elements/{message}.md): {counts}", clause, "threedsecure/v2/messages")


def _included(row: Row, version: str) -> bool:
    columns = ((channel, category) for channel in CHANNELS for category in CATEGORIES)
    return any(row.included(version, channel, category, None) for channel, category in columns)


def _between() -> Iterator[Line]:
    for rule in rules.RULES:
        where = f" ({', '.join(rule.messages) if len(rule.messages) < len(rules.ANY) else 'all messages'})"
        clauses = [each.strip() for each in _CLAUSE.findall(inspect.getsource(rule.find))]
        clause = "; ".join(dict.fromkeys(clauses)) or f"Annex A, {', '.join(rule.triggers)}"
        yield _held(rule.words + where, f"EMV 3-D Secure, {clause}", _source(rules))


def _classic() -> Iterator[Line]:
    for message, rows in classic.MESSAGES.items():
        yield _held(f"{message}: {len(rows)} elements", "3-D Secure 1.0.2, message formats", _source(classic))
    for row in classic_rules.PRESENCE:
        names = ", ".join((*row.needs, *row.bars))
        yield _held(f"{row.message}: {names} {row.words}", "3-D Secure 1.0.2, message formats", _source(classic_rules))


def _wanted() -> Iterator[Line]:
    for row in expectations.EXPECTATIONS:
        clause = row.source or "scheme programme guides"
        who = ", ".join(row.schemes) or "all schemes"
        since = f", from {row.since}" if row.since else ""
        name = f"{' or '.join(row.elements) or row.message}: {row.words} ({who}{since})"
        source = "threedsecure/v2/validation/dated.py" if row.since else _source(expectations)
        yield _held(name.replace("|", "/"), clause, source)


def _kinds() -> Iterator[Line]:
    for do, kind in KINDS.items():
        shows = " ".join(kind.mistake.split())
        yield _held(
            f"[`{do}`](faults.md#{do}), {len(kind.points)} hops", f"shows: {shows}", "threedsecure/faults/kinds"
        )


def _cards() -> Iterator[Line]:
    for scenario in scenarios.ALL_SCENARIOS.values():
        clause = "3-D Secure 1.0.2" if scenario.version == scenarios.V1_DIGIT else "EMV 3-D Secure"
        yield _held(f"`{scenario.name}`: {scenario.description}", clause, _source(scenarios))


def _library() -> Iterator[Line]:
    for file in sorted(LIBRARY.glob("*.yaml")):
        plays = load([file])
        versions = ", ".join(sorted({play.scenario.version for play in plays}))
        yield _held(f"{len(plays)} plays", versions, f"fixtures/scenarios/{file.name}", "fixtures/scenarios")


def _held(name: str, clause: str, source: str, mark: str = "") -> Line:
    return Line(name, clause, source, tuple(marked().get(mark or source, ())))


def _source(module: ModuleType | None) -> str:
    return "" if module is None else module.__name__.replace(".", "/") + ".py"


@cache
def _tests() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted(TESTS.rglob("*.py"))}


@cache
def marked() -> dict[str, list[str]]:
    """The test modules that hold a table, by what their markers name."""
    found: dict[str, list[str]] = {}
    for test, text in _tests().items():
        for name in dict.fromkeys(name for names in _MARKED.findall(text) for name in _QUOTED.findall(names)):
            found.setdefault(name, []).append(test)
    return found


def _section(title: str, lines: Sequence[Line]) -> str:
    return "\n".join(
        [f"## {title}", "", "| rule | clause | source | tests |", "|---|---|---|---|", *map(str, lines), ""]
    )


def _faults() -> Iterable[str]:
    yield "## Which scenarios make it go wrong"
    yield ""
    yield "| hop | faults | scenario files |"
    yield "|---|---|---|"
    files = {path: path.read_text("utf-8") for path in sorted(LIBRARY.glob("*.yaml"))}
    for at, kinds in SENSIBLE.items():
        using = [path.name for path, text in files.items() if f"at: {at}," in text]
        yield f"| {at} | {', '.join(kinds)} | {', '.join(f'`{name}`' for name in using) or '-'} |"
