"""The language beyond one payment: includes, rules, versions, channels, time, and everything that cannot be meant."""

import json

import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.file.loading import FileError, load
from acs_sim.scenarios.file.matching import MISSING, described, meets
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import run
from acs_sim.scenarios.simulator import CannotPlay
from acs_sim.settings.settings import Settings
from tests.acs_sim.test_cli import acs_sim
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports

pytestmark = pytest.mark.slow

HEAD = "scenarios:\n  - name: one\n    about: It shows something.\n"
CARD = "    card: {scenario: challenge-otp}\n"
ASKED = "      - authenticate: {ARes: {transStatus: C}}\n"
CLASSIC = HEAD + "    version: 1.0.2\n" + CARD + "    steps:\n"
STEPS = HEAD + CARD + "    steps:\n"


def wrong(tmp_path, text, **others):
    for name, content in others.items():
        (tmp_path / f"{name}.inc").write_text(content)
    file = tmp_path / "file.yaml"
    file.write_text(text)
    with pytest.raises(FileError) as caught:
        load([file])
    return [line.removeprefix(f"{tmp_path}/") for line in caught.value.lines]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        # what a message, a version or a channel cannot hold
        (
            STEPS + "      - authenticate: {ARes: {transChallengeExemption: 05}}\n",
            "6:31: ARes has no transChallengeExempt",
        ),
        (STEPS + "      - authenticate: {version: 2.4.0}\n", "6:24: invalid enum value '2.4.0'"),
        (
            HEAD + "    channel: 3ri\n" + CARD + "    steps:\n      - authenticate: {send: {browserIP: 192.0.2.1}}\n",
            "7:31: AReq has no browserIP in a 3ri payment of version 2.2.0",
        ),
        (
            HEAD
            + "    category: non-payment\n"
            + CARD
            + "    steps:\n      - authenticate: {send: {purchaseAmout: 1}}\n",
            "7:31: AReq has no element 'purchaseAmout'; did you mean purchaseAmount?",
        ),
        (STEPS + ASKED + "      - result: {cavv: x}\n", "7:18: RReq has no element 'cavv'"),
        (STEPS + "      - preparation: {PRes: {serialNumber: 1}}\n", "6:30: PRes has no element 'serialNumber'; did"),
        (
            STEPS + "      - preparation: {range: {startrange: 1}}\n",
            "6:31: PRes has no element 'cardRangeData.startran",
        ),
        (STEPS + "      - preparation: {range: gone}\n", "6:23: range holds elements of the entry for this card"),
        (STEPS + ASKED + "      - message: {kind: VEReq}\n", "7:19: there is no VEReq in version 2.2.0"),
        (CLASSIC + "      - authenticate: {}\n", "7:9: 1.0.2 has no authenticate"),
        (STEPS + "      - enrolment: {}\n", "6:9: enrolment belongs to version 1.0.2"),
        (CLASSIC + "      - enrolment: {VERes: {CH.enroled: Y}}\n", "7:29: VERes has no element 'CH.enroled'; did you"),
        (CLASSIC + "      - enrolment: {VERes: {CH.enrolled: A}}\n", "7:29: CH.enrolled can never be 'A': Y, N or U"),
        (
            CLASSIC + "      - enrolment: {}\n      - payment: {}\n      - returned: {signature: good}\n",
            "9:20: a signature is valid or invalid",
        ),
        (CLASSIC + "      - payment: {}\n", "7:9: nobody knows the address of the bank yet: this needs an enrolment"),
        (
            CLASSIC + "      - enrolment: {VERes: {CH.enrolled: N}}\n      - cardholder: {do: cancel}\n",
            "8:9: there is no",
        ),
        (CLASSIC + "      - enrolment: {}\n      - cardholder: {do: approve}\n", "8:22: there was no approve in 1.0.2"),
        (
            HEAD + "    version: 1.0.2\n    card: {scenario: decoupled}\n    steps:\n      - enrolment: {}\n",
            "5:12: there is no card scenario 'decoupled' in 1.0.2",
        ),
        # what the card cannot answer
        (STEPS + "      - authenticate: {ARes: {transStatus: Y}}\n", "6:31: challenge-otp answers C here, never Y"),
        (
            HEAD + "    card: {scenario: acs-down}\n    steps:\n      - authenticate: {ARes: {}}\n",
            "6:24: acs-down answers an Erro, never an ARes",
        ),
        (
            HEAD + "    card: {scenario: not-enrolled}\n    steps:\n      - authenticate: {ARes: {transStatus: U}}\n",
            "6:31: not-enrolled answers N here, never U",
        ),
        (
            HEAD + "    card: {scenario: frictionless, version: 2.1.0}\n    steps:\n      - authenticate: {ARes: {}}\n",
            "6:24: a card that knows 2.1.0 alone answers an Erro to version 2.2.0",
        ),
        # steps after the end, and for nothing
        (
            STEPS + ASKED + "      - cardholder: {do: cancel, transStatus: N}\n      - cardholder: {do: resend}\n",
            "8:9: the challenge is over: a step before this one ended it",
        ),
        (
            STEPS + "      - authenticate: {fails: HTTP}\n      - result: {}\n",
            "7:9: there is no challenge after no answer",
        ),
        (
            STEPS + "      - preparation: {}\n      - cardholder: {do: cancel}\n",
            "7:9: there is no challenge after card",
        ),
        (
            STEPS + ASKED + "      - phone: {prompts: 0, decide: approve}\n",
            "7:9: there is nothing to read or to decide",
        ),
        (STEPS + ASKED + "      - message: {kind: RReq, since: ARes}\n", "7:31: since needs a time: at, within"),
        (STEPS + ASKED + "      - message: {kind: RReq, at: soon}\n", "7:31: 'soon' is no duration"),
        (
            STEPS + ASKED + "      - message: {kind: RReq, count: 0, at: 5s}\n",
            "7:9: nothing can stand in a message that",
        ),
        (
            STEPS + ASKED + "      - result: {eci: {at_lest: 5}}\n",
            "7:18: eci holds no elements, and at_lest is no comparison",
        ),
        (STEPS + ASKED + "      - result: {eci: {at_least: 5, x: 1}}\n", "7:18: there is no comparison 'x'"),
        (STEPS + "      - method: sometimes\n", "6:9: invalid enum value 'sometimes'"),
        (STEPS + "      - restart: shop\n", "6:9: invalid enum value 'shop'"),
        (STEPS + "      - card: {unlock: true, scenario: frictionless}\n", "6:9: unlock makes the card good that is"),
        (
            STEPS + "      - edit_ranges: [{action: X, start: '4000000000000000', end: '4000000000000000'}]\n",
            "6:24: inva",
        ),
        (STEPS + "      - fault: {at: ARes, do: explode}\n", "6:27: invalid value 'explode'"),
        # rules, names and aliases
        (
            HEAD + CARD + "    rules: [{if: {amuont: 1}, then: {scenario: rejected}}]\n    steps: [method: none]\n",
            "5:19: AReq h",
        ),
        (
            HEAD + CARD + "    rules: [{then: {scenario: acs-down}}]\n    steps: [method: none]\n",
            "5:21: acs-down is decid",
        ),
        ("rules: [{then: {scenario: regected}}]\n" + STEPS + ASKED, "1:17: no scenario is called 'regected'"),
        (STEPS + "      - use: the payment\n", "6:9: no steps are called 'the payment'"),
        ("steps: {loop: [{use: loop}]}\n" + STEPS + "      - use: loop\n", "1:17: 'loop' uses itself"),
        ("include: [gone.yaml]\n" + STEPS + ASKED, "1:11: there is no file gone.yaml"),
        (
            HEAD + "    card: {scenario: cardinal/29}\n    steps: [method: none]\n",
            "4:12: no card goes by 'cardinal/29'",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_line_with_its_place(tmp_path, text, line):
    told = wrong(tmp_path, text)
    assert len(told) == 1, told
    assert told[0].startswith(f"file.yaml:{line}"), told


def test_a_mistake_in_steps_that_are_used_by_name_is_told_where_they_are_written(tmp_path):
    common = "steps:\n  ask:\n    - authenticate: {ARes: {transStatsu: C}}\nvariables: {right: correct}\n"
    text = "include: [common.inc]\n" + STEPS + "      - use: ask\n"
    assert wrong(tmp_path, text, common=common) == [
        "common.inc:3:29: ARes has no element 'transStatsu'; did you mean transStatus?"
    ]


def test_what_is_included_brings_variables_and_steps_and_the_file_itself_wins(tmp_path):
    (tmp_path / "common.inc").write_text(
        "include: [file.yaml]\nvariables: {status: N, code: wrong}\n"
        "steps:\n  act:\n    - cardholder: {do: submit, code: $code, transStatus: $status}\n"
    )
    (tmp_path / "file.yaml").write_text(
        "include: [common.inc]\nvariables: {code: correct}\nsteps:\n  all:\n    - authenticate: {ARes: {transStatus: C}}\n"
        "    - use: act\n" + HEAD + "    variables: {status: Y}\n" + CARD + "    steps: [use: all, result: {}]\n"
    )
    (play,) = load([tmp_path / "file.yaml"])
    assert [step.name for step in play.scenario.steps] == ["authenticate", "cardholder", "result"]
    assert (play.scenario.steps[1].cardholder.code, play.scenario.steps[1].cardholder.transStatus) == ("correct", "Y")
    assert [place.line for place in play.places] == [5, 5, 12]


def test_a_file_that_is_there_to_be_included_holds_no_plays(tmp_path):
    (tmp_path / "common.yaml").write_text("steps: {ask: [{authenticate: {}}]}\n")
    assert load([tmp_path]) == []


@pytest.mark.parametrize(
    ("wanted", "found", "met"),
    [
        ({"at_least": "5"}, "05", True),
        ({"at_least": 5, "less_than": 6}, "6", False),
        ({"more_than": 5}, "many", False),
        ({"at_most": 5}, MISSING, False),
        ({"like": "*exemple"}, "Librairie Exemple", True),
        ({"like": "[L]*"}, "Librairie", False),
        ({"not": "Y"}, "N", True),
        ({"not": ["Y", "N"]}, "N", False),
        ({"not": "<absent>"}, MISSING, False),
        ({"contains": "b"}, ["a", "b"], True),
        ({"contains": "rair"}, "Librairie", True),
        ({"contains": "x"}, MISSING, False),
        ({"length": 2}, ["a", "b"], True),
        ({"length": {"at_least": 3}}, ["a", "b"], False),
        ({"length": 3}, 5, False),
        ({"is": ["a", "b"]}, ["a", "b"], True),
        ({"is": ["a"]}, ["a", "b"], False),
        ("b", ["a", "b"], True),
        ("c", ["a", "b"], False),
        ({"name": "x"}, {"name": "x"}, True),
    ],
)
def test_a_comparison_is_met_or_not(wanted, found, met):
    assert meets(wanted, found) is met
    assert described(wanted)


FAILING = """\
scenarios:
  - name: too early
    about: The result is expected before it can be there.
    card: {scenario: challenge-otp}
    steps:
      - authenticate: {ARes: {transStatus: C}}
      - clock: 31s
      - result: {transStatus: N}
      - message: {kind: RReq, from: ACS, since: ARes, before: 30s}
  - name: a hopeful plug-in
    about: The signature is broken, and the file believes it.
    version: 1.0.2
    card: {scenario: bad-signature}
    steps:
      - enrolment: {}
      - payment: {}
      - returned: {TX.status: Y, signature: valid}
  - name: a method that is there
    about: The card has a 3DS Method, and the file says that it has none.
    card: {scenario: frictionless}
    steps:
      - method: none
  - name: a rule that is not met
    about: The rule is about other amounts, so that the card does what it says.
    card: {scenario: frictionless}
    rules:
      - {if: {amount: 1}, then: {scenario: rejected}}
    steps:
      - authenticate: {ARes: {transStatus: R}}
  - name: no such range
    about: The card is in a range, and the file says that it is in none.
    card: {scenario: frictionless}
    steps:
      - preparation: {range: <absent>, ranges: 1}
  - name: no prompt
    about: The banking app is asked to approve what nobody asked for.
    card: {scenario: challenge-otp}
    steps:
      - authenticate: {ARes: {transStatus: C}}
      - phone: {decide: approve}
"""


async def test_what_is_not_as_expected_is_told(tmp_path):
    (tmp_path / "file.yaml").write_text(FAILING)
    outcomes = await run(load([tmp_path]), lambda _outcome: None)
    problems = [outcome.problem for outcome in outcomes]
    assert problems[0] == "message RReq from ACS: before should be 30s, and is 31s"
    assert problems[1].startswith("PARes: signature should be valid, and is invalid: content-changed")
    assert problems[2].startswith("3DS Method: none: threeDSMethodURL should be <absent>, and is http://")
    assert problems[3] == "ARes: transStatus should be R, and is Y"
    assert problems[4].startswith("PRes: ranges should be 1, and is ")
    assert problems[5] == "phone: decide should be a prompt that waits, and is no prompt"


async def test_rules_ranges_and_faults_of_a_scenario_are_gone_when_it_is_over(tmp_path):
    (tmp_path / "file.yaml").write_text(
        HEAD + "    card: {scenario: frictionless}\n    rules:\n      - {if: {amount: 1}, then: {scenario: rejected}}\n"
        "    faults: [{at: ARes, do: shuffle, when: every}]\n"
        "    steps:\n      - edit_ranges: [{action: A, start: '9900000000000000', end: '9900000000009999', "
        "versions: [2.2.0]}]\n      - authenticate: {ARes: {transStatus: Y}}\n"
    )
    async with running_stack(with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone")))) as stack:
        outcomes = await run(load([tmp_path]), lambda _outcome: None, at=stack.addresses)
        left = []
        for path in ("/control/rules/list",):
            answer = await stack.runtime.transport.post(stack.addresses.acs + path, b"{}", timeout=PATIENCE_SECONDS)
            left.append(json.loads(answer.body)["rules"])
        ranges = await stack.runtime.transport.post(
            stack.addresses.ds + "/control/ranges", b'{"scheme":"visa"}', timeout=PATIENCE_SECONDS
        )
        faults = len(stack.runtime.faults.plan)
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
    assert (left, b"9900000000000000" in ranges.body, faults) == ([[]], False, 0)


async def test_a_restart_is_refused_where_the_simulator_is_not_the_runs_own(tmp_path):
    (tmp_path / "file.yaml").write_text(STEPS + ASKED + "      - restart: acs\n")
    async with running_stack(with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone")))) as stack:
        with pytest.raises(CannotPlay, match="'one' restarts a party, which only a simulator of the run's own can do"):
            await run(load([tmp_path]), lambda _outcome: None, at=stack.addresses)


def test_a_shell_gets_one_line_for_each_mistake_and_exit_status_two(tmp_path):
    lines = "      - authenticate: {ARes: {transStatsu: C}}\n      - cardholder: {do: submt}\n"
    (tmp_path / "typo.yaml").write_text(STEPS + "      - authentcate: {}\n")
    (tmp_path / "names.yaml").write_text(STEPS + lines.replace("submt", "submit"))
    (tmp_path / "impossible.yaml").write_text(STEPS + "      - authenticate: {ARes: {transStatus: Y}}\n")
    done = acs_sim("run", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "impossible.yaml:6:31: challenge-otp answers C here, never Y",
        "names.yaml:6:31: ARes has no element 'transStatsu'; did you mean transStatus?",
        "names.yaml:7:9: submit needs a code (its digits, correct or wrong), and nothing else takes one",
        "typo.yaml:6:9: 'authentcate' means nothing here; did you mean authenticate?",
    ]


def test_the_cards_of_a_pack_are_listed_for_a_shell():
    done = acs_sim("cards", "--aliases", "outcome-codes", "--json")
    listed = {row["alias"]: row for row in json.loads(done.stdout)}
    assert listed["outcome-codes/7777"]["says"] == "A"
    assert acs_sim("cards", "--aliases", "nothing").returncode == 2
    assert acs_sim("cards", "--aliases", "cardinal", "--scenario", "rejected").returncode == 2
