"""The proof: a gateway is convicted of each mistake by the finding meant for it and by no other, and acquitted without."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
import pytest

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.model import Severity
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import STARTED_AT, Caller
from tests.acs_sim.findings.wrong_gateway import Mistake, WrongGateway, base64url, wrong_gateway
from tests.support.classic_mpi import XML, Answer, packed, pareq, vereq
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.standard_gateway.mistakes import MISTAKES
from tests.threedsecure.v2.golden import find
from threedsecure.web.clock import Clock


@dataclass(frozen=True)
class Play:
    """A card, how often it pays, what its holder does in front of the bank's page, and how much time passes after each payment."""

    scenario: str = "challenge-otp"
    deed: dict | None = field(default_factory=lambda: {"do": "submit", "code": "correct"})
    payments: int = 1
    wishes: dict = field(default_factory=dict)
    passes: str | None = None


CODE = Play()
CONTRADICTED = Play("results-contradicting", {"do": "cancel"})
REFUSED = Play("not-authenticated", None)
TWICE = Play("frictionless", None, payments=2)
ONCE = Play("frictionless", None)
OLD_CARD = Play("frictionless", None, wishes={"version": "2.1.0"})
NO_METHOD = Play("method-none", None)
SILENT_METHOD = Play("method-timeout", None)

MEANT_FOR = {
    Mistake.BELIEVES_THE_CRES: ("result-from-cres", CONTRADICTED),
    Mistake.ACCEPTS_WHAT_WAS_REFUSED: ("result-not-followed", REFUSED),
    Mistake.DOES_NOT_ANSWER_THE_RREQ: ("results-unanswered", CODE),
    Mistake.ANSWERS_FOR_ANOTHER: ("results-answered-wrongly", CODE),
    Mistake.REFUSES_A_RIGHT_RREQ: ("erro-for-right-message", CODE),
    Mistake.INVENTS_THE_METHOD: ("comp-ind-mismatch", ONCE),
    Mistake.SKIPS_THE_METHOD: ("method-skipped", ONCE),
    Mistake.KNOWS_ONE_VERSION: ("version-above-range", OLD_CARD),
    Mistake.OPENS_IT_AGAIN: ("challenge-reused", CODE),
    Mistake.MIXES_UP_THE_CREQ: ("creq-wrong", Play(deed=None)),
    Mistake.TAKES_ANOTHER_WINDOW: ("creq-wrong", Play(deed=None)),
    Mistake.HAS_NO_NOTIFICATION_URL: ("notification-unanswered", CODE),
    Mistake.CARRIES_THE_CARD_NUMBER: ("secrets-in-clear", CODE),
    Mistake.CARRIES_IT_IN_AN_ADDRESS: ("secrets-in-clear", ONCE),
    Mistake.USES_ONE_ID: ("trans-id-reused", TWICE),
    Mistake.POSTS_AGAIN_AND_AGAIN: ("retry-storm", ONCE),
    Mistake.ASKS_FOR_RANGES_EVERY_TIME: ("preq-too-eager", TWICE),
    Mistake.FORGETS_THE_BUYER: ("elements-missing", ONCE),
    Mistake.MISSPELLS: ("elements-undefined", ONCE),
    Mistake.NEVER_OPENS_THE_CHALLENGE: ("challenge-never-begun", Play(deed=None, passes="61s")),
    Mistake.TRIES_AGAIN: ("purchase-retried", Play("not-authenticated", None, payments=3)),
    Mistake.FORGETS_THE_SERIAL: ("preq-whole-list", Play("frictionless", None, payments=2, passes="2h")),
    Mistake.KEEPS_A_REFUSED_SERIAL: ("preq-serial-kept", TWICE),
    Mistake.FORGETS_THE_CURRENCY: ("request-refused", ONCE),
}
ALONE = {
    "cres-never-fetched": "a window that is closed: tests/acs_sim/findings/test_no_fault_convicts.py",
    "results-late": "an RRes after more than two seconds, which no test waits for: typed by hand",
    "frame-without-permission": "a real browser: tests/system/test_passkeys_in_chromium.py",
    "confirmation-refused": "a shop's page: tests/acs_sim/gateway/test_confirming.py",
}
"""Findings that no gateway of these tests earns, and where they are seen."""
PLAYS = (CODE, CONTRADICTED, REFUSED, TWICE, OLD_CARD, NO_METHOD, SILENT_METHOD, Play(deed={"do": "cancel"}))


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


@pytest.fixture
async def call(stack) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, stack.addresses.desk)


async def played(call: Caller, gateway: WrongGateway, play: Play) -> list[str]:
    """The errors and warnings against this gateway, each told once."""
    wish = {"scheme": "visa", "scenario": play.scenario, **play.wishes}
    status, card, _ = await call("POST", "/api/cards", json=wish)
    assert status == 201, card
    for number in range(play.payments):
        await gateway.pay(card["pan"], card["expiry"], f"{number + 1}00")
        if play.passes is not None:
            status, moved, _ = await call("POST", "/api/clock", json={"advance": play.passes})
            assert status == 200, moved
            await results_answered(call, gateway)
    if play.deed is not None:
        status, outcome, _ = await call("POST", f"/api/transactions/{gateway.payments[0]}/cardholder", json=play.deed)
        assert status == 200, outcome
        await gateway.back_in_the_frame(gateway.payments[0])
    return await rules_against(call, gateway)


async def results_answered(call: Caller, gateway: WrongGateway) -> None:
    """What was due when time passed may take a moment."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            _, told, _ = await call("GET", f"/api/transactions/{gateway.payments[-1]}/messages")
            kinds = {(one["kind"], one["message"].get("transStatus")) for one in told["messages"]}
            if ("ARes", "C") not in kinds or "RRes" in {kind for kind, _ in kinds}:
                return
            await asyncio.sleep(0.02)


async def rules_against(call: Caller, gateway: WrongGateway, severity: str = "warning") -> list[str]:
    _, document, _ = await call("GET", f"/api/findings?severity={severity}")
    own = {*gateway.payments, *gateway.asked}
    return sorted({one["rule"] for one in document["findings"] if one["transaction_id"] in own})


def test_every_mistake_has_the_finding_that_is_meant_for_it():
    assert {*MEANT_FOR} == {*Mistake}


@pytest.mark.parametrize("mistake", Mistake, ids=str)
async def test_a_gateway_is_convicted_of_its_mistake_and_of_nothing_else(stack, call, mistake):
    rule, play = MEANT_FOR[mistake]
    async with wrong_gateway(stack.addresses, mistake) as gateway:
        assert await played(call, gateway, play) == [rule]


@pytest.mark.parametrize("play", PLAYS, ids=lambda play: f"{play.scenario} {play.deed and play.deed['do']}")
async def test_a_gateway_without_mistakes_is_acquitted(stack, call, play):
    async with wrong_gateway(stack.addresses) as gateway:
        assert await played(call, gateway, play) == []
        assert "buyer-data-complete" in await rules_against(call, gateway, "good")


async def test_what_is_good_is_told_to_who_asks_for_it(stack, call):
    async with wrong_gateway(stack.addresses) as gateway:
        await played(call, gateway, CODE)
        assert await rules_against(call, gateway, "good") == [
            "buyer-data-complete",
            "method-completed",
            "result-followed",
            "results-acknowledged",
        ]


async def test_a_verdict_says_where_the_evidence_stands_in_the_conversation(stack, call):
    async with wrong_gateway(stack.addresses, Mistake.BELIEVES_THE_CRES) as gateway:
        await played(call, gateway, CONTRADICTED)
        one = gateway.payments[0]
    _, document, _ = await call("GET", f"/api/transactions/{one}/findings")
    (finding,) = document["findings"]
    assert (document["verdict"], finding["severity"], finding["transaction_id"]) == ("convicted", "error", one)
    _, conversation, _ = await call("GET", f"/api/transactions/{one}/messages")
    cited = [conversation["messages"][each["number"] - 1] for each in finding["evidence"]]
    assert [(each["kind"], each["message"].get("transStatus")) for each in cited] == [
        ("outcome", None),
        ("RReq", "N"),
        ("CRes", "Y"),
    ]
    assert finding["evidence"][0]["found"] == "accepted"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            {"at": "RReq", "do": "set", "element": "eci", "value": "99x", "from": "Directory Server"},
            ["wrong-result-taken"],
        ),
        ({"at": "RReq", "do": "reset"}, []),
        ({"at": "CRes post", "do": "garbage"}, []),
    ],
    ids=lambda value: value["do"] if isinstance(value, dict) else "",
)
async def test_what_a_fault_did_is_no_fault_of_the_gateway(stack, call, fault, expected):
    async with wrong_gateway(stack.addresses) as gateway:
        _, card, _ = await call("POST", "/api/cards", json={"scheme": "visa", "scenario": "challenge-otp"})
        status, told, _ = await call("POST", "/api/faults", json=fault | {"card": card["pan"]})
        assert status in {200, 201}, told
        await gateway.pay(card["pan"], card["expiry"])
        await call("POST", f"/api/transactions/{gateway.payments[0]}/cardholder", json=CODE.deed)
        _, conversation, _ = await call("GET", f"/api/transactions/{gateway.payments[0]}/messages")
        assert "fault" in [one["kind"] for one in conversation["messages"]]
        assert await rules_against(call, gateway) == expected


@dataclass(frozen=True)
class Poster:
    """Who posts a message without a gateway around it."""

    session: aiohttp.ClientSession
    stack: Stack
    call: Caller

    async def card(self, scheme: str, scenario: str, **wishes: str) -> dict:
        status, card, _ = await self.call("POST", "/api/cards", json={"scheme": scheme, "scenario": scenario, **wishes})
        assert status == 201, card
        return card

    async def app(self, scheme: str) -> dict:
        return (await self.call("POST", "/api/apps", json={"scheme": scheme, "version": "2.2.0"}))[1]

    async def areq(self, golden: str, card: dict, **changes: object) -> dict:
        bought = {"acctNumber": card["pan"], "cardExpiryDate": card["expiry"], "threeDSServerTransID": str(uuid4())}
        message = {**find("2.2.0", golden).message, "threeDSRequestorChallengeInd": "01", **bought, **changes}
        known = {name: value for name, value in message.items() if value is not None}
        url = f"{self.stack.addresses.ds}/{card['scheme']}/3ds2"
        async with self.session.post(url, json=known) as answer:
            told = await answer.json()
        assert told["messageType"] in ("ARes", "Erro")
        return told

    async def vereq(self, card: dict, **changes: str) -> Answer:
        url, body = f"{self.stack.addresses.ds}/{card['scheme']}/3ds1", vereq(card["pan"], **changes)
        async with self.session.post(url, data=body, headers={"Content-Type": XML}) as answer:
            assert answer.status == 200
            return Answer(await answer.read())

    async def submit(self, url: str, **fields: str) -> None:
        async with self.session.post(url, data=fields) as answer:
            await answer.read()


async def a_vereq_that_is_no_vereq(poster: Poster) -> None:
    await poster.vereq(await poster.card("visa", "frictionless"), acq_bin="abc")


async def two_tabs_at_a_bank_of_1_0_2(poster: Poster) -> None:
    veres = await poster.vereq(await poster.card("visa", "bad-signature", version="1.0.2"))
    form = {"PaReq": packed(pareq(veres["VERes/CH/acctID"])), "TermUrl": "https://shop.example/term", "MD": "1"}
    for _ in range(2):
        await poster.submit(veres["VERes/url"], **form)


async def two_areqs_of_one_app(poster: Poster) -> None:
    card, app = await poster.card("visa", "frictionless"), await poster.app("visa")
    for _ in range(2):
        await poster.areq("areq-app-pa", card, **{**app["areq"], "sdkMaxTimeout": "03"})


async def an_app_that_opens_a_web_view(poster: Poster) -> None:
    card, app = await poster.card("visa", "challenge-otp"), await poster.app("visa")
    ares = await poster.areq("areq-app-pa", card, **app["areq"])
    ids = {name: ares[name] for name in ("threeDSServerTransID", "acsTransID", "messageVersion")}
    creq = base64url({"messageType": "CReq", **ids, "challengeWindowSize": "05"})
    await poster.submit(f"{poster.stack.addresses.acs}/3ds2/challenge", creq=creq)


async def an_app_that_nobody_comes_back_to(poster: Poster) -> None:
    card, app = await poster.card("mastercard", "challenge-oob"), await poster.app("mastercard")
    await poster.areq("areq-app-pa", card, **app["areq"])
    status, told, _ = await poster.call("POST", f"/api/apps/{app['id']}", json={"do": "abandon"})
    assert status == 200, told


async def a_buyer_of_whom_nothing_is_told(poster: Poster) -> None:
    card = await poster.card("mastercard", "frictionless")
    await poster.areq("areq-brw-pa", card, email=None, mobilePhone=None)


SENDERS = {
    a_vereq_that_is_no_vereq: {"classic-request-refused"},
    two_tabs_at_a_bank_of_1_0_2: {"pareq-reused"},
    two_areqs_of_one_app: {"sdk-max-timeout-short", "sdk-trans-id-reused"},
    an_app_that_opens_a_web_view: {"app-challenge-elsewhere"},
    an_app_that_nobody_comes_back_to: {"app-url-missing"},
    a_buyer_of_whom_nothing_is_told: {"dated-rules"},
}
"""What posts a wrong message itself, and the findings that it earns."""


@pytest.mark.parametrize("send", SENDERS, ids=lambda send: send.__name__)
async def test_what_posts_a_wrong_message_is_convicted_of_it(stack, call, send):
    async with aiohttp.ClientSession() as session:
        await send(Poster(session, stack, call))
    _, document, _ = await call("GET", "/api/findings?severity=advice")
    assert {one["rule"] for one in document["findings"]} >= SENDERS[send]


def test_every_finding_has_a_gateway_that_earns_it_or_a_reason_why_none_does():
    earned = {rule for rule, _ in MEANT_FOR.values()}.union(*SENDERS.values())
    earned |= {rule for mistake in MISTAKES.values() for rule in mistake.rules}
    judging = {rule.name for rule in ALL_RULES if rule.severity is not Severity.GOOD}
    assert judging - earned == ALONE.keys()
