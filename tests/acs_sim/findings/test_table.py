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


def test_every_rule_that_is_judged_has_a_test():
    assert [line.name for line in matrix.judged() if not line.tests] == []
