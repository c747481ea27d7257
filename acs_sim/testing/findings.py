"""The verdict on a gateway as tests hold it: readable where an assertion fails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found in one transaction. `severity` is `error`, `warning`, `advice` or `good`; `evidence` as in the control
    API."""

    rule: str
    severity: str
    title: str
    clause: str
    remedy: str
    transaction_id: str
    evidence: tuple[Mapping[str, Any], ...]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Finding":
        names = ("rule", "severity", "title", "clause", "remedy", "transaction_id")
        return cls(**{name: document[name] for name in names}, evidence=tuple(document["evidence"]))

    def __str__(self) -> str:
        return "\n".join(
            [f"{self.severity}: {self.title} ({self.rule})", *map(_line, self.evidence), f"  {self.remedy}"]
        )


class Findings(tuple[Finding, ...]):
    """The worst first. Empty when there is nothing to say; what an assertion shows of it is what can be read."""

    __slots__ = ()

    @classmethod
    def read(cls, documents: Iterable[Mapping[str, Any]]) -> "Findings":
        return cls(Finding.read(document) for document in documents)

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules that found something."""
        return tuple(finding.rule for finding in self)

    @property
    def errors(self) -> "Findings":
        """Those that convict."""
        return Findings(finding for finding in self if finding.severity == "error")

    def acquit(self) -> None:
        """Errors: `AssertionError` that says what convicts. Warnings pass."""
        if self.errors:
            raise AssertionError(f"the gateway is convicted\n{self.errors!r}")

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or "no findings"


def _line(evidence: Mapping[str, Any]) -> str:
    parts = [f"  {evidence['message']} {evidence['number']}"]
    parts += [str(evidence["element"])] if evidence.get("element") else []
    parts += [str(evidence["found"])] if evidence.get("found") else []
    parts += [f"expected {evidence['expected']}"] if evidence.get("expected") else []
    return ", ".join(parts)
