"""The tables of docs/findings.md, written from the rules."""

from collections.abc import Iterator

from acs_sim.findings.engine import ALL_RULES, PARTY_RULES
from acs_sim.findings.invariants import INVARIANTS
from acs_sim.findings.model import Severity


def tables() -> str:
    """All rules as Markdown: those that find something wrong, those that find something good, and what each goes by."""
    return "\n".join([*_wrong(), "", *_good(), "", *_judged(), "", *_always()])


def _wrong() -> Iterator[str]:
    yield "| rule | severity | finds | clause | what integrators get wrong | what to do instead |"
    yield "|---|---|---|---|---|---|"
    for rule in ALL_RULES:
        if rule.severity is not Severity.GOOD:
            name = f"`{rule.name}`{' *' if rule in PARTY_RULES else ''}"
            yield f"| {name} | {rule.severity} | {rule.title} | {rule.clause} | {rule.mistake} | {rule.remedy} |"


def _judged() -> Iterator[str]:
    yield "What each of them goes by, and which faults explain it, so that nothing is said:"
    yield ""
    yield "| rule | convicts | acquits | suspended by a fault at |"
    yield "|---|---|---|---|"
    for rule in ALL_RULES:
        if rule.severity is not Severity.GOOD:
            yield f"| `{rule.name}` | {rule.convicts} | {rule.acquits or '-'} | {', '.join(rule.suspended_by) or '-'} |"


def _always() -> Iterator[str]:
    yield "What holds of every gateway, judged by a `verdict` step and by [`acs-sim explore`](explore.md), suspended by no fault:"
    yield ""
    yield "| rule | finds | clause | convicts | acquits |"
    yield "|---|---|---|---|---|"
    for rule in INVARIANTS:
        yield f"| `{rule.name}` | {rule.title} | {rule.clause} | {rule.convicts} | {rule.acquits or '-'} |"


def _good() -> Iterator[str]:
    yield "| rule | finds | clause |"
    yield "|---|---|---|"
    for rule in ALL_RULES:
        if rule.severity is Severity.GOOD:
            yield f"| `{rule.name}` | {rule.title} | {rule.clause} |"
