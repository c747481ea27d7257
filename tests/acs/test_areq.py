"""`POST /3ds2/areq`, as a directory server calls it."""

import asyncio
import json
from time import monotonic

import pytest

from tests.acs.stage import OTP, stage
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check
from threedsecure.web.calling.transport import InProcessTransport
from threedsecure.web.metrics import Metrics
from threedsecure.web.serving.application import application
from threedsecure.web.serving.service import Dispatcher


def card(scenario, scheme="visa", **choices):
    return compose(scheme, SCENARIOS[scenario], **choices)


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("frictionless", {"transStatus": "Y", "eci": "05"}),
        ("frictionless-attempt", {"transStatus": "A", "eci": "06"}),
        ("not-authenticated", {"transStatus": "N", "eci": "07", "transStatusReason": "01"}),
        ("unavailable", {"transStatus": "U", "eci": "07"}),
        ("rejected", {"transStatus": "R", "eci": "07", "transStatusReason": "11"}),
        ("challenge-otp", {"transStatus": "C", "acsChallengeMandated": "N"}),
        ("challenge-auto-pass", {"transStatus": "C"}),
        ("method-none", {"transStatus": "Y"}),
    ],
)
async def test_the_ares_follows_the_card_and_is_right(acs, version, scenario, told):
    areq = acs.areq(card(scenario), version)
    status, ares = await acs.post_areq(areq)
    assert status == 200
    assert {name: ares.get(name) for name in told} == told
    for name in ("threeDSServerTransID", "dsTransID", "dsReferenceNumber", "messageVersion"):
        assert ares[name] == areq[name]
    check(ares, Context(version, leg=Leg.ACS_TO_DS, request=areq))
    assert ("authenticationValue" in ares) == (ares["transStatus"] in "YA")


async def test_the_reason_of_an_unavailable_issuer_exists_in_the_version(acs):
    assert (await acs.ask(card("unavailable"), "2.1.0"))["transStatusReason"] == "14"
    assert (await acs.ask(card("unavailable"), "2.2.0"))["transStatusReason"] == "22"


@pytest.mark.parametrize("scheme", ["visa", "mastercard", "amex", "cb"])
async def test_every_scheme_authenticates(acs, scheme):
    ares = await acs.ask(card("frictionless", scheme))
    assert ares["transStatus"] == "Y"
    assert len(ares["authenticationValue"]) == 28


async def test_the_requestor_can_mandate_the_challenge(acs):
    assert (await acs.ask(threeDSRequestorChallengeInd="04"))["acsChallengeMandated"] == "Y"


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"dsTransID": None}, "201", "dsTransID"),
        ({"dsURL": None}, "201", "dsURL"),
        ({"merchantName": None, "mcc": None}, "201", "mcc,merchantName"),
        ({"threeDSServerTransID": "no uuid"}, "203", "threeDSServerTransID"),
        ({"purchaseAmount": "12.50", "browserIP": 7}, "203", "browserIP,purchaseAmount"),
        ({"purchaseCurrency": "999"}, "304", "purchaseCurrency"),
        ({"messageVersion": "2.3.0"}, "102", "2.1.0,2.2.0,2.3.1"),
        ({"messageVersion": "9.9.9"}, "102", "2.1.0,2.2.0,2.3.1"),
        ({"messageType": "ARes"}, "101", None),
        ({"acctNumber": "4111111111111111"}, "305", "acctNumber"),
    ],
)
async def test_a_wrong_areq_is_answered_by_an_erro_that_names_what_is_wrong(acs, changes, code, detail):
    areq = acs.areq(**changes)
    status, erro = await acs.post_areq(areq)
    assert (status, erro["messageType"], erro["errorComponent"], erro["errorCode"]) == (200, "Erro", "A", code)
    if detail is not None:
        assert sorted(erro["errorDetail"].split(",")) == sorted(detail.split(","))
    if "threeDSServerTransID" not in changes:
        assert erro["threeDSServerTransID"] == areq["threeDSServerTransID"]
    assert (await acs.control("transactions"))[1] == {"transactions": []}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"messageType":"AReq"}', "text/plain"),
        (b"messageType=AReq", "application/x-www-form-urlencoded"),
        (b'{"messageType":"AReq","x":"' + b"x" * 300_000 + b'"}', "application/json"),
    ],
    ids=["empty", "truncated", "array", "no text", "deep", "text/plain", "form", "too long"],
)
async def test_what_is_no_areq_at_all_is_answered_by_erro_101(acs, body, content_type):
    status, erro = await acs.post_areq(body, content_type)
    assert (status, erro["messageType"], erro["errorCode"], erro["errorComponent"]) == (200, "Erro", "101", "A")


async def test_an_element_that_stands_twice_is_named(acs):
    body = json.dumps(acs.areq()).encode()[:-1] + b',"mcc":"5943"}'
    _, erro = await acs.post_areq(body)
    assert (erro["errorCode"], erro["errorDetail"]) == ("204", "mcc")


async def test_a_card_that_is_not_ours_is_told_the_nearest_ones_and_not_repeated(acs):
    erro = await acs.ask("4111111111111111")
    assert "4000 0000 0000 0002 (frictionless)" in erro["errorDescription"]
    assert "4111" not in erro["errorDescription"]


async def test_an_expired_card_is_not_authenticated(acs):
    ares = await acs.ask(card("frictionless"), cardExpiryDate="2605")
    assert (ares["transStatus"], ares["transStatusReason"]) == ("N", "05")


async def test_the_acs_that_answers_with_an_error(acs):
    erro = await acs.ask(card("acs-error"))
    assert (erro["messageType"], erro["errorCode"], erro["errorComponent"]) == ("Erro", "403", "A")


async def test_the_silent_acs_answers_late_and_keeps_nobody_for_ever(acs):
    began = monotonic()
    ares = await acs.ask(card("acs-timeout"))
    assert monotonic() - began >= acs.settings.silence
    assert (ares["transStatus"], ares["transStatusReason"]) == ("U", "22")


async def test_a_caller_in_the_same_process_can_give_up_on_the_silent_acs():
    from acs.app import build
    from acs.settings import AcsSettings
    from tests.support.simulator import runtime
    from threedsecure.errors import PeerTimedOut

    async with stage() as acs, runtime() as shared:
        service = build(shared, AcsSettings(silence=30.0))
        dispatcher = Dispatcher(service, shared, Metrics())
        assert application(service, dispatcher, Metrics())
        transport = InProcessTransport(shared.transport)
        transport.register("http://acs.test", dispatcher.endpoints())
        body = json.dumps(acs.areq(card("acs-timeout"))).encode()
        async with service.lifespan():
            with pytest.raises(PeerTimedOut):
                await transport.post("http://acs.test/3ds2/areq", body, timeout=0.1)


async def test_every_frictionless_answer_is_remembered(acs):
    ares = await acs.ask(card("rejected"))
    kept = await acs.transaction(ares["acsTransID"])
    assert (kept["state"], kept["transStatus"], kept["transStatusReason"], kept["results"]) == (
        "answered",
        "R",
        "11",
        None,
    )
    assert kept["pan"] == "400000******" + card("rejected")[-4:]


@pytest.mark.parametrize("changes", [{"deviceChannel": "01"}, {"deviceChannel": "03"}])
async def test_other_channels_never_break_it(acs, changes):
    answer = await acs.ask(OTP, **changes)
    assert answer["messageType"] in {"ARes", "Erro"}
    assert answer.get("transStatus") != "C"


async def test_the_longest_amount_is_authenticated_and_shown(acs):
    amount = "9" * 48
    assert (await acs.ask(card("frictionless"), purchaseAmount=amount))["transStatus"] == "Y"
    shown = await acs.challenge(purchaseAmount=amount, purchaseCurrency="392", purchaseExponent="0")
    assert shown.status == 200
    assert "999,999" in acs.phone.messages[-1]["body"]


async def test_a_hundred_areqs_at_once_get_a_hundred_transactions(acs):
    answers = await asyncio.gather(*(acs.ask() for _ in range(100)))
    assert {answer["transStatus"] for answer in answers} == {"C"}
    assert len({answer["acsTransID"] for answer in answers}) == 100


async def test_identifiers_that_repeat_with_a_seed_do_not_collide(acs):
    names = []
    for _ in range(3):
        acs.runtime.randomness.seed(7)
        names.append((await acs.ask())["acsTransID"])
    assert len(set(names)) == 3


@pytest.mark.parametrize("wrong", [{}, {"errorCode": None}, {"messageVersion": "9.9.9"}])
async def test_an_erro_is_taken_and_never_answered(acs, wrong):
    erro = {
        "messageType": "Erro",
        "messageVersion": "2.2.0",
        "errorCode": "203",
        "errorComponent": "D",
        "errorDescription": "wrong",
        "errorDetail": "acsTransID",
    } | wrong
    doubled = json.dumps(erro)[:-1] + ',"errorCode":"101"}'
    for body in (json.dumps(erro), doubled):
        headers = {"Content-Type": "application/json"}
        async with acs.browser.post(acs.url + "/3ds2/areq", data=body, headers=headers) as answer:
            assert (answer.status, await answer.read()) == (200, b"")


async def test_a_rule_in_force_has_every_payment_in_india_challenged():
    wishes_none = {"threeDSRequestorChallengeInd": "02"}
    async with stage(rules_as_of="2026-04-01") as acs:
        indian = await acs.ask(card("frictionless"), merchantCountryCode="356", **wishes_none)
        french = await acs.ask(card("frictionless"), merchantCountryCode="250", **wishes_none)
    assert (indian["transStatus"], french["transStatus"]) == ("C", "Y")
