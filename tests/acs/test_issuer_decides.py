"""The issuer's own decision service: it is asked, and what it answers happens; what it does wrong costs nobody anything."""

import importlib.util
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from acs.v2.decision.outside import SCENARIO_OF
from acs_sim.client.authenticator import answer_of
from tests.acs.stage import stage
from tests.acs.test_passkeys import OURS, enrolled
from tests.acs.test_spc import SPC, confirming, of_the_page, second, status
from tests.support.simulator import runtime
from tests.support.slow_peers import dribbling, heading, silent
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.redaction import redact
from threedsecure.web.calling.names import Names
from threedsecure.web.calling.outward import OutwardTransport
from threedsecure.web.serving.application import serving

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "issuer" / "decide.py"
FRICTIONLESS = compose("visa", SCENARIOS["frictionless"])
OTP = compose("visa", SCENARIOS["challenge-otp"])
SOON = 0.05
DECIDES = {"decision": "frictionless"}


class Service:
    """Answers `document` as JSON, or `response`; keeps what it was asked."""

    def __init__(self):
        self.document, self.response, self.asked, self.url = DECIDES, None, [], ""

    async def decide(self, request):
        self.asked.append(json.loads(await request.read()))
        return self.response() if self.response else web.json_response(self.document)


@pytest.fixture(scope="module")
async def decided():
    """The ACS, and the service that decides for it."""
    service, app = Service(), web.Application()
    app.router.add_post("/decide", service.decide)
    async with serving(app, "127.0.0.1", 0) as port:
        service.url = f"http://127.0.0.1:{port}/decide"
        async with stage(issuer_decides=service.url) as acs:
            await enrolled(acs, SPC)
            yield acs, service


async def said(acs, ares):
    """What the journal has of the decision."""
    entries = await acs.runtime.journal.entries_of(ares["threeDSServerTransID"])
    return next(redact(each["message"]) | {"kind": each["kind"]} for each in entries if each["from"] == "Issuer")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"decision": "frictionless"}, {"transStatus": "Y", "eci": "05"}),
        ({"decision": "frictionless", "transStatus": "A"}, {"transStatus": "A"}),
        ({"decision": "frictionless", "transStatus": "I"}, {"transStatus": "Y"}),
        ({"decision": "challenge"}, {"transStatus": "C"}),
        ({"decision": "challenge", "method": "out-of-band"}, {"transStatus": "C", "authenticationType": "03"}),
        ({"decision": "refuse"}, {"transStatus": "N", "transStatusReason": "01"}),
        ({"decision": "refuse", "transStatus": "R", "reason": "10"}, {"transStatus": "R", "transStatusReason": "10"}),
        ({"decision": "refuse", "transStatus": "U", "reason": "85"}, {"transStatus": "U", "transStatusReason": "85"}),
        ({"decision": "decoupled"}, {"transStatus": "N", "transStatusReason": "23"}),
        ({"decision": "card"}, {"transStatus": "C"}),
    ],
)
async def test_what_the_service_decides_is_answered(decided, document, told):
    acs, service = decided
    service.document, service.response = document, None
    ares = await acs.ask(OTP)
    assert {name: ares.get(name) for name in told} == told
    assert (await said(acs, ares)).items() >= {**document, "kind": "issuer decision"}.items()


async def test_it_is_asked_with_the_whole_areq_and_nothing_of_the_card_number_is_written_down(decided):
    acs, service = decided
    service.document, service.response = DECIDES, None
    areq = acs.areq(OTP, purchaseAmount="12345")
    _, ares = await acs.post_areq(areq)
    assert service.asked[-1] == {"version": "1", "scheme": "visa", "scenario": "challenge-otp", "areq": areq}
    assert set(await said(acs, ares)) == {"threeDSServerTransID", "decision", "transStatus", "kind"}


@pytest.mark.parametrize(("indicator", "status"), [("04", "Y"), ("02", "Y"), ("06", "I"), ("05", "Y")])
async def test_the_decision_goes_before_the_requestors_wish_but_for_information_only(decided, indicator, status):
    acs, service = decided
    service.document, service.response = DECIDES, None
    assert (await acs.ask(FRICTIONLESS, threeDSRequestorChallengeInd=indicator))["transStatus"] == status


async def test_information_is_answered_where_it_was_asked_for(decided):
    acs, service = decided
    service.document, service.response = {"decision": "frictionless", "transStatus": "I"}, None
    assert (await acs.ask(OTP, threeDSRequestorChallengeInd="05"))["transStatus"] == "I"


@pytest.mark.parametrize(
    ("document", "spoils", "answered"),
    [
        ({"decision": "challenge", "method": "spc"}, False, ("Y", ["14"])),
        ({"decision": "challenge", "method": "spc"}, True, ("C", ["02"])),
        ({"decision": "card"}, False, ("Y", ["14"])),
        ({"decision": "refuse"}, False, ("N", None)),
        ({"decision": "frictionless"}, True, ("Y", None)),
        ({"decision": "challenge", "method": "out-of-band"}, False, ("C", ["09"])),
    ],
)
async def test_it_is_asked_again_when_the_payment_was_confirmed_and_told_whether_it_was(
    decided, document, spoils, answered
):
    acs, service = decided
    service.document, service.response = {"decision": "challenge", "method": "spc"}, None
    areq, ares = await confirming(acs)
    assert "confirmed" not in service.asked[-1]
    service.document = document
    answer = answer_of(OURS, of_the_page(ares, **({"value": "1.00"} if spoils else {})))
    assert status(await second(acs, areq, ares, answer)) == answered
    assert service.asked[-1]["confirmed"] is not spoils
    assert service.asked[-1]["areq"]["threeDSRequestorAuthenticationInfo"][0]["threeDSReqAuthMethod"] == "09"


async def test_a_payment_that_was_not_confirmed_is_decided_by_the_service_too(decided):
    acs, service = decided
    service.document, service.response = {"decision": "challenge", "method": "spc"}, None
    areq, ares = await confirming(acs)
    service.document = {"decision": "refuse", "reason": "11"}
    final = await second(acs, areq, ares, spcIncompInd="02")
    assert (final["transStatus"], final["transStatusReason"], service.asked[-1]["confirmed"]) == ("N", "11", False)


HOSTILE = [
    (lambda: web.json_response({"decision": "perhaps"}), "perhaps"),
    (lambda: web.json_response({"decision": "challenge", "method": "telepathy"}), "no challenge is called telepathy"),
    (lambda: web.json_response({"decision": "challenge", "metod": "out-of-band"}), "metod"),
    (lambda: web.json_response({"decision": "card", "a\nb" * 500: 1}), "a?ba?b"),
    (lambda: web.json_response({"decision": "refuse", "reason": "31"}), "reason"),
    (lambda: web.json_response({"decision": "refuse", "transStatus": "C"}), "transStatus"),
    (lambda: web.json_response([]), "object"),
    (lambda: web.Response(body=b"", content_type="application/json"), "truncated"),
    (lambda: web.Response(body=b"[" * 9_000, content_type="application/json"), ""),
    (lambda: web.Response(body=b'{"decision":"\xff"}', content_type="application/json"), ""),
    (lambda: web.Response(text='{"decision":"refuse"}', content_type="text/html"), "content type"),
    (lambda: web.json_response({"decision": "refuse"}, status=500), "HTTP status 500"),
    (lambda: web.json_response({"decision": "refuse"}, status=201), "HTTP status 201"),
    (lambda: web.json_response({"decision": "refuse"}, status=307, headers={"Location": "/decide"}), "HTTP status 307"),
    (lambda: web.Response(body=b" " * 17_000, content_type="application/json"), "longer than 16384 bytes"),
    (lambda: web.Response(body=b" " * (1 << 21), content_type="application/json"), "longer than 1048576 bytes"),
]


@pytest.mark.parametrize(("response", "reason"), HOSTILE)
async def test_nonsense_is_no_decision_and_the_card_decides(decided, response, reason):
    acs, service = decided
    service.response, before = response, len(service.asked)
    ares = await acs.ask(OTP)
    assert ares["transStatus"] == "C"
    assert len(service.asked) == before + 1
    found = await said(acs, ares)
    assert (found["kind"], found["instead"]) == ("issuer decision failed", "card")
    assert reason in found["reason"]


@pytest.mark.parametrize("peer", [silent, dribbling, heading])
@pytest.mark.parametrize(
    ("missed", "told"),
    [("card", ("Y", None)), ("challenge", ("C", None)), ("unavailable", ("U", "22"))],
)
async def test_a_slow_service_is_waited_for_no_longer_than_is_said(peer, missed, told):
    async with (
        peer() as slow,
        stage(issuer_decides=f"{slow.url}/decide", decision_timeout=SOON, decision_missed=missed) as acs,
    ):
        ares = await acs.ask(FRICTIONLESS)
        assert (ares["transStatus"], ares.get("transStatusReason")) == told
        assert f"no answer within {SOON:g} seconds" in (await said(acs, ares))["reason"]


async def test_a_service_that_is_not_there_and_one_that_controls_the_simulator_are_no_decision():
    async with runtime() as shared:
        outward = OutwardTransport(shared.transport, Names(control_ports=(8000,)))
        for url, reason in (
            ("http://127.0.0.1:1/decide", "no connection"),
            ("http://localhost:8000/api/reset", "controls the simulator"),
        ):
            async with stage(shared=replace(shared, transport=outward), issuer_decides=url) as acs:
                ares = await acs.ask(FRICTIONLESS)
                assert ares["transStatus"] == "Y"
                assert reason in (await said(acs, ares))["reason"]


async def test_a_card_that_is_not_of_this_issuer_is_refused_without_asking(decided):
    acs, service = decided
    before = len(service.asked)
    assert (await acs.ask("4111111111111111"))["errorCode"] == "305"
    assert len(service.asked) == before


@asynccontextmanager
async def example():
    """docs/examples/issuer/decide.py, as users start it."""
    spec = importlib.util.spec_from_file_location("decide", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    async with serving(module.app, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}/decide"


async def test_the_example_of_the_documents_decides_for_the_cards_that_a_rule_names():
    async with example() as url, stage() as acs:
        await acs.control("rules", {"if": {"pan": FRICTIONLESS}, "then": {"decides": url}})
        await acs.control("rules", {"if": {"mcc": "7995"}, "then": {"scenario": "unavailable"}, "once": True})
        small = await acs.ask(FRICTIONLESS)
        large = await acs.ask(FRICTIONLESS, purchaseAmount="10001")
        casino = await acs.ask(FRICTIONLESS, merchantName="Casino Exemple")
        another = await acs.ask(OTP)
    answers = [(each["transStatus"], each.get("transStatusReason")) for each in (small, large, casino, another)]
    assert answers == [("Y", None), ("C", None), ("R", "12"), ("C", None)]
    assert (
        EXAMPLE.read_text().partition("\n\n\n")[2].partition("\n\n\n")[0]
        in (ROOT / "docs" / "issuer-decides.md").read_text()
    )


@pytest.mark.parametrize(
    "then",
    [
        {"decides": "ftp://127.0.0.1/decide"},
        {"decides": "http://127.0.0.1/decide", "scenario": "rejected"},
        {"decides": "http://127.0.0.1/decide", "phone": "+33639981101"},
        {},
    ],
)
async def test_a_rule_that_names_no_service_alone_is_refused(decided, then):
    acs, _ = decided
    assert (await acs.control("rules", {"then": then}))[0] == 422


def test_every_way_to_ask_is_a_method_that_a_service_can_choose():
    assert SCENARIO_OF["sms-code"] == "challenge-otp"
    assert len(set(SCENARIO_OF.values())) == len(SCENARIO_OF)
