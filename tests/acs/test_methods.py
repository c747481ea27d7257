"""Every way the bank asks, over real sockets."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest

from acs.cardholder.methods.single_select import phones
from acs.cardholder.methods.table import METHODS
from tests.acs.stage import stage
from threedsecure.cards.plays import Method
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import compose, read
from threedsecure.v2.validation.checking import Context, Leg, check

CHALLENGES = (
    "challenge-oob",
    "challenge-single-select",
    "challenge-multi-select",
    "challenge-html",
    "challenge-password",
    "challenge-password-otp",
    "challenge-knowledge",
)


def card(scenario, scheme="visa"):
    return compose(scheme, SCENARIOS[scenario])


async def only_rreq(acs):
    await acs.directory.until(1)
    (rreq,) = acs.directory.rreqs
    check(rreq, Context(rreq["messageVersion"], leg=Leg.ACS_TO_DS))
    return rreq


def told(rreq):
    return tuple(
        rreq.get(name) for name in ("transStatus", "transStatusReason", "challengeCancel", "interactionCounter")
    )


def named(rreq):
    return rreq["authenticationType"], rreq["authenticationMethod"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("scenario", CHALLENGES)
async def test_every_scheme_has_a_card_for_every_method(acs, scheme, scenario):
    ares = await acs.ask(card(scenario, scheme))
    assert ares["transStatus"] == "C"
    check(ares, Context("2.2.0", leg=Leg.ACS_TO_DS))


# The outcome itself.


@pytest.mark.parametrize(("code", "reason"), [("8888", "10"), ("9999", "08"), ("0001", "01"), ("0011", "11")])
async def test_a_code_says_the_reason_too(acs, code, reason):
    page = await acs.challenge(card("challenge-outcome-code"))
    await acs.type(page, code)
    assert told(await only_rreq(acs)) == ("N", reason, None, "01")


@pytest.mark.parametrize(
    ("letter", "eci", "proven"), [("Y", "05", True), ("A", "06", True), ("U", "07", False), ("R", "07", False)]
)
async def test_what_is_chosen_comes_with_its_eci_and_its_proof(acs, letter, eci, proven):
    page = await acs.challenge(card("challenge-choose"))
    assert [f'id="choose-{each}"' in page.text for each in "YNAUR"] == [True] * 5
    await acs.type(page, letter)
    rreq = await only_rreq(acs)
    assert (rreq["transStatus"], rreq["eci"], "authenticationValue" in rreq) == (letter, eci, proven)


async def test_nothing_chosen_is_asked_again_and_costs_no_try(acs):
    page = await acs.challenge(card("challenge-choose"))
    page = await acs.type(page, "")
    assert "Choose an answer first." in page.text
    await acs.type(page, "A")
    assert told(await only_rreq(acs))[0] == "A"


# Static password.


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
async def test_the_password_authenticates_as_static(acs, version):
    ares = await acs.ask(card("challenge-password"), version)
    assert ares["authenticationType"] == "01"
    page = await acs.open(ares)
    assert 'type="password"' in page.text
    end = await acs.type(page, "imaginaire")
    rreq = await only_rreq(acs)
    assert (told(rreq), named(rreq)) == (("Y", None, None, "01"), ("01", "01"))
    assert end.cres["transStatus"] == "Y"
    assert acs.phone.messages == []


async def test_three_wrong_passwords_refuse_the_payment(acs):
    page = await acs.challenge(card("challenge-password"))
    assert (await acs.type(page, " ")).kind == "blank-password"
    for left in ("2", "1"):
        page = await acs.type(page, "Imaginaire")
        assert (page.kind, left in page.message) == ("wrong-password", True)
    assert (await acs.type(page, "x")).kind == "contact-bank"
    assert told(await only_rreq(acs)) == ("N", "19", None, "03")


async def test_a_resend_means_nothing_to_a_password(acs):
    page = await acs.type(await acs.challenge(card("challenge-password")), "", "resend")
    assert (page.kind, acs.phone.messages) == ("no-more-resends", [])


# Password and SMS.


async def test_the_password_opens_the_way_to_the_code_and_both_authenticate(acs):
    page = await acs.challenge(card("challenge-password-otp"))
    assert acs.phone.messages == []
    page = await acs.type(page, "imaginaire")
    assert (page.kind, len(acs.phone.messages)) == (None, 1)
    page = await acs.type(page, "", "resend")
    assert page.kind == "resent"
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    rreq = await only_rreq(acs)
    assert (told(rreq), named(rreq)) == (("Y", None, None, "02"), ("02", "02"))


async def test_the_tries_are_shared_by_password_and_code(acs):
    page = await acs.type(await acs.challenge(card("challenge-password-otp")), "wrong")
    page = await acs.type(page, "imaginaire")
    page = await acs.type(page, acs.phone.wrong_code)
    assert "1" in page.message
    await acs.type(page, acs.phone.wrong_code)
    assert told(await only_rreq(acs)) == ("N", "19", None, "04")


async def test_the_password_posted_twice_sends_one_code(acs):
    page = await acs.challenge(card("challenge-password-otp"))
    await acs.type(page, "imaginaire")
    again = await acs.type(page, "imaginaire")
    assert (again.status, len(acs.phone.messages)) == (200, 1)
    assert 'inputmode="numeric"' in again.text


# A question.


async def test_the_answer_to_the_question_authenticates_however_it_is_written(acs):
    page = await acs.type(await acs.challenge(card("challenge-knowledge")), "Rex")
    assert page.kind == "wrong-answer"
    assert (await acs.type(page, "  fELIX ")).cres["transStatus"] == "Y"
    rreq = await only_rreq(acs)
    assert (told(rreq), named(rreq)) == (("Y", None, None, "02"), ("01", "06"))


# Selects.


@pytest.mark.parametrize("choice", [1, 2])
async def test_the_code_goes_to_the_phone_that_was_chosen(acs, choice):
    pan = card("challenge-single-select")
    page = await acs.challenge(pan)
    assert acs.phone.messages == []
    assert (await acs.type(page, "")).kind == "blank-choice"
    assert (await acs.type(page, "3")).kind == "blank-choice"
    page = await acs.type(page, str(choice))
    (message,) = acs.phone.messages
    assert message["to"] == phones(read(pan).phone)[choice - 1]
    assert message["to"][-2:] in page.text
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    rreq = await only_rreq(acs)
    assert (told(rreq), named(rreq)) == (("Y", None, None, "02"), ("02", "02"))


def test_the_second_phone_is_no_other_cards_and_can_be_called():
    numbers = [read(compose("visa", SCENARIOS["challenge-single-select"], serial=str(n))).phone for n in range(20)]
    both = [number for first in numbers for number in phones(first)]
    assert len(set(both)) == 40
    assert all(len(number) <= 16 for number in both)
    assert phones("+999123456789012")[1] == "+999123456789013"


async def test_the_two_pictures_authenticate_and_others_cost_a_try(acs):
    page = await acs.challenge(card("challenge-multi-select"))
    assert page.text.count('type="checkbox"') == 6
    assert (await acs.type(page, "")).kind == "blank-choice"
    page = await acs.type(page, "2")
    assert (page.kind, "2" in page.message) == ("wrong-choice", True)
    body = urlencode(
        [*page.form.fields.items(), ("challengeValue", "5"), ("challengeValue", "2"), ("action", "submit")]
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with acs.browser.post(page.form.action, data=body, headers=headers) as answer:
        assert 'name="cres"' in await answer.text()
    rreq = await only_rreq(acs)
    assert (told(rreq), named(rreq)) == (("Y", None, None, "02"), ("01", "06"))


@pytest.mark.parametrize(("choice", "result"), [("yes", ("Y", None, None, "01")), ("no", ("N", "01", None, "01"))])
async def test_a_page_of_the_issuers_own_is_answered_with_yes_or_no(acs, choice, result):
    page = await acs.challenge(card("challenge-html"))
    assert (await acs.type(page, "")).kind == "blank-choice"
    await acs.type(page, choice)
    rreq = await only_rreq(acs)
    assert (told(rreq), named(rreq)) == (result, ("02", "10"))


# The banking app.


@pytest.mark.parametrize(("version", "method"), [("2.1.0", "09"), ("2.2.0", "11")])
@pytest.mark.parametrize(
    ("decision", "result", "words"), [("approve", ("Y", None), None), ("decline", ("N", "01"), "declined")]
)
async def test_the_banking_app_decides_and_the_button_goes_on(acs, version, method, decision, result, words):
    ares = await acs.ask(card("challenge-oob"), version)
    assert ares["authenticationType"] == "03"
    page = await acs.open(ares)
    (prompt,) = acs.phone.prompts
    assert (prompt["to"], prompt["reference"]) == (read(card("challenge-oob")).phone, ares["acsTransID"])
    assert "42.00" in prompt["body"]
    page = await acs.type(page, "")
    assert page.kind == "not-decided"
    assert await acs.decide(decision) == (200, {"state": "decided"})
    rreq = await only_rreq(acs)
    assert (told(rreq), named(rreq)) == ((*result, None, "01"), ("03", method))
    end = await acs.type(page, "")
    assert (end.kind, end.cres["transStatus"]) == (words, result[0])


async def test_the_page_asks_whether_the_app_has_decided(acs):
    page = await acs.challenge(card("challenge-oob"))
    address = page.text.split('data-watch="')[1].split('"')[0]

    async def over():
        async with acs.browser.post(address, data=page.form.fields) as answer:
            return (await answer.json())["over"]

    assert await over() is False
    await acs.decide("approve")
    assert await over() is True
    async with acs.browser.post(address, data={**page.form.fields, "page": "1.x"}) as answer:
        assert answer.status == 403


async def test_the_first_decision_counts(acs):
    await acs.challenge(card("challenge-oob"))
    await acs.decide("decline")
    assert (await acs.decide("approve"))[0] == 200
    assert (await only_rreq(acs))["transStatus"] == "N"


async def test_a_decision_that_the_phone_did_not_make_is_refused(acs):
    await acs.challenge(card("challenge-oob"))
    true = acs.phone.prompts[0]["callback"]
    other = await acs.challenge(card("challenge-oob"))
    foreign = true.replace(acs.phone.prompts[0]["reference"], acs.phone.prompts[1]["reference"])
    assert other.status == 200
    for address in (foreign, true[:-1], true.split("&")[0], true.split("?")[0]):
        async with acs.browser.post(address, json={"decision": "approve"}) as answer:
            assert answer.status == 403
    for body in ("{}", '{"decision":"maybe"}', "[]", "no"):
        async with acs.browser.post(true, data=body, headers={"Content-Type": "application/json"}) as answer:
            assert answer.status == 400
    assert acs.directory.bodies == []


async def test_a_banking_app_out_of_reach_is_told_on_the_page(acs):
    acs.phone.status = 503
    assert (await acs.challenge(card("challenge-oob"))).kind == "app-failed"


async def test_refreshing_the_page_shows_no_second_prompt(acs):
    ares = await acs.ask(card("challenge-oob"))
    await acs.open(ares)
    await acs.open(ares)
    assert len(acs.phone.prompts) == 1


async def test_where_the_merchant_can_be_trusted_the_page_is_waited_for(acs):
    page = await acs.challenge(card("challenge-oob"), threeDSRequestorChallengeInd="09")
    assert await acs.decide("approve") == (200, {"state": "challenging"})
    assert acs.directory.bodies == []
    fields = {**page.form.fields, "trustMerchant": "Y", "action": "submit"}
    assert (await acs.post(page.form.action, fields)).cres["transStatus"] == "Y"
    assert (await only_rreq(acs))["whiteListStatus"] == "Y"


async def test_an_approval_whose_page_never_came_back_counts_all_the_same(acs):
    await acs.challenge(card("challenge-oob"), threeDSRequestorChallengeInd="09")
    await acs.decide("approve")
    await acs.decide("decline")
    acs.runtime.clock.advance(timedelta(minutes=10))
    rreq = await only_rreq(acs)
    assert (told(rreq), rreq["whiteListStatus"]) == (("Y", None, None, "01"), "R")


# Decoupled.


def decoupled(**changes):
    return {"threeDSRequestorDecReqInd": "Y", "threeDSRequestorDecMaxTime": "00005", **changes}


@pytest.mark.parametrize(("decision", "result"), [("approve", ("Y", None)), ("decline", ("N", "01"))])
async def test_decoupled_is_decided_on_the_phone(acs, decision, result):
    areq = acs.areq(card("decoupled"), "2.2.0", **decoupled())
    _, ares = await acs.post_areq(areq)
    check(ares, Context("2.2.0", leg=Leg.ACS_TO_DS, request=areq))
    assert (ares["transStatus"], ares["acsDecConInd"], ares["authenticationType"]) == ("D", "Y", "04")
    assert "Banque Imaginaire" in ares["cardholderInfo"]
    assert "acsURL" not in ares
    acs.runtime.clock.advance(timedelta(minutes=4, seconds=59))
    await acs.decide(decision)
    await acs.directory.until(1)
    (rreq,) = acs.directory.rreqs
    check(rreq, Context("2.2.0", leg=Leg.ACS_TO_DS, request=areq))
    assert (told(rreq), named(rreq)) == ((*result, None, None), ("04", "11"))
    await acs.until(ares["acsTransID"], "reported")


@pytest.mark.parametrize("missed", ["N", "U"])
async def test_decoupled_that_nobody_decides_ends_at_its_deadline(missed):
    async with stage(decoupled_missed=missed) as acs:
        ares = await acs.ask(card("decoupled"), "2.2.0", **decoupled())
        acs.runtime.clock.advance(timedelta(minutes=5))
        await acs.directory.until(1)
        (rreq,) = acs.directory.rreqs
        assert told(rreq) == (missed, "24", "03", None)
        assert (await acs.decide("approve"))[0] == 200
        await acs.until(ares["acsTransID"], "reported")
        assert len(acs.directory.bodies) == 1


@pytest.mark.parametrize(
    ("version", "changes", "reason"),
    [("2.2.0", {}, "23"), ("2.2.0", {"threeDSRequestorDecReqInd": "N"}, "23"), ("2.1.0", {}, "01")],
)
async def test_a_requestor_that_does_not_ask_for_decoupled_gets_n(acs, version, changes, reason):
    ares = await acs.ask(card("decoupled"), version, **changes)
    assert (ares["transStatus"], ares["transStatusReason"], acs.phone.prompts) == ("N", reason, [])


async def test_a_creq_for_a_decoupled_transaction_is_refused_and_changes_nothing(acs):
    ares = await acs.ask(card("decoupled"), "2.2.0", **decoupled())
    from tests.acs.test_creq import erro

    assert erro(await acs.open(ares))["errorCode"] == "305"
    await acs.decide("approve")
    await acs.directory.until(1)
    assert acs.directory.rreqs[0]["transStatus"] == "Y"


# The text message's fate.


async def test_a_code_that_the_carrier_refuses_is_told_on_the_page(acs):
    acs.phone.state = "failed"
    page = await acs.challenge(card("sms-refused"))
    assert page.kind == "sms-failed"
    acs.phone.state = "delivered"
    page = await acs.type(page, "", "resend")
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"


@pytest.mark.parametrize(("scenario", "family"), [("sms-late", "1"), ("sms-twice", "2"), ("sms-refused", "3")])
async def test_the_phone_of_such_a_card_is_served_so_by_the_network(acs, scenario, family):
    await acs.challenge(card(scenario))
    assert acs.phone.messages[0]["to"].startswith(f"+33639989{family}")


# Orderings.


async def test_the_result_can_come_long_after_the_cres(acs):
    page = await acs.challenge(card("results-late"))
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    await acs.settled()
    assert acs.directory.bodies == []
    acs.runtime.clock.advance(timedelta(seconds=30))
    assert (await only_rreq(acs))["transStatus"] == "Y"


async def test_the_result_can_come_long_before_the_cres():
    async with stage(result_lead=0.05) as acs:
        page = await acs.challenge(card("results-early"))
        assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
        assert len(acs.directory.rreqs) == 1


async def test_the_result_can_stay_away(acs):
    ares = await acs.ask(card("results-never"))
    page = await acs.open(ares)
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    kept = await acs.until(ares["acsTransID"], "unreported")
    assert "sends no RReq" in kept["results"]["given_up"]
    acs.runtime.clock.advance(timedelta(days=1))
    await acs.settled()
    assert acs.directory.bodies == []


async def test_the_result_can_come_twice(acs):
    page = await acs.challenge(card("results-twice"))
    await acs.type(page, acs.phone.code)
    await acs.directory.until(2)
    assert len(set(acs.directory.bodies)) == 1


async def test_the_cres_can_contradict_the_result(acs):
    page = await acs.challenge(card("results-contradicting"))
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "N"
    assert (await only_rreq(acs))["transStatus"] == "Y"


# What the headless cardholder is told.


@pytest.mark.parametrize(
    ("scenario", "question", "answer"),
    [
        ("challenge-password", "password", "imaginaire"),
        ("challenge-knowledge", "knowledge", "Felix"),
        ("challenge-multi-select", "choose-several", "2,5"),
        ("challenge-single-select", "choose-phone", "1"),
        ("challenge-html", "html-page", "yes"),
        ("challenge-oob", "banking-app", None),
    ],
)
async def test_the_control_call_tells_what_is_asked_and_what_would_be_right(acs, scenario, question, answer):
    ares = await acs.ask(card(scenario))
    await acs.open(ares)
    _, told_to_desk = await acs.control("challenge", {"id": ares["acsTransID"]})
    assert (told_to_desk["question"], told_to_desk["answer"]) == (question, answer)
    assert told_to_desk["prompt"] == ("prompt-1" if scenario == "challenge-oob" else None)


def test_every_method_asks_something_and_has_its_names():
    assert set(METHODS) == set(Method)
    for described in METHODS.values():
        assert described.questions
        assert isinstance(described.authentication_method("2.1.0"), str)
        assert described.authentication_method("2.3.1") == list(described.authentication_methods)
