"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, Final, Generic, TypeVar

LONGEST_SHOWN: Final = 200


class Severity(StrEnum):
    """`error`: the gateway is wrong; `warning`: it works, and will cost somebody something; `advice`: a rule with a date wants
    more; `good`: as it should be."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"
    GOOD = "good"


RANKS: Final = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A message and what is in it. `number` is its place among the messages of its transaction, from 1."""

    transaction_id: str
    number: int
    message: str
    at: str
    element: str | None = None
    found: str | None = None
    expected: str | None = None

    def document(self) -> dict[str, Any]:
        """As JSON, without what is not known."""
        named = {"element": self.element, "found": self.found, "expected": self.expected}
        known = {name: value for name, value in named.items() if value is not None}
        return {"message": self.message, "at": self.at, "number": self.number, **known}


Looked = TypeVar("Looked")


@dataclass(frozen=True, slots=True)
class Rule(Generic[Looked]):
    """`look` yields the evidence, and nothing where the gateway did as it should. `mistake`: what integrators get wrong;
    `remedy`: what to do instead. `clause`: where the specification says so. `convicts`: what the evidence is; `acquits`: what looks
    like it and is not; `suspended_by`: a fault at one of these points explains it, so that nothing is said."""

    name: str
    severity: Severity
    title: str
    clause: str
    mistake: str
    remedy: str
    convicts: str
    acquits: str
    suspended_by: tuple[str, ...]
    look: Callable[[Looked], Iterator[Evidence]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found in one transaction."""

    rule: Rule[Any]
    transaction_id: str
    evidence: tuple[Evidence, ...]

    @property
    def severity(self) -> Severity:
        return self.rule.severity

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "rule": self.rule.name,
            "severity": self.severity.value,
            "title": self.rule.title,
            "clause": self.rule.clause,
            "remedy": self.rule.remedy,
            "transaction_id": self.transaction_id,
            "evidence": [each.document() for each in self.evidence],
        }


def rule(
    name: str,
    severity: Severity,
    title: str,
    *,
    clause: str,
    mistake: str = "",
    remedy: str = "",
    convicts: str = "",
    acquits: str = "",
    suspended_by: tuple[str, ...] = (),
) -> Callable[[Callable[[Looked], Iterator[Evidence]]], Rule[Looked]]:
    """Make a generator of evidence a rule."""
    return lambda look: Rule(name, severity, title, clause, mistake, remedy, convicts, acquits, suspended_by, look)


def rules_in(*modules: ModuleType) -> tuple[Rule[Any], ...]:
    """Every rule that stands in these modules, in their order."""
    return tuple(each for module in modules for each in vars(module).values() if isinstance(each, Rule))


def shown(value: object) -> str | None:
    """A value as evidence shows it."""
    return None if value is None else str(value)[:LONGEST_SHOWN]
