"""A run as annotations of a build: what failed beside the line of its scenario, and what the gateway did against the book by rule,
element and clause.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports.evidence import finding_words

LEVELS: Final = {"error": "error", "warning": "warning"}
"""Of a finding, and of an annotation."""


def github(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Workflow commands of GitHub Actions, a line each."""
    for outcome in outcomes:
        if not outcome.passed:
            yield _command("error", outcome, outcome.play.name, outcome.problem or "")
        for finding in outcome.findings or ():
            if finding["severity"] in LEVELS:
                yield _command(LEVELS[finding["severity"]], outcome, finding["rule"], _told(finding))


ANNOTATIONS: Final[Mapping[str, Callable[[Sequence[Outcome]], Iterator[str]]]] = {"github": github}


def _told(finding: Mapping[str, Any]) -> str:
    return "\n".join(filter(None, (finding_words(finding), finding["clause"], finding["remedy"])))


def _command(level: str, outcome: Outcome, title: str, text: str) -> str:
    place = outcome.place or outcome.play.place
    named = {"file": str(outcome.play.file), "line": str(place.line), "title": title}
    properties = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in named.items())
    return f"::{level} {properties}::{_escaped(text)}"


def _escaped(text: str, more: str = "") -> str:
    """As the runner reads it back (actions/toolkit, command.ts)."""
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
