"""Every kind of fault at every hop, met by a correct gateway and by ours: nothing convicts them, because what a fault does is not
their doing."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.explore.exploring import Explorer, charges_of
from acs_sim.scenarios.explore.own_gateway import OwnPurchases
from acs_sim.scenarios.explore.story import play_of
from acs_sim.scenarios.playing.cardholders import new_session
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import PARTIES, STARTS_AT, Means, run, simulating
from acs_sim.settings.settings import Settings
from tests.support.every_fault import MET, PAY, RIGHT, VERDICT, WHOLE_PACKS, judged, side_by_side, story, without_faults
from tests.support.ports import with_free_ports
from tests.support.standard_gateway import standard_gateway
from threedsecure.faults import POINTS
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.slow

LEAVE = {"cardholder": {"do": "abandon", "any": True}}
ENDS = ({"clock": "11m"}, VERDICT)
CHALLENGED = {"card": {"scenario": "challenge-otp"}}
PLAYS = [play_of(tree) for tree in MET]
OWN = [judged(tree) for tree in MET[::7]]
"""A part for the reference gateway; `python -m benchmarks.explore faults` plays all with both."""
IN_THE_SUITE = 16
"""Plays under each pack; `python -m benchmarks.explore packs` plays more."""
# A payment that is open, and another one whose messages come with its identifiers.
SWAPPED = [
    play_of(
        story(
            f"another's at {at} from {sender}",
            "challenge-otp",
            {"at": "RReq", "do": "shuffle"},
            [PAY, LEAVE, CHALLENGED, {"fault": {"at": at, "from": sender, "do": "swap-ids"}}, PAY, RIGHT, *ENDS],
        )
    )
    for at in ("AReq", "ARes", "RReq", "RRes", "Method callback", "CReq post", "CRes post")
    for sender in POINTS[at].senders
    if sender != "3DS Server"  # what the gateway itself answers, nobody can spoil
]


@pytest.fixture(scope="module")
async def against() -> AsyncIterator[tuple]:
    settings = with_free_ports(Settings(fresh=True, only=(*PARTIES, "shop")))
    async with running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack:
        with standard_gateway(stack.addresses.ds) as gateway:

            async def played(plays):
                means = Means(against=gateway.purchases)
                return await run(plays, lambda _outcome: None, at=stack.addresses, means=means)

            yield played, stack.addresses


async def test_neither_is_who_is_answered_with_the_identifiers_of_another_one(against):
    played, addresses = against
    for one in SWAPPED:
        (outcome,) = await played([one])
        assert outcome.passed, failure(outcome)
    async with aiohttp.ClientSession() as session, session.get(f"{addresses.desk}/api/findings") as answer:
        found = {finding["rule"] for finding in (await answer.json())["findings"]}
    assert found <= {"challenge-never-begun", "cres-never-fetched", "method-skipped"}


async def test_a_correct_gateway_is_convicted_of_nothing_that_a_fault_did(against):
    assert len(PLAYS) > 190
    played, _ = against
    outcomes = await played(PLAYS)
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
    assert [(each.play.name, found["rule"]) for each in outcomes for found in each.findings or ()] == []


async def test_our_own_gateway_is_convicted_of_nothing_that_a_fault_did(against):
    _, addresses = against
    async with simulating(addresses) as simulator, new_session(None) as session:
        explorer = Explorer(simulator, OwnPurchases(session, addresses.shop, addresses.desk))
        found = {tree["name"]: charges_of(await explorer.played(tree)) for tree in OWN}
    assert {name: charges for name, charges in found.items() if charges} == {}


@pytest.mark.parametrize("pack", WHOLE_PACKS)
async def test_a_correct_gateway_bears_a_whole_pack_of_faults_at_once(against, pack):
    played, addresses = against
    async with simulating(addresses) as simulator:
        await simulator.arm_pack(pack)
        outcomes = await played([play_of(side_by_side(tree)) for tree in without_faults(1, IN_THE_SUITE)])
        await simulator.forget()
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
    found = [(each.play.name, one["rule"], one["severity"]) for each in outcomes for one in each.findings or ()]
    assert [each for each in found if each[2] == "error"] == []
