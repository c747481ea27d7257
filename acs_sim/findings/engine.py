"""All rules over journal entries. A transaction is quiet when nothing is wrong with it: what is good is told to who asks for it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from typing import Any, Final, NamedTuple

from acs_sim.findings.case import Case
from acs_sim.findings.model import RANKS, Evidence, Finding, Rule, Severity, rules_in
from acs_sim.findings.rules import app, app_party, authentication, challenge, classic, exposure, preparation, results
from acs_sim.findings.rules.preparation import Party, Trace

Entries = Sequence[Mapping[str, Any]]


RULES: Final[tuple[Rule[Case], ...]] = rules_in(results, authentication, challenge, app, exposure, classic)
PARTY_RULES: Final[tuple[Rule[Party], ...]] = rules_in(preparation, app_party)
ALL_RULES: Final[tuple[Rule[Any], ...]] = tuple(
    sorted((*RULES, *PARTY_RULES), key=lambda rule: RANKS.index(rule.severity))
)
RULE_NAMES: Final = tuple(rule.name for rule in ALL_RULES)
PREPARATION: Final = "PRes"
"""A point whose faults belong to no transaction, and explain something in all of them."""
MOST_EVIDENCE: Final = 20
"""Of one rule in one transaction: more of the same convicts nobody twice."""


class Verdict(NamedTuple):
    """What one transaction says of the gateway: `findings` of every severity, the worst first."""

    findings: tuple[Finding, ...]
    trace: Trace


def verdict_on(entries: Entries) -> Verdict:
    """What the entries of one transaction say."""
    case = Case(entries)
    return Verdict(tuple(_found(case, Severity.GOOD)), Trace.of(case))


def of_transaction(entries: Entries, mildest: Severity = Severity.WARNING) -> list[Finding]:
    """What the entries of one transaction say of the gateway, the worst first; nothing that is milder than `mildest`."""
    return _found(Case(entries), mildest)


def _found(case: Case, mildest: Severity) -> list[Finding]:
    found = (
        Finding(rule, case.transaction_id, evidence)
        for rule in _asked(RULES, mildest)
        if not case.disturbed(*rule.suspended_by) and (evidence := tuple(islice(rule.look(case), MOST_EVIDENCE)))
    )
    return worst_first(found)


def of_all(verdicts: Iterable[Verdict], mildest: Severity = Severity.WARNING) -> list[Finding]:
    """The same over several transactions, oldest first, with the rules that hold between them."""
    known = list(verdicts)
    party = Party([each.trace for each in known])
    found = [each for verdict in known for each in verdict.findings if is_told(each.severity, mildest)]
    found = [each for each in found if not (party.disturbed and PREPARATION in each.rule.suspended_by)]
    for rule in _asked(PARTY_RULES, mildest):
        found += _by_transaction(rule, sorted(rule.look(party), key=lambda evidence: evidence.transaction_id))
    return worst_first(found)


def _asked(rules: Sequence[Rule[Any]], mildest: Severity) -> list[Rule[Any]]:
    return [rule for rule in rules if is_told(rule.severity, mildest)]


def is_told(severity: Severity, mildest: Severity) -> bool:
    """Whether it is no milder than what is asked for."""
    return RANKS.index(severity) <= RANKS.index(mildest)


def _by_transaction(rule: Rule[Any], evidence: Iterable[Evidence]) -> list[Finding]:
    grouped = groupby(evidence, key=lambda each: each.transaction_id)
    return [Finding(rule, transaction_id, tuple(islice(each, MOST_EVIDENCE))) for transaction_id, each in grouped]


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: RANKS.index(finding.severity))


def convicted(found: Iterable[Finding]) -> bool:
    """Whether the gateway is wrong: a warning convicts nobody."""
    return any(finding.severity is Severity.ERROR for finding in found)
