"""Every kind of fault at every hop, met by a correct gateway: nothing convicts it, because what a fault does is not its doing."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.explore.space import ELEMENT_FAULTS, FAULT_POINTS, SETTINGS
from acs_sim.scenarios.explore.story import play_of
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import STARTS_AT, Means, run
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports
from tests.support.standard_gateway import standard_gateway
from threedsecure.faults import POINTS, SENSIBLE
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.slow

DECIDES = {
    "AReq": "messageVersion",
    "CReq post": "acsTransID",
    "Erro": "errorCode",
    "Method callback": "threeDSServerTransID",
    "OReq": "opCategory",
    "PReq": "messageVersion",
    "PRes": "serialNum",
    "RRes": "resultsStatus",
    "SMS": "body",
    "prompt": "body",
}
"""The element that the fault happens to, transStatus elsewhere."""
CARDS = {"Erro": "acs-error", "prompt": "challenge-oob"}
MORE = {"set": {"value": "zz"}, "rename": {"to": "renamed"}, "retype": {"to": "number"}, "erro": {"code": "101"}}
PAY = {"authenticate": {"any": True}}
RIGHT = {"cardholder": {"do": "submit", "code": "correct", "any": True}}
APPROVE = {"cardholder": {"do": "approve", "any": True}}
NOTICE = {"operation": {"parts": ["one", "two"]}}
A_DAY_LATER = ({"clock": "25h"}, PAY)
AFTERWARDS = {"PReq": A_DAY_LATER, "PRes": A_DAY_LATER, "OReq": (NOTICE, {"verdict": "acquitted"})}
LEAVE = {"cardholder": {"do": "abandon", "any": True}}
ENDS = ({"clock": "11m"}, {"verdict": "acquitted"})
CHALLENGED = {"card": {"scenario": "challenge-otp"}}


def met(at: str, do: str, sender: str):
    element = {"element": DECIDES.get(at, "transStatus")} if do in ELEMENT_FAULTS else {}
    fault = {"at": at, "from": sender, "do": do, **SETTINGS.get(do, {}), **MORE.get(do, {}), **element}
    card = CARDS.get(at, "challenge-otp")
    deeds = {"challenge-otp": [RIGHT], "challenge-oob": [APPROVE]}.get(card, [])
    return play(f"{do} at {at} from {sender}", card, fault, [PAY, *deeds, *AFTERWARDS.get(at, ())])


def play(name: str, card: str, fault: dict, steps: list):
    about = "One payment, and what goes wrong with it."
    version = "2.3.1" if fault["at"] == "OReq" else "2.2.0"
    tree = {"name": name, "about": about, "version": version, "card": {"scenario": card}}
    return play_of({**tree, "faults": [fault], "steps": steps})


# At every point one sender takes all its faults.
PLAYS = [met(at, do, POINTS[at].senders[0]) for at in FAULT_POINTS for do in SENSIBLE[at]]
# A payment that is open, and another one whose messages come with its identifiers.
SWAPPED = [
    play(
        f"another's at {at} from {sender}",
        "challenge-otp",
        {"at": "RReq", "do": "shuffle"},
        [PAY, LEAVE, CHALLENGED, {"fault": {"at": at, "from": sender, "do": "swap-ids"}}, PAY, RIGHT, *ENDS],
    )
    for at in ("AReq", "ARes", "RReq", "RRes", "Method callback", "CReq post", "CRes post")
    for sender in POINTS[at].senders
    if sender != "3DS Server"  # what the gateway itself answers, nobody can spoil
]


@pytest.fixture(scope="module")
async def against() -> AsyncIterator[tuple]:
    settings = with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone")))
    async with running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack:
        with standard_gateway(stack.addresses.ds) as gateway:

            async def played(plays):
                means = Means(against=gateway.purchases)
                return await run(plays, lambda _outcome: None, at=stack.addresses, means=means)

            yield played, stack.addresses.desk


async def test_neither_is_who_is_answered_with_the_identifiers_of_another_one(against):
    played, desk = against
    for one in SWAPPED:
        (outcome,) = await played([one])
        assert outcome.passed, failure(outcome)
    async with aiohttp.ClientSession() as session, session.get(f"{desk}/api/findings") as answer:
        found = {finding["rule"] for finding in (await answer.json())["findings"]}
    assert found <= {"challenge-never-begun", "cres-never-fetched", "method-skipped"}


async def test_a_correct_gateway_is_convicted_of_nothing_that_a_fault_did(against):
    assert len(PLAYS) > 190
    played, _ = against
    outcomes = await played(PLAYS)
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
    assert [(each.play.name, found["rule"]) for each in outcomes for found in each.findings or ()] == []
