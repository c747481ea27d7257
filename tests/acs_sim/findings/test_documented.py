"""docs/findings.md says what the rules say, and its calls and its test are so."""

import re

from acs_sim.desk.operations import OPERATIONS
from acs_sim.findings.engine import ALL_RULES
from docs.generate import ROOT

TEXT = (ROOT / "docs" / "findings.md").read_text("utf-8")


def test_the_calls_are_calls_of_the_api():
    shown = {
        path.replace("/ID", "/{id}").replace("/RULE", "/{rule}")
        for path in re.findall(r"localhost:8000(/[^\s'?]*)", TEXT)
    }
    assert shown <= {operation.path for operation in OPERATIONS}
    assert len(shown) == 5


def test_rules_that_the_text_names_exist():
    named = set(re.findall(r"`((?:result|preq)-[\w-]+)`", TEXT.partition("## The rules")[0]))
    assert named <= {rule.name for rule in ALL_RULES} | {"results-contradicting", "results-never"}
