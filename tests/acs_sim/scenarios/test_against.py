"""A gateway that is not ours drives, and the run plays the cardholder and watches."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import Means, run
from acs_sim.settings.settings import Settings
from tests.acs_sim.test_cli import acs_sim
from tests.support.gateway_under_test import gateway_under_test
from tests.support.ports import with_free_ports

SCENARIOS = """\
scenarios:
  - name: the bank answers by itself
    about: Nothing is asked.
    card: {scenario: frictionless}
    purchase: {purchaseAmount: 9900}
    steps:
      - authenticate:
          ARes: {transStatus: Y}
      - message: {kind: AReq, to: ACS, count: 1, has: {purchaseAmount: 9900}}
  - name: a slip of the finger
    about: A wrong code, another one please, then the right one.
    card: {scenario: challenge-otp}
    steps:
      - authenticate:
          ARes: {transStatus: C, acsURL: <present>}
      - cardholder: {do: submit, code: wrong, tries_left: 2, says: 2 tries left}
      - cardholder: {do: resend}
      - phone: {texts: 2}
      - cardholder: {do: submit, code: correct, transStatus: Y}
      - result: {transStatus: Y, interactionCounter: 02}
      - returned: {transStatus: Y}
  - name: another mind
    about: The cardholder cancels.
    card: {scenario: challenge-otp, scheme: mastercard}
    steps:
      - authenticate:
          ARes: {transStatus: C}
      - cardholder: {do: cancel, transStatus: N}
      - result: {transStatus: N, challengeCancel: 01}
      - returned: {transStatus: N}
"""
SLIP = "a slip of the finger"


@asynccontextmanager
async def played(tmp_path, answers="redirect", only=None, bend=lambda _gateway: None, **means):
    """The outcomes by name, and the gateway that they were played against."""
    (tmp_path / "shop.yaml").write_text(SCENARIOS)
    plays = [play for play in load([tmp_path / "shop.yaml"]) if only is None or play.name == only]
    settings = Settings(fresh=True, only=("desk", "ds", "acs", "phone"))
    async with running_stack(with_free_ports(settings)) as stack:
        with gateway_under_test(stack.addresses.ds, answers) as gateway:
            bend(gateway)
            asked = Means(against=gateway.base + "/pay", **means)
            outcomes = await run(plays, lambda _outcome: None, at=stack.addresses, means=asked)
            yield {outcome.play.name: outcome for outcome in outcomes}, gateway


async def test_a_gateway_that_does_it_right_passes_everything(tmp_path):
    async with played(tmp_path) as (outcomes, gateway):
        assert [failure(outcome) for outcome in outcomes.values() if not outcome.passed] == []
        assert len(outcomes) == 3
        assert [wish["amount"] for wish in gateway.asked if wish["elements"]] == ["9900"]
        assert all("session=" in cookie for cookie in gateway.cookies)
        hops = outcomes[SLIP].transcript["hops"]
        assert "CRes" in [hop["kind"] for hop in hops]


@pytest.mark.parametrize("answers", ["json", "page", "frame"])
async def test_a_gateway_may_send_the_cardholder_to_the_bank_in_its_own_way(tmp_path, answers):
    async with played(tmp_path, answers, only=SLIP) as (outcomes, _):
        assert outcomes[SLIP].problem is None


async def test_a_gateway_that_refuses_the_cres_fails(tmp_path):
    def refusing(gateway):
        gateway.refuses_cres = True

    async with played(tmp_path, only=SLIP, bend=refusing) as (outcomes, _):
        assert outcomes[SLIP].problem == "the shop: takes the CRes should be HTTP 200, and is HTTP 400"


async def test_a_gateway_that_sends_no_areq_fails_with_what_it_answered(tmp_path):
    def wanting(gateway):
        gateway.pay = lambda _wish: (500, "out of order", {"Content-Type": "text/plain"})

    async with played(tmp_path, only=SLIP, bend=wanting) as (outcomes, _):
        assert outcomes[SLIP].problem == "the gateway: answers should be a purchase, and is HTTP 500 with text/plain"


async def test_a_gateway_that_is_not_there_is_told(tmp_path):
    def gone(gateway):
        gateway.base = "http://127.0.0.1:9"

    async with played(tmp_path, only=SLIP, bend=gone) as (outcomes, _):
        assert "the gateway at http://127.0.0.1:9/pay does not answer" in outcomes[SLIP].problem


async def test_the_command_serves_the_simulator_where_the_gateway_expects_it(tmp_path):
    (tmp_path / "shop.yaml").write_text(SCENARIOS)
    settings = with_free_ports(Settings())
    (tmp_path / "acs-sim.toml").write_text("".join(f'{party}-url = "{url}"\n' for party, url in settings.addresses))
    with gateway_under_test(settings.addresses.ds) as gateway:
        done = await asyncio.to_thread(
            acs_sim, "run", "shop.yaml", "--against", gateway.base + "/pay", "--json", "run.json", cwd=tmp_path
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((tmp_path / "run.json").read_text())["passed"] == 3


@pytest.mark.browser
async def test_in_chromium_the_bank_is_found_in_the_shops_frame_and_every_step_has_its_picture(tmp_path):
    async with played(tmp_path, "frame", only=SLIP, browser=True) as (outcomes, _):
        assert outcomes[SLIP].problem is None
        captions = [caption for caption, _ in outcomes[SLIP].shots]
        assert captions == [
            "the bank asks",
            "about to press submit",
            "after submit",
            "about to press resend",
            "after resend",
            "about to press submit",
            "back at the shop",
        ]
        assert all(image.startswith(b"\x89PNG") for _, image in outcomes[SLIP].shots)


@pytest.mark.browser
async def test_in_chromium_the_runs_own_gateway_is_paid_at_too(tmp_path):
    (tmp_path / "shop.yaml").write_text(SCENARIOS)
    outcomes = await run(load([tmp_path / "shop.yaml"]), lambda _outcome: None, means=Means(browser=True))
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
    assert [len(outcome.shots) for outcome in outcomes] == [0, 7, 3]


LIBRARY = Path(__file__).parents[3] / "fixtures" / "scenarios"
ONLY_IN_A_WINDOW = {
    "the tester chooses at the page": "R",  # each choice is a button of its own
    "the code that is typed says how it ends": "8888",
    "every window size": "02",  # the CReq is another than the shop's own
    "what survives a restart of the bank": "",
    "the challenge page is broken, and comes back": "[reset]",
}


@pytest.mark.browser
async def test_in_chromium_choices_typed_codes_another_creq_and_a_bank_that_is_away_are_played_as_without_it():
    plays = [
        play
        for play in load([LIBRARY / "endings.yaml", LIBRARY / "faults.yaml"])
        if ONLY_IN_A_WINDOW.get(play.scenario.name) is not None and ONLY_IN_A_WINDOW[play.scenario.name] in play.name
    ]
    assert {play.scenario.name for play in plays} == set(ONLY_IN_A_WINDOW)
    outcomes = await run(plays, lambda _outcome: None, means=Means(browser=True))
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
