"""The reference gateway is acquitted, in both of its shops, whatever the card does; the library's errs where a file wants it to."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from acs_sim.findings.engine import of_all, verdict_on
from acs_sim.findings.model import Severity
from acs_sim.running.stack import Stack, running_stack
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.running import run
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import STARTED_AT, Caller
from tests.support.ports import with_free_ports
from threedsecure.web.clock import Clock

LIBRARY = Path(__file__).parents[3] / "fixtures" / "scenarios"
CORRECT = {"do": "submit", "code": "correct"}
WRONG = {"do": "submit", "code": "wrong"}
PLAYS = {
    "frictionless": [],
    "frictionless-attempt": [],
    "not-authenticated": [],
    "unavailable": [],
    "rejected": [],
    "informational": [],
    "not-enrolled": [],
    "method-none": [],
    "method-timeout": [],
    "acs-error": [],
    "acs-down": [],
    "stand-in-attempt": [],
    "stand-in-unavailable": [],
    "challenge-otp": [WRONG, CORRECT],
    "challenge-mandated": [{"do": "cancel"}],
    "challenge-auto-pass": [CORRECT],
    "challenge-auto-fail": [CORRECT],
    "challenge-oob": [{"do": "approve"}],
    "challenge-multi-select": [{"do": "select"}],
    "challenge-html": [{"do": "select", "choice": "yes"}],
    "challenge-password": [CORRECT],
    "challenge-password-otp": [CORRECT, CORRECT],
    "results-never": [CORRECT],
    "results-late": [CORRECT],
    "results-twice": [CORRECT],
    "results-contradicting": [{"do": "cancel"}],
    "sms-refused": [{"do": "cancel"}],
}
"""What the buyer does with a card of each scenario."""
UNDECIDED = frozenset({"results-never", "results-late"})
"""The gateway waits for an RReq, and for the clock."""
WITHOUT_RESULT = frozenset({"not-enrolled", "acs-error", "acs-down"})


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


async def bought(stack: Stack, session: aiohttp.ClientSession, shop: str, scenario: str) -> list[str]:
    """The errors and warnings of one purchase."""
    desk = Caller(session, stack.addresses.desk)
    _, card, _ = await desk("POST", "/api/cards", json={"scheme": "visa", "scenario": scenario})
    wanted = {"shop": shop, "pan": card["pan"], "expiry": card["expiry"], "amount": 4200, "currency": "978"}
    wanted["method"] = "perform"
    status, purchase, _ = await Caller(session, stack.addresses.shop)("POST", "/api/purchases", json=wanted)
    assert status == 201, purchase
    carried = {name: purchase[name] for name in ("creq", "threeDSSessionData") if name in purchase}
    for deed in PLAYS[scenario]:
        path = f"/api/transactions/{purchase['id']}/cardholder"
        status, outcome, _ = await desk("POST", path, json=deed | carried)
        assert status == 200, (scenario, outcome)
    if scenario not in UNDECIDED:
        await Caller(session, stack.addresses.shop)("GET", f"/api/purchases/{purchase['id']}?wait=30")
    _, document, _ = await desk("GET", f"/api/transactions/{purchase['id']}/findings?severity=good")
    assert ("result-followed" in str(document)) == (scenario not in UNDECIDED | WITHOUT_RESULT), (scenario, document)
    assert document["verdict"] == "acquitted", document
    return [finding["rule"] for finding in document["findings"] if finding["severity"] != "good"]


@pytest.mark.parametrize("shop", ["e-transactions", "monetico"])
async def test_the_reference_gateway_is_acquitted_of_everything(stack, shop):
    places = asyncio.Semaphore(6)

    async def one(scenario: str) -> list[str]:
        async with places:
            return await bought(stack, session, shop, scenario)

    async with aiohttp.ClientSession() as session:
        found = await asyncio.gather(*map(one, PLAYS))
    assert {scenario: rules for scenario, rules in zip(PLAYS, found, strict=True) if rules} == {}


async def test_the_reference_gateway_keeps_its_card_ranges_as_it_should(stack):
    async with aiohttp.ClientSession() as session:
        await bought(stack, session, "monetico", "frictionless")
        await bought(stack, session, "e-transactions", "frictionless")
        _, document, _ = await Caller(session, stack.addresses.desk)("GET", "/api/findings")
    assert [finding for finding in document["findings"] if finding["rule"].startswith("preq")] == []


async def test_the_gateway_of_a_run_errs_only_where_a_file_wants_it_to():
    """`errors.yaml` sends wrong messages on purpose, and each of them is found."""
    files = [LIBRARY / name for name in ("frictionless.yaml", "challenge.yaml", "errors.yaml")]
    async with running_stack(with_free_ports(Settings(fresh=True))) as stack:
        outcomes = await run(load(files), lambda _outcome: None, at=stack.addresses)
        entries = await stack.runtime.journal.newest(2000)
    transactions: dict[str, list] = {}
    for entry in entries:
        transactions.setdefault(entry["transaction_id"], []).append(entry)
    verdicts = map(verdict_on, transactions.values())
    found = [finding for finding in of_all(verdicts) if finding.severity is Severity.ERROR]
    assert {finding.rule.name for finding in found} <= {"request-refused", "version-above-range"}
    wrong = [outcome for outcome in outcomes if outcome.play.file.name == "errors.yaml"]
    assert 0 < len(found) <= len(wrong)
