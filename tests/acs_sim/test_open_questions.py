"""docs/open-questions.md: every setting that it names is one, with a test of its effect."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from acs.settings import AcsSettings, Timers
from acs_sim.gateway.settings import GatewaySettings, Waits
from acs_sim.settings.settings import FIELDS
from directory_server.settings import DirectoryServerSettings

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| (.+\?) \| (.+) \| (.+) \| (.+) \| (.+) \|$", (ROOT / "docs" / "open-questions.md").read_text("utf-8"), re.M
)
KNOWN = {
    "ACS": {each.name for each in fields(AcsSettings)} | {f"timers.{each.name}" for each in fields(Timers)},
    "gateway": {each.name for each in fields(GatewaySettings)} | {f"waits.{each.name}" for each in fields(Waits)},
    "directory server": {each.name for each in fields(DirectoryServerSettings)} | {f"--{name}" for name in FIELDS},
}


@pytest.mark.parametrize(("question", "answer", "settings", "owners", "tests"), ROWS)
def test_a_setting_that_is_named_is_one_and_a_test_shows_what_it_changes(question, answer, settings, owners, tests):
    there = set().union(*(KNOWN.get(owner, set()) for owner in owners.split(", ")))
    assert {*re.findall(r"`([^`]+)`", settings)} <= there
    assert (answer, len(question) > 20) != ("-", True)
    for file, _, name in (named.partition("::") for named in re.findall(r"`([^`]+)`", tests)):
        assert (f"def {name}(" if name else "scenarios:") in (ROOT / file).read_text("utf-8")


def test_there_are_questions():
    assert len(ROWS) == 18
