"""docs/matrix.md: every rule that is judged, with its clause, its source and its tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.invariants import INVARIANTS
from threedsecure.faults import SENSIBLE
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.grammar.table import Row
from threedsecure.v2.messages import MESSAGES

ROOT: Final = Path(__file__).parents[2]
TESTS: Final = ROOT / "tests"
LIBRARY: Final = ROOT / "fixtures" / "scenarios"
CHANNELS: Final = ("01", "02", "03")
CATEGORIES: Final = ("01", "02")
HEAD: Final = """# The clause matrix

What "passes here" covers: every rule that is judged, by its clause, where it stands in the code, and the tests
that hold it. What is not in these tables is not judged. (Written by `make docs`.)

"""
_NAMED = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Line:
    """One rule. `source`: the module that has it."""

    name: str
    clause: str
    source: str
    tests: tuple[str, ...]


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join([*_rules(), "", *_messages(), "", *_faults(), ""])


def judged() -> list[Line]:
    """Findings and invariants, in the order of their tables."""
    tests = {path: path.read_text("utf-8") for path in sorted(TESTS.rglob("*.py"))}
    named = {path: set(_NAMED.findall(text)) for path, text in tests.items()}
    return [
        Line(
            rule.name,
            rule.clause,
            rule.look.__module__.replace(".", "/") + ".py",
            tuple(str(path.relative_to(ROOT)) for path, names in named.items() if rule.name in names),
        )
        for rule in (*ALL_RULES, *INVARIANTS)
    ]


def _rules() -> Iterator[str]:
    yield "## What is judged of a gateway"
    yield ""
    yield "| rule | clause | source | tests |"
    yield "|---|---|---|---|"
    for line in judged():
        tests = "<br>".join(f"`{test}`" for test in line.tests) or "-"
        yield f"| [`{line.name}`](findings.md#the-rules) | {line.clause} | `{line.source}` | {tests} |"


def _messages() -> Iterator[str]:
    yield "## What is checked of a message"
    yield ""
    yield "Elements of each message by version ([reference](elements.md)); the tables are in `threedsecure/v2`."
    yield ""
    yield f"| message | {' | '.join(SUPPORTED_VERSIONS)} |"
    yield "|---|" + "---|" * len(SUPPORTED_VERSIONS)
    for message, rows in MESSAGES.items():
        counts = (sum(1 for row in rows if _included(row, version)) for version in SUPPORTED_VERSIONS)
        yield f"| [{message}](elements/{message}.md) | {' | '.join(str(count) for count in counts)} |"


def _included(row: Row, version: str) -> bool:
    columns = ((channel, category) for channel in CHANNELS for category in CATEGORIES)
    return any(row.included(version, channel, category, None) for channel, category in columns)


def _faults() -> Iterator[str]:
    yield "## What can go wrong, and which scenarios make it"
    yield ""
    yield "| hop | faults | scenario files |"
    yield "|---|---|---|"
    files = {path: path.read_text("utf-8") for path in sorted(LIBRARY.glob("*.yaml"))}
    for at, kinds in SENSIBLE.items():
        using = [path.name for path, text in files.items() if f"at: {at}," in text]
        yield f"| {at} | {', '.join(kinds)} | {', '.join(f'`{name}`' for name in using) or '-'} |"
