"""Channels, categories and what the requestor wishes: what the issuer decides, as pure functions and over the socket."""

import json
from datetime import UTC, datetime
from importlib.resources import files

import pytest
from msgspec.structs import replace

from acs.cards.records import Card
from acs.v2.decision.decide import decide
from tests.acs.test_decision import REQUEST
from threedsecure.cards.plays import Ask, Method, Settle
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.reasons import REASONS, SCHEME_REASONS, exists_in, meaning, reason_in
from threedsecure.v2.validation.checking import Context, Leg, check, context_of

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
OTP = Ask(Method.SMS_CODE)
VERSIONS = ("2.1.0", "2.2.0", "2.3.1")
GOLDEN = sorted(
    f"{version}/{path.name}"
    for version in VERSIONS
    for path in (files("fixtures") / "messages" / version).iterdir()
    if path.name.startswith("areq-") and path.name.endswith("-from-ds.json")
)


def decided(scenario, *indicators, scheme="visa", **changes):
    card = Card("4000000001000001", scheme, scenario, "+33639981101")
    return decide(replace(REQUEST, challenge_indicators=indicators, **changes), card, NOW)


@pytest.mark.parametrize(
    ("scenario", "indicators", "decision"),
    [
        ("challenge-otp", (), OTP),
        ("challenge-otp", ("01",), OTP),
        ("challenge-otp", ("02",), Settle("Y")),
        ("challenge-otp", ("05",), Settle("I", exemption="05")),
        ("challenge-otp", ("06",), Settle("I")),
        ("challenge-otp", ("07",), Settle("I")),
        ("challenge-otp", ("08",), Settle("Y", exemption="08")),
        ("challenge-otp", ("10",), Settle("Y", exemption="10")),
        ("challenge-otp", ("11",), Settle("Y", exemption="11")),
        ("challenge-otp", ("02", "09"), OTP),
        ("challenge-mandated", ("02",), Ask(Method.SMS_CODE, insists=True)),
        ("challenge-mandated", ("05",), Ask(Method.SMS_CODE, insists=True)),
        ("challenge-mandated", ("06",), Settle("I")),
        ("frictionless", ("02",), Settle("Y")),
        ("frictionless", ("03",), OTP),
        ("frictionless", ("04",), OTP),
        ("frictionless", ("09",), OTP),
        ("frictionless", ("06",), Settle("I")),
        ("frictionless", ("05",), Settle("Y")),
        ("rejected", ("04",), Settle("R", "11")),
        ("informational", ("05",), Settle("I")),
        ("informational", ("06",), Settle("I")),
        ("informational", ("07",), Settle("I")),
        ("informational", ("01",), Settle("Y")),
        ("informational", ("04",), OTP),
    ],
)
def test_the_wish_of_the_requestor_is_followed_where_the_card_allows(scenario, indicators, decision):
    assert decided(scenario, *indicators) == decision


def test_a_trust_list_exemption_is_not_followed_for_a_merchant_that_is_not_listed():
    assert decided("challenge-otp", "08", trust_list_status="N") == OTP
    assert decided("challenge-otp", "08", trust_list_status="Y") == Settle("Y", exemption="08")


def test_information_only_does_not_exist_in_2_1_0():
    assert decided("informational", "02", version="2.1.0") == Settle("Y")


@pytest.mark.parametrize(
    ("channel", "scenario", "indicators", "decision"),
    [
        ("01", "frictionless", (), Settle("Y")),
        ("01", "frictionless", ("03",), OTP),
        ("01", "frictionless", ("04",), OTP),
        ("01", "challenge-otp", (), OTP),
        ("03", "frictionless", (), Settle("Y")),
        ("03", "frictionless", ("04",), Settle("U", "21")),
        ("03", "challenge-otp", (), Settle("U", "21")),
        ("03", "challenge-otp", ("02",), Settle("Y")),
    ],
)
def test_a_challenge_that_cannot_be_shown_is_told_as_such(channel, scenario, indicators, decision):
    assert decided(scenario, *indicators, device_channel=channel) == decision


@pytest.mark.parametrize(
    ("scheme", "category", "decision"),
    [
        ("mastercard", "80", Settle("U", "80")),
        ("visa", "80", Settle("U", "20")),
        ("mastercard", "81", Settle("U", "20")),
        ("visa", "02", Settle("Y")),
    ],
)
def test_data_only_is_mastercards_and_other_categories_of_a_scheme_are_not_known(scheme, category, decision):
    assert decided("frictionless", scheme=scheme, message_category=category) == decision


# --- over the socket ---


def golden(name):
    return json.loads((files("fixtures") / "messages" / name).read_text())


@pytest.mark.parametrize("scenario", ["frictionless", "challenge-otp", "not-authenticated", "rejected", "unavailable"])
@pytest.mark.parametrize("name", GOLDEN)
async def test_every_channel_category_and_version_gets_an_ares_that_the_tables_accept(acs, name, scenario):
    areq = golden(name) | {"acctNumber": compose("visa", SCENARIOS[scenario]), "cardExpiryDate": "3012"}
    _, ares = await acs.post_areq(areq)
    assert ares["messageType"] == "ARes", ares
    check(ares, context_of(ares, Leg.ACS_TO_DS, areq))
    if areq["deviceChannel"] == "03":
        assert ares["transStatus"] != "C"


@pytest.mark.parametrize(
    ("version", "sent", "told"),
    [
        ("2.1.0", {"whiteListStatus": "Y", "whiteListStatusSource": "01"}, {}),
        ("2.2.0", {"whiteListStatus": "Y", "whiteListStatusSource": "01"}, {"whiteListStatus": "Y"}),
        ("2.3.1", {"trustListStatus": "N", "trustListStatusSource": "02"}, {"trustListStatus": "N"}),
        ("2.3.1", {"deviceBindingStatus": "11", "deviceBindingStatusSource": "02"}, {"deviceBindingStatus": "11"}),
    ],
)
async def test_the_statuses_of_trust_list_and_device_binding_are_echoed_with_their_source(acs, version, sent, told):
    areq = acs.areq(compose("visa", SCENARIOS["frictionless"]), version, **sent)
    ares = (await acs.post_areq(areq))[1]
    check(ares, Context(version, leg=Leg.ACS_TO_DS, request=areq))
    names = ("whiteListStatus", "trustListStatus", "deviceBindingStatus")
    assert {name: ares[name] for name in names if name in ares} == told
    assert all(ares[f"{name}Source"] == sent[f"{name}Source"] for name in told)


async def test_an_exemption_that_was_followed_is_named_in_2_3_1(acs):
    ares = await acs.ask(version="2.3.1", threeDSRequestorChallengeInd=["10"])
    assert (ares["transStatus"], ares["transChallengeExemption"]) == ("Y", "10")
    ares = await acs.ask(version="2.2.0", threeDSRequestorChallengeInd="08")
    assert (ares["transStatus"], "transChallengeExemption" in ares) == ("Y", False)


async def test_a_card_that_insists_says_that_its_challenge_is_mandated(acs):
    ares = await acs.ask(compose("visa", SCENARIOS["challenge-mandated"]), threeDSRequestorChallengeInd="02")
    assert (ares["transStatus"], ares["acsChallengeMandated"]) == ("C", "Y")


@pytest.mark.parametrize(("scheme", "eci"), [("visa", "05"), ("mastercard", "N2")])
async def test_what_is_no_payment_is_authenticated_without_a_proof(acs, scheme, eci):
    areq = acs.areq(compose(scheme, SCENARIOS["frictionless"]), messageCategory="02")
    ares = (await acs.post_areq(areq))[1]
    assert (ares["transStatus"], ares["eci"], "authenticationValue" in ares) == ("Y", eci, False)
    check(ares, Context("2.2.0", message_category="02", leg=Leg.ACS_TO_DS, request=areq))


async def test_data_only_is_told_by_status_reason_and_eci(acs):
    ares = await acs.ask(compose("mastercard", SCENARIOS["frictionless"]), messageCategory="80")
    assert (ares["transStatus"], ares["transStatusReason"], ares["eci"]) == ("U", "80", "04")


# --- transStatusReason ---


async def mint(acs, pan, **wish):
    return await acs.control("cards", {"pan": pan, "scenario": "rejected", **wish})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("reason", [*REASONS, "80", "87", "99"])
async def test_a_minted_card_can_ask_for_any_reason_and_gets_one_that_its_version_has(acs, version, reason):
    pan = compose("visa", SCENARIOS["rejected"], serial="7")
    assert (await mint(acs, pan, reason=reason))[0] == 201
    areq = acs.areq(pan, version)
    ares = (await acs.post_areq(areq))[1]
    assert (ares["transStatus"], ares["transStatusReason"]) == ("R", reason_in(version, reason))
    check(ares, Context(version, leg=Leg.ACS_TO_DS, request=areq))


@pytest.mark.parametrize(
    ("digit", "wish", "named"),
    [
        ("0", {"reason": "31"}, "31"),
        ("0", {"reason": "00"}, "00"),
        ("1", {"reason": "22"}, "2.1.0"),
        ("2", {"reason": "27"}, "2.2.0"),
        ("0", {"scenario": "challenge-otp", "transStatus": "N"}, "transStatus"),
        ("0", {"scenario": "acs-error", "reason": "01"}, "reason"),
    ],
)
async def test_an_outcome_that_the_card_cannot_have_is_refused_when_it_is_minted(acs, digit, wish, named):
    status, problem = await mint(acs, compose("visa", SCENARIOS["rejected"], serial="7", version=digit), **wish)
    assert (status, named in problem["detail"]) == (422, True)


@pytest.mark.parametrize("wish", [{"reason": "1"}, {"reason": 1}, {"reason": "٠١"}, {"transStatus": "C"}])
async def test_an_outcome_that_is_ill_formed_is_refused(acs, wish):
    assert (await mint(acs, compose("visa", SCENARIOS["rejected"], serial="7"), **wish))[0] == 400


@pytest.mark.parametrize(
    ("trans_status", "reason", "told"),
    [("Y", "17", ("Y", "17")), ("N", None, ("N", "01")), ("U", "09", ("U", "09")), ("A", None, ("A", None))],
)
async def test_a_minted_card_can_ask_for_any_status(acs, trans_status, reason, told):
    pan = compose("visa", SCENARIOS["rejected"], serial="7")
    wish = {"transStatus": trans_status} | ({"reason": reason} if reason else {})
    assert (await mint(acs, pan, **wish))[0] == 201
    ares = await acs.ask(pan)
    assert (ares["transStatus"], ares.get("transStatusReason")) == told


async def test_a_challenge_that_fails_gives_the_reason_that_its_card_was_minted_for(acs):
    pan = compose("visa", SCENARIOS["challenge-otp"], serial="7")
    assert (await mint(acs, pan, scenario="challenge-otp", reason="10", tries=1))[0] == 201
    shown = await acs.challenge(pan)
    await acs.type(shown, acs.phone.wrong_code)
    [rreq] = acs.directory.rreqs
    assert (rreq["transStatus"], rreq["transStatusReason"]) == ("N", "10")


def test_every_reason_has_words_and_falls_back_on_one_that_is_older():
    for code, reason in REASONS.items():
        assert meaning(code) == reason.words
        for version in VERSIONS:
            assert exists_in(version, reason_in(version, code))
    assert meaning("80", "visa") == SCHEME_REASONS["visa"]["80"]
    assert meaning("99", "visa") is None
    assert not exists_in("2.3.1", "31")
    assert not exists_in("2.3.1", "8")


async def test_an_authentication_that_is_no_payment_can_be_challenged(acs):
    areq = golden("2.2.0/areq-brw-npa-minimal.json")
    ds = {"dsTransID": acs.areq()["dsTransID"], "dsURL": acs.ds_url, "dsReferenceNumber": "DS-TEST-0001"}
    areq |= ds | {"acctNumber": compose("visa", SCENARIOS["challenge-otp"])}
    ares = (await acs.post_areq(areq))[1]
    shown = await acs.open(ares)
    assert shown.status == 200
    await acs.type(shown, acs.phone.code)
    [rreq] = acs.directory.rreqs
    assert (rreq["transStatus"], rreq["messageCategory"], "authenticationValue" in rreq) == ("Y", "02", False)
    check(rreq, context_of(rreq, Leg.ACS_TO_DS, areq, ares))
