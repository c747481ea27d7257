"""Whoever follows the recipes of CONTRIBUTING.md needs nothing else: in a copy of the checkout each invented row is written as the
page says, and is seen in the check, on the wire, at the desk and in the documents."""

import json
import re
import shutil
import subprocess
import sys
import urllib.request

import pytest

from tests.support.forked import ROOT
from tests.support.patience import PATIENCE_SECONDS
from tests.support.process import simulator
from tests.support.third_party import ThreeDSServer, get_json, post_json

pytestmark = pytest.mark.slow

RECIPE = re.compile(r"^`([\w./-]+)`(?:, in `(\w+)`)?:\n\n```\w+\n(.*?)```$", re.MULTILINE | re.DOTALL)
NOT_OURS = ("data", "dist")
"""What a checkout has beside its files, and beside what begins with a dot."""
OWN_TESTS = (
    "tests/threedsecure/v2/test_table_against_specification.py",
    "tests/threedsecure/v2/test_golden_messages.py::test_every_element_of_every_message_stands_in_a_golden_message",
    "tests/threedsecure/v2/test_expectations.py",
    "tests/acs_sim/test_every_scenario.py::test_the_table_knows_every_scenario_and_the_promised_ones_exist",
    "tests/acs_sim/scenarios/test_fault_coverage.py",
    "tests/acs_sim/findings/test_rules.py::test_a_merchants_name_in_capitals_is_found",
)
TOLD = {"loyaltyTier": "01", "merchantName": "LIBRAIRIE 0042"}


def recipes():
    """File, table (or "") and what is written there, of every row that the page shows."""
    return RECIPE.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8"))


def follow(checkout, file, table, row):
    """Write `row` into its table or message, as its first; else at the end of the file."""
    path = checkout / file
    text = path.read_text("utf-8")
    if file.endswith(".json"):
        path.write_text(text.replace("{\n", "{\n" + row, 1), "utf-8")
        return
    if not table:
        path.write_text(
            text + ("\n\n" if file.endswith(".py") else "\n" if file.endswith(".yaml") else "") + row, "utf-8"
        )
        return
    opening = re.search(rf"^{table}\b.*[(\[{{]\n", text, re.MULTILINE)
    assert opening is not None, (file, table)
    path.write_text(text[: opening.end()] + row + text[opening.end() :], "utf-8")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy in which every recipe has been followed."""
    copy = tmp_path_factory.mktemp("checkout")
    for entry in ROOT.iterdir():
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in NOT_OURS:
            shutil.copytree(entry, copy / entry.name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        elif entry.is_file():
            shutil.copy(entry, copy / entry.name)
    for recipe in recipes():
        follow(copy, *recipe)
    return copy


def ran(checkout, *arguments, code=0):
    """What a module says, run in the copy."""
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def running(checkout):
    with simulator("--fresh", "--seed", "1", checkout=checkout) as started:
        yield started


@pytest.fixture(scope="module")
def authenticated(running):
    """A payment with all that was invented: the AReq, and the answer that the gateway got."""
    fault = {"at": "ARes", "do": "capitals", "element": "acsTransID"}
    assert post_json(f"{running.desk}/api/faults", fault)["do"] == "capitals"
    card = post_json(f"{running.desk}/api/cards", {"scheme": "visa", "scenario": "no-record"})
    server = ThreeDSServer()
    try:
        areq = server.areq(card["pan"], "2.3.1", **TOLD)
        return areq, post_json(f"{running.directory_server}/visa/3ds2", areq)
    finally:
        server.close()


def page(address):
    with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:
        return answer.read().decode()


def test_there_is_a_recipe_for_each_kind_of_row():
    assert len({file for file, _table, _row in recipes()}) == len(recipes()) == 11


def test_each_row_is_told_in_the_documents(checkout):
    ran(checkout, "docs.generate")
    told = {path: (checkout / path).read_text("utf-8") for path in ("README.md", *map("docs/{}.md".format, PAGES))}
    assert "`loyaltyTier` |  |  | O BRW | 01 none, 02 gold |" in told["docs/elements/AReq.md"]
    assert "| `deviceId` | visa | browser | absent: Visa looks for it | yes |" in told["docs/elements.md"]
    assert "| `no-record` | the issuer has no record of the card (ARes N, reason 08) |" in told["README.md"]
    assert "### `capitals`\n\n*Wrong*: identifiers compared letter by letter" in told["docs/faults.md"]
    assert "| `merchant-name-in-capitals` | warning |" in told["docs/findings.md"]
    assert '"capitals"' in (checkout / "docs" / "scenario-file.schema.json").read_text("utf-8")


PAGES = ("elements/AReq", "elements", "faults", "findings")


def test_the_one_test_of_each_recipe_passes(checkout):
    said = ran(checkout, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *OWN_TESTS)
    assert "passed" in said


def test_the_element_and_what_a_scheme_expects_are_seen_in_the_check(checkout, tmp_path, authenticated):
    areq, _answer = authenticated
    file = tmp_path / "areq.json"
    file.write_text(json.dumps(areq | {"loyaltyTier": "03"}))
    document = json.loads(ran(checkout, "acs_sim", "check", "--json", str(file), code=1))[0]
    assert [each["element"] for each in document["errors"]] == ["loyaltyTier"]
    assert {"element": "deviceId", "words": "absent: Visa looks for it"} in document["advice"]


def test_the_scenario_is_among_the_cards(checkout, running):
    assert "no-record" in {each["name"] for each in get_json(f"{running.desk}/api/scenarios")["scenarios"]}
    assert {each["scenario"] for each in get_json(f"{running.desk}/api/cards?scenario=no-record")["cards"]} == {
        "no-record"
    }


def test_all_of_it_is_seen_on_the_wire(running, authenticated):
    areq, ares = authenticated
    assert (ares["transStatus"], ares["transStatusReason"]) == ("N", "08")
    assert ares["acsTransID"] == ares["acsTransID"].upper()
    address = f"{running.desk}/api/transactions/{areq['threeDSServerTransID']}/messages"
    messages = get_json(address)["messages"]
    forwarded = [each["message"] for each in messages if (each["kind"], each["to"]) == ("AReq", "ACS")]
    assert [each["loyaltyTier"] for each in forwarded] == ["01"]
    assert [each["message"]["do"] for each in messages if each["kind"] == "fault"] == ["capitals"]


def test_all_of_it_is_seen_at_the_desk(running, authenticated):
    found = page(f"{running.desk}/transactions/{authenticated[0]['threeDSServerTransID']}")
    assert "The merchant&#39;s name is written in capitals" in found
    assert "absent: Visa looks for it" in found
    assert "loyaltyTier" in page(f"{running.desk}/elements/AReq")
    assert "capitals" in page(f"{running.desk}/faults")
    assert "no-record" in page(f"{running.desk}/cards")
