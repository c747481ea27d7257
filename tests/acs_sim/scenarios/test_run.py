"""`acs-sim run` as a shell sees it: the library passes, what is wrong fails and says why."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import run
from acs_sim.settings.settings import Settings
from tests.acs_sim.test_cli import acs_sim
from tests.support.ports import with_free_ports

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
LIBRARY = ROOT / "fixtures" / "scenarios"
FAILING = """\
scenarios:
  - name: a hopeful shop
    about: It expects a Y after a cancelled challenge, so it has to fail.
    card: {scenario: challenge-otp}
    steps:
      - authenticate:
          ARes: {transStatus: C}
      - cardholder: {do: cancel}
      - result: {transStatus: Y, challengeCancel: "01"}
      - returned: {transStatus: Y}
  - name: a modest shop
    about: It expects what comes.
    card: {scenario: frictionless}
    steps:
      - authenticate:
          ARes: {transStatus: Y}
"""


async def outcomes_of(path, **options):
    return await run(load([path]), lambda _outcome: None, **options)


async def test_the_library_passes_against_a_simulator_that_runs_already_and_leaves_its_clock_where_it_was():
    async with running_stack(with_free_ports(Settings(fresh=True))) as stack:
        outcomes = await outcomes_of(LIBRARY / "time.yaml", at=stack.addresses)
        ahead = (stack.clock.now() - datetime.now(UTC)).total_seconds()
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
    assert abs(ahead) < 60


async def test_the_examples_of_the_documentation_pass(tmp_path):
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "scenarios.md").read_text(), re.DOTALL)
    assert len(blocks) >= 9
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.yaml").write_text(block)
    outcomes = await outcomes_of(tmp_path)
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []


def test_a_failure_is_told_with_the_difference_and_its_transcript_is_kept(tmp_path):
    (tmp_path / "shop.yaml").write_text(FAILING)
    done = acs_sim(
        "run", "shop.yaml", "--junit", "junit.xml", "--json", "run.json", "--transcripts", "kept", cwd=tmp_path
    )
    assert done.returncode == 1
    assert "shop.yaml:9:9: RReq: transStatus should be Y, and is N" in done.stdout
    assert "  -   transStatus: Y\n  +   transStatus: N\n      challengeCancel: 01\n" in done.stdout
    assert "... 1 more step not played" in done.stdout
    assert "1 passed, 1 failed" in done.stdout
    report = json.loads((tmp_path / "run.json").read_text())
    assert [one["passed"] for one in report["scenarios"]] == [False, True]
    transcript = (tmp_path / report["scenarios"][0]["transcript"]).read_text()
    assert json.loads(transcript)["format"] == "acs-sim transcript 1"
    assert not re.search(r"(?<![0-9])4000000[0-9]{9}(?![0-9])", transcript + done.stdout)
    suites = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    (told,) = suites.iter("failure")
    assert told.get("message") == "RReq: transStatus should be Y, and is N"
    assert "+   transStatus: N" in told.text


def test_only_what_is_chosen_is_played(tmp_path):
    (tmp_path / "shop.yaml").write_text(FAILING)
    done = acs_sim("run", "shop.yaml", "-k", "modest and not hopeful", cwd=tmp_path)
    assert (done.returncode, "1 passed, 0 failed" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("shop.yaml", "-k", "nobody"), "-k 'nobody' chooses none of 2 scenarios"),
        (("wrong.yaml",), "wrong.yaml:1:1: 'scenraios' means nothing here; did you mean scenarios?"),
        ((), "name a scenario file"),
        (("shop.yaml", "--running"), "the desk at http://127.0.0.1:9 does not answer"),
    ],
)
def test_what_cannot_be_played_ends_with_two_and_one_line(tmp_path, arguments, words):
    (tmp_path / "shop.yaml").write_text(FAILING)
    (tmp_path / "wrong.yaml").write_text("scenraios: []\n")
    done = acs_sim("run", *arguments, cwd=tmp_path, ACS_SIM_DESK_URL="http://127.0.0.1:9")
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def without_what_is_declared_volatile(transcript):
    """Done by hand, so that it cannot be generous: what is not declared stays."""
    text = json.dumps(transcript)
    declared = transcript["volatile"]
    assert set(declared) <= {"took_ms", "port", "acsSignedContent", "acsEphemPubKey", "sdkEphemPubKey"}
    for name in declared:
        volatile = r"(?<=127\.0\.0\.1):\d+" if name == "port" else rf'"{name}": (?:[0-9.]+|"[^"]*")'
        text = re.sub(volatile, "", text)
    return text


async def test_the_same_seed_gives_the_same_transcripts_whatever_is_played_beside_and_in_which_order():
    plays = load([LIBRARY / "challenge.yaml", LIBRARY / "errors.yaml", LIBRARY / "time.yaml"])
    written = [
        {outcome.play.name: without_what_is_declared_volatile(outcome.transcript) for outcome in outcomes}
        for outcomes in [
            await run(order, lambda _outcome: None, seed=seed)
            for order, seed in ((plays, 5), (plays[::-1], 5), (plays[:2], 6))
        ]
    ]
    first, second, other = written
    assert len(first) == len(plays)
    assert {name: second[name] for name in first} == first
    assert not {name for name in other if other[name] == first[name]}
