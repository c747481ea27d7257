"""The library covers every row of the catalogue."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from acs_sim.client import aliases
from acs_sim.scenarios.file.loading import load
from docs.generate.scenarios import LIBRARY, covered

pytestmark = pytest.mark.holds("fixtures/scenarios")

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "scenario-library.md"
ROWS = {"A": 13, "B": 4, "C": 14, "D": 21, "E": 10, "F": 12, "G": 11, "H": 17, "I": 6}
ALL_ROWS = [f"{letter}{number}" for letter, count in ROWS.items() for number in range(1, count + 1)]
NOT_HERE = {"A13", "H17", "I1", "I2"}
ROW = re.compile(r"[A-I]\d+")


@pytest.fixture(scope="module")
def plays():
    return load([LIBRARY])


def test_every_row_of_the_catalogue_has_a_scenario_or_a_reason():
    assert set(ALL_ROWS) - set(covered()) == NOT_HERE
    assert set(covered()) <= set(ALL_ROWS)


def test_the_document_says_why_a_row_is_not_played():
    excused = re.findall(r"^\| ([A-I0-9, ]+) \|", DOCUMENT.read_text().partition("## Not here")[2], re.MULTILINE)
    assert {row for line in excused for row in ROW.findall(line)} == NOT_HERE


def test_what_is_played_elsewhere_is_played_there():
    told = re.findall(r"`(tests/\S+\.py)` plays ([0-9.]+) and ([0-9.]+)", DOCUMENT.read_text())
    assert told
    for file, *amounts in told:
        text = (ROOT / file).read_text()
        assert [amount for amount in amounts if f'"{amount.replace(".", "")}"' not in text] == []


def test_what_tests_play_is_in_files_that_are_there():
    told = DOCUMENT.read_text().partition("## At the shops")[2]
    files = re.findall(r"`(tests/\S+\.py)`", told)
    assert len(files) >= 3
    assert [file for file in files if "def test_" not in (ROOT / file).read_text()] == []


def test_every_scenario_says_what_it_shows_and_none_is_there_twice(plays):
    names = defaultdict(set)
    for play in plays:
        names[play.scenario.name].add((play.file, play.place))
        assert len(play.scenario.about.split()) >= 8, play.name
    twice = {name for name, places in names.items() if len({file for file, _ in places}) < len(places)}
    assert twice == set()


def test_every_alias_of_a_pack_can_be_a_card_of_a_scenario(tmp_path):
    for pack, content in aliases.packs().items():
        names = [f"{pack}/{alias.name}" for alias in content.alias]
        assert len(names) == len(set(names))
        for alias in content.alias:
            version = alias.version or "2.2.0"
            file = tmp_path / "alias.yaml"
            step = "enrolment: {}" if version == "1.0.2" else "authenticate: {}"
            file.write_text(
                f"scenarios:\n  - name: one\n    about: It shows it.\n    version: {version}\n"
                f"    card: {{scenario: {pack}/{alias.name}}}\n    steps: [{step}]\n"
            )
            assert len(load([file])) == 1


def test_aliases_are_listed_with_the_cards_that_do_the_same():
    listed = {row["alias"]: row["pan"] for row in aliases.listed("cardinal", "mastercard")}
    assert listed["cardinal/2.1"] == "5200000000000007"
    assert listed["cardinal/1a"] is None
    assert (
        aliases.as_table(aliases.listed("outcome-codes")).splitlines()[1].startswith("outcome-codes/1234  40000000016")
    )
    assert {row["pan"] for row in aliases.listed("cardinal", "cb") if "/1." in row["alias"]} == {
        None,
        "4000002800000000",
    }
    with pytest.raises(ValueError, match="no pack 'cardinla'; there are adyen, braintree, cardinal"):
        aliases.listed("cardinla")
    with pytest.raises(ValueError, match="no scheme 'diners'"):
        aliases.listed("cardinal", "diners")
    with pytest.raises(aliases.NoSuchAlias, match=r"did you mean cardinal/2\.9"):
        aliases.find("cardinal/2,9")
