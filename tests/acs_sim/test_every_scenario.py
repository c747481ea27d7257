"""Every scenario name that is promised, minted for every scheme where the flow exists, and played as far as its first answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO

import aiohttp
import pytest

from acs_sim.running.parties import PARTIES
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import Caller
from tests.support.classic_mpi import XML, Answer, vereq
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.third_party import ThreeDSServer
from threedsecure.cards.scenarios import ALL_SCENARIOS, SCENARIOS, V1_SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.web.clock import Clock

pytestmark = [pytest.mark.slow, pytest.mark.holds("threedsecure/cards/scenarios.py")]

ANSWERS = {
    "frictionless": "Y",
    "frictionless-attempt": "A",
    "not-authenticated": "N",
    "unavailable": "U",
    "rejected": "R",
    "informational": "I",
    "challenge-otp": "C",
    "challenge-oob": "C",
    "challenge-single-select": "C",
    "challenge-multi-select": "C",
    "challenge-html": "C",
    "challenge-password": "C",
    "challenge-choose": "C",
    "challenge-outcome-code": "C",
    "challenge-auto-pass": "C",
    "challenge-auto-fail": "C",
    "decoupled": "D",
    "not-enrolled": "N",
    "method-none": "Y",
    "method-timeout": "Y",
    "sms-lost": "C",
    "sms-late": "C",
    "sms-twice": "C",
    "sms-refused": "C",
    "acs-timeout": "Erro 402",
    "acs-error": "Erro 403",
    "acs-down": "Erro 405",
    # Promised since.
    "challenge-mandated": "C",
    "challenge-password-otp": "C",
    "challenge-knowledge": "C",
    "challenge-password-question": "C",
    "challenge-passkey": "C",
    "challenge-wallet": "C",
    "app-bad-signature": "C",
    "app-bad-chain": "C",
    "app-bad-expired": "C",
    "app-bad-key": "C",
    "app-bad-algorithm": "C",
    "app-bad-content": "C",
    "app-bad-url": "C",
    "challenge-spc": "C",
    "decoupled-fallback": "C",
    "method-late": "Y",
    "method-required": "N",
    "results-early": "C",
    "results-late": "C",
    "results-never": "C",
    "results-twice": "C",
    "results-contradicting": "C",
    "stand-in-attempt": "A",
    "stand-in-unavailable": "U",
}
ENROLMENTS = {
    "not-enrolled": "N",
    "enrolment-unknown": "U",
    "enrolment-refused": "N",
    "acs-error": "U",
    "acs-down": "U",
}
"""VERes; every other scenario of 1.0.2 is Y, and `acs-timeout` U when the directory server has waited long enough."""
SILENT = "acs-timeout"
WISHES = {
    "informational": {"threeDSRequestorChallengeInd": "05"},
    "decoupled": {"threeDSRequestorDecReqInd": "Y", "threeDSRequestorDecMaxTime": "00005"},
}


def _waiting_for_the_acs(seconds):
    def ds(runtime, settings):
        from directory_server.app import build
        from directory_server.settings import DirectoryServerSettings

        at = settings.addresses
        return build(runtime, DirectoryServerSettings(public_url=at.ds, acs_url=at.acs, acs_timeout=seconds))

    return {**PARTIES, "ds": ds}


@asynccontextmanager
async def simulator(acs_timeout) -> AsyncIterator[Stack]:
    clock = Clock(frozen_at=datetime(2026, 6, 15, 12, 0, tzinfo=UTC))
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with running_stack(settings, clock=clock, parties=_waiting_for_the_acs(acs_timeout)) as stack:
        yield stack


@pytest.fixture
async def whole() -> AsyncIterator[Stack]:
    async with simulator(acs_timeout=PATIENCE_SECONDS) as stack:
        yield stack


@pytest.fixture
async def impatient() -> AsyncIterator[Stack]:
    """Its directory server gives up soon: only who is asked for a silent ACS may be here."""
    async with simulator(acs_timeout=0.1) as stack:
        yield stack


@pytest.fixture
def gateway():
    server = ThreeDSServer()
    yield server
    server.close()


async def minted(desk, scheme, names, **wishes):
    wished = [desk("POST", "/api/cards", json={"scheme": scheme, "scenario": name, **wishes}) for name in names]
    answers = await asyncio.gather(*wished)
    assert {status for status, _, _ in answers} == {201}
    return dict(zip(names, (card for _, card, _ in answers), strict=True))


def test_the_table_knows_every_scenario_and_the_promised_ones_exist():
    assert ANSWERS.keys() == SCENARIOS.keys()
    assert ENROLMENTS.keys() <= V1_SCENARIOS.keys()
    assert {*ANSWERS, "enrolment-unknown"} <= ALL_SCENARIOS.keys()


async def asked(stack, gateway, session, scheme, name, pan):
    """The transStatus, or the code of the Erro."""
    areq = gateway.areq(pan, **WISHES.get(name, {}))
    async with session.post(f"{stack.addresses.ds}/{scheme}/3ds2", json=areq) as answer:
        told = await answer.json(content_type=None)
    return told.get("transStatus") or f"Erro {told['errorCode']}"


async def looked_up(stack, session, scheme, name, pan):
    """Whether the card is enrolled, by 1.0.2."""
    body, headers = BytesIO(vereq(pan, f"VEReq-{name}")), {"Content-Type": XML}
    async with session.post(f"{stack.addresses.ds}/{scheme}/3ds1", data=body, headers=headers) as answer:
        return Answer(await answer.read())["VERes/CH/enrolled"]


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_every_scenario_of_a_scheme_answers_as_it_says(whole, gateway, scheme):
    names = [name for name in ANSWERS if name != SILENT]
    async with aiohttp.ClientSession() as session:
        cards = await minted(Caller(session, whole.addresses.desk), scheme, names)
        asking = (asked(whole, gateway, session, scheme, name, cards[name]["pan"]) for name in names)
        answers = await asyncio.gather(*asking)
    assert dict(zip(names, answers, strict=True)) == {name: ANSWERS[name] for name in names}


@pytest.mark.parametrize("scheme", V1_SCHEMES)
async def test_every_scenario_of_1_0_2_is_enrolled_as_it_says(whole, scheme):
    names = [name for name in V1_SCENARIOS if name != SILENT]
    async with aiohttp.ClientSession() as session:
        desk, outside = Caller(session, whole.addresses.desk), ["not-enrolled"]  # in no range of any version
        cards = await minted(desk, scheme, [name for name in names if name not in outside], version="1.0.2")
        cards |= await minted(desk, scheme, outside)
        answers = await asyncio.gather(*(looked_up(whole, session, scheme, name, cards[name]["pan"]) for name in names))
    assert dict(zip(names, answers, strict=True)) == {name: ENROLMENTS.get(name, "Y") for name in names}


async def test_of_every_scheme_the_silent_acs_is_given_up(impatient, gateway):
    async with aiohttp.ClientSession() as session:
        desk = Caller(session, impatient.addresses.desk)
        for scheme in SCHEMES:
            card = (await minted(desk, scheme, [SILENT]))[SILENT]
            answer = await asked(impatient, gateway, session, scheme, SILENT, card["pan"])
            assert (scheme, answer) == (scheme, ANSWERS[SILENT])
        for scheme in V1_SCHEMES:
            card = (await minted(desk, scheme, [SILENT], version="1.0.2"))[SILENT]
            assert await looked_up(impatient, session, scheme, SILENT, card["pan"]) == "U"
