"""Transcripts played again, to the simulator and to a gateway."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.playing.gateway import running_gateway
from acs_sim.scenarios.replay.replay import CannotReplay, replay
from acs_sim.scenarios.replay.replay_to import replay_to
from acs_sim.scenarios.running import STARTS_AT, run, simulating
from acs_sim.settings.settings import Settings
from acs_sim.transcripts.difference import differences, told
from acs_sim.transcripts.document import encode
from acs_sim.transcripts.scenario import as_scenario
from tests.acs_sim.buyer import Buyer
from tests.acs_sim.test_cli import acs_sim
from tests.acs_sim.transcripts.hops import conversation, hop, transcript
from tests.support.ports import with_free_ports
from threedsecure.web.calling.transport import HttpTransport

LIBRARY = Path(__file__).parents[3] / "fixtures" / "scenarios"
PLAYED = {
    "the right code",
    "three wrong codes",
    "another code, please",
    "the cardholder cancels",
    "the page is left open",
    "the challenge is never begun",
    "an element is missing [merchantName]",
    "the bank cannot be reached",
    "a card outside every range",
}
IN_APPS = {
    "a SecureCode in the app [2.3.1, A128GCM]",
    "three wrong codes in the app",
    "cancelled in the app [2.2.0]",
    "choose one in the app [2.2.0]",
    "the banking app beside the app [2.2.0, decline, N]",
    "the banking app beside the app [2.3.1, approve, Y]",
    "a page of the bank's in the app [2.1.0, challenge-html]",
    "an SDK that draws nothing but HTML",
    "the app is left alone",
    "the app never begins",
}


async def recorded(*names):
    plays = [
        play
        for play in load([LIBRARY / f"{name}.yaml" for name in ("challenge", "errors", "time", "in-the-app")])
        if play.name in names
    ]
    assert {play.name for play in plays} == set(names)
    outcomes = await run(plays, lambda _outcome: None)
    return {outcome.play.name: json.loads(encode(outcome.transcript)) for outcome in outcomes}


@asynccontextmanager
async def playing_again():
    async with simulating(None, None) as simulator, running_gateway() as gateway:

        async def again(document, **wishes):
            await simulator.move_clock(set=STARTS_AT.isoformat())
            return await replay(document, simulator, gateway.mailbox("again"), wishes=wishes, moves_clock=True)

        yield again


def lines(changes):
    return [line for change in changes for line in told(change)]


async def test_what_is_played_again_to_the_same_simulator_is_answered_the_same():
    async with playing_again() as again:
        for name, before in (await recorded(*PLAYED, *IN_APPS)).items():
            after = await again(before)
            assert after["transaction"]["id"] != before["transaction"]["id"]
            assert (name, lines(differences(before, after))) == (name, [])


async def test_another_card_is_answered_otherwise_and_the_difference_is_named():
    (before,) = (await recorded("the bank cannot be reached")).values()
    async with playing_again() as again:
        found = lines(differences(before, await again(before, scenario="frictionless")))
    assert "- hop 4  Directory Server -> 3DS Server: Erro" in found
    assert "+ hop 4  Directory Server -> 3DS Server: ARes" in found


async def test_a_file_without_an_areq_cannot_be_played():
    async with playing_again() as again:
        with pytest.raises(CannotReplay, match="no AReq"):
            await again(transcript(hop("Browser", "ACS", "CReq")))


async def test_the_command_plays_a_file_to_a_simulator_of_its_own_and_keeps_what_came(tmp_path):
    (before,) = (await recorded("three wrong codes")).values()
    (tmp_path / "kept.json").write_text(json.dumps(before))
    done = acs_sim("replay", "kept.json", "--save", "new.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "no difference\n")
    assert json.loads((tmp_path / "new.json").read_text())["transaction"]["transStatus"] == "N"
    written = acs_sim("transcript", "new.json", "--har", "new.har", cwd=tmp_path)
    assert written.returncode == 0
    assert json.loads((tmp_path / "new.har").read_text())["log"]["version"] == "1.2"


@pytest.mark.parametrize(
    ("scenario", "version"),
    [
        ("frictionless", None),
        ("method-timeout", None),
        ("challenge-auto-pass", "2.1.0"),
        ("challenge-auto-pass", "2.3.1"),
        ("challenge-auto-fail", None),
    ],
)
async def test_a_purchase_of_our_own_shops_is_played_again_without_a_difference_and_diff_agrees(
    scenario, version, tmp_path
):
    settings = with_free_ports(Settings(fresh=True))
    async with running_stack(settings) as stack, aiohttp.ClientSession() as session, HttpTransport.session() as network:
        buyer = Buyer(session, HttpTransport(network), stack.addresses)
        purchase = await buyer.buy(await buyer.mint(scenario, version))
        if "acsURL" in purchase:
            await buyer.challenged(purchase)
        await buyer.ended(purchase)
        before = await buyer.desk("GET", f"/api/transactions/{purchase['id']}/transcript")
    assert ("Browser", "3DS Server") in {
        (one["from"], one["to"]) for one in before["hops"]
    } or scenario == "method-timeout"
    (tmp_path / "shop.json").write_text(json.dumps(before))
    again = await asyncio.to_thread(acs_sim, "replay", "shop.json", "--save", "again.json", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "no difference\n"), again.stderr
    held = await asyncio.to_thread(acs_sim, "diff", "shop.json", "again.json", cwd=tmp_path)
    assert (held.returncode, held.stdout) == (0, "no difference\n")


@pytest.fixture
async def network():
    async with HttpTransport.session() as session:
        yield HttpTransport(session)


async def test_a_gateway_is_brought_the_rreq_under_new_identifiers_and_its_answer_differences(network):
    async with running_gateway() as gateway:
        box = gateway.mailbox("new-build")
        posted, changes = await replay_to(conversation(), network, box.results_url, box.notification_url, {})
        rreq, cres = box.results.get_nowait(), box.returned.get_nowait()
    assert posted == ["Directory Server -> 3DS Server: RReq, HTTP 200", "Browser -> 3DS Server: CRes, HTTP 200"]
    assert changes == []
    old = conversation()["hops"][3]["message"]
    assert rreq["transStatus"] == old["transStatus"]
    assert rreq["threeDSServerTransID"] == cres["threeDSServerTransID"] != old["threeDSServerTransID"]
    assert rreq["acsTransID"] == cres["acsTransID"] != old["acsTransID"]


async def test_an_identifier_that_the_gateway_knows_can_be_given(network):
    known = "99999999-d2d2-4067-bcb1-b08d1690b26e"
    async with running_gateway() as gateway:
        box = gateway.mailbox("new-build")
        await replay_to(conversation(), network, box.results_url, None, {"threeDSServerTransID": known})
        assert box.results.get_nowait()["threeDSServerTransID"] == known


async def test_a_gateway_that_answers_otherwise_is_told(network):
    document = conversation()
    document["hops"][4]["message"]["resultsStatus"] = "02"
    async with running_gateway() as gateway:
        _, changes = await replay_to(document, network, gateway.mailbox("new-build").results_url, None, {})
    assert lines(changes)[1:] == [
        "-   resultsStatus: 02",
        "+   resultsStatus: 01",
    ]


async def test_a_gateway_that_is_not_there_is_told(network):
    with pytest.raises(CannotReplay, match="does not answer"):
        await replay_to(conversation(), network, "http://127.0.0.1:9/results", None, {})


async def test_a_scenario_file_of_a_payment_in_an_app_ends_the_same(tmp_path):
    name = "choose one in the app [2.2.0]"
    (before,) = (await recorded(name)).values()
    (tmp_path / "again.yaml").write_text(as_scenario(before, "challenge-single-select"))
    (again,) = load([tmp_path / "again.yaml"])
    assert (again.scenario.channel, [step.name for step in again.scenario.steps][-1]) == ("app", "result")
    (outcome,) = await run([again], lambda _outcome: None)
    assert outcome.problem is None
