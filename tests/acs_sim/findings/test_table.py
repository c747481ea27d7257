"""The rows of the table: every finding says what it goes by, stands in the documents, and has a gateway or a test that earns it."""

import pytest

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.invariants import INVARIANTS
from acs_sim.findings.model import Severity
from docs.generate import matrix
from tests.support.standard_gateway.mistakes import MISTAKES
from threedsecure.faults import POINTS

JUDGING = [rule for rule in (*ALL_RULES, *INVARIANTS) if rule.severity is not Severity.GOOD]


@pytest.mark.parametrize("rule", JUDGING, ids=lambda rule: rule.name)
def test_a_rule_says_what_convicts_and_which_faults_suspend_it(rule):
    assert rule.convicts
    assert rule.clause
    assert rule.mistake
    assert rule.remedy
    assert set(rule.suspended_by) <= POINTS.keys()


def test_every_invariant_has_a_gateway_that_breaks_it():
    earned = {rule for mistake in MISTAKES.values() for rule in mistake.rules}
    assert {rule.name for rule in INVARIANTS} <= earned


def test_no_rule_of_the_matrix_is_without_a_test():
    tables = [(title, line) for title, lines in matrix.sections() for line in lines]
    assert len(tables) > 230
    assert [(title, line.name) for title, line in tables if not line.tests or not line.clause] == []
    assert {line.source for _, line in tables} <= {str(path.relative_to(matrix.ROOT)) for path in _sources()}


def test_every_marker_names_a_table_of_the_matrix():
    held = {line.source for _, lines in matrix.sections() for line in lines}
    assert {name for name in matrix.marked() if not any(source.startswith(name) for source in held)} == set()


def _sources():
    for folder in ("threedsecure", "acs_sim/findings", "fixtures/scenarios"):
        yield from (matrix.ROOT / folder).rglob("*")
