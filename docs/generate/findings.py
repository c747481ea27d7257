"""The tables of docs/findings.md, written from the rules."""

from collections.abc import Iterator

from acs_sim.findings.engine import ALL_RULES, PARTY_RULES
from acs_sim.findings.model import Severity


def tables() -> str:
    """All rules as Markdown: those that find something wrong, then those that find something good."""
    return "\n".join([*_wrong(), "", *_good()])


def _wrong() -> Iterator[str]:
    yield "| rule | severity | finds | clause | what integrators get wrong | what to do instead |"
    yield "|---|---|---|---|---|---|"
    for rule in ALL_RULES:
        if rule.severity is not Severity.GOOD:
            name = f"`{rule.name}`{' *' if rule in PARTY_RULES else ''}"
            yield f"| {name} | {rule.severity} | {rule.title} | {rule.clause} | {rule.mistake} | {rule.remedy} |"


def _good() -> Iterator[str]:
    yield "| rule | finds | clause |"
    yield "|---|---|---|"
    for rule in ALL_RULES:
        if rule.severity is Severity.GOOD:
            yield f"| `{rule.name}` | {rule.title} | {rule.clause} |"
