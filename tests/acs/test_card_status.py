"""What a card carries from one purchase to the next: failures that lock it, how often it was asked, whom its holder trusts."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from acs.settings import AcsSettings, Limits
from tests.acs.stage import OTP, stage
from tests.support.engine import on_both_engines
from tests.support.simulator import runtime
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

pytestmark = on_both_engines

PASSWORD = compose("visa", SCENARIOS["challenge-password"])
OOB = compose("visa", SCENARIOS["challenge-oob"])
FRICTIONLESS = compose("visa", SCENARIOS["frictionless"])
MESSAGES = Path(__file__).parents[2] / "fixtures" / "messages"
TWO = Limits(failures=2)
CLEAR = {
    "locked": False,
    "failed_purchases": 0,
    "unasked_payments": 0,
    "unasked_amount": 0,
    "trusted_merchants": 0,
    "remembered_devices": 0,
}


def status(message):
    return message["transStatus"], message.get("transStatusReason")


async def fail(acs, pan=PASSWORD):
    page = await acs.challenge(pan)
    for _ in range(3):
        page = await acs.type(page, "wrong")
    assert page.cres["transStatus"] == "N"


async def passes(acs, pan=PASSWORD, **changes):
    page = await acs.challenge(pan, **changes)
    return (await acs.type(page, "imaginaire")).cres["transStatus"] == "Y"


async def test_a_card_is_locked_after_purchases_that_failed_in_a_row_and_unlocked_by_a_call():
    async with stage(limits=TWO) as acs:
        await fail(acs)
        await fail(acs)
        assert status(await acs.ask(PASSWORD)) == ("N", "12")
        assert status(await acs.ask(compose("visa", SCENARIOS["challenge-knowledge"]))) == ("C", None)
        card_status = {**CLEAR, "locked": True, "failed_purchases": 2}
        assert await acs.control("cards/standing", {"pan": PASSWORD}) == (200, card_status)
        cleared = CLEAR
        assert await acs.control("cards/unlock", {"pan": PASSWORD}) == (200, cleared)
        assert await passes(acs)


async def test_a_card_can_have_limits_of_its_own():
    async with stage(limits=TWO) as acs:
        for scenario, own in (("challenge-password", {"failures": 1}), ("challenge-otp", {"challenges": 1})):
            pan = compose("visa", SCENARIOS[scenario], serial="77")
            assert (await acs.control("cards", {"pan": pan, "scenario": scenario, **own}))[0] == 201
        hasty, often = (
            compose("visa", SCENARIOS[name], serial="77") for name in ("challenge-password", "challenge-otp")
        )
        await fail(acs, hasty)
        assert status(await acs.ask(hasty)) == ("N", "12")
        assert status(await acs.ask(often)) == ("C", None)
        assert status(await acs.ask(often)) == ("N", "04")
        await fail(acs)
        assert status(await acs.ask(PASSWORD)) == ("C", None)


@pytest.mark.parametrize("own", [{"failures": -1}, {"failures": 100}, {"challenges": 1000}, {"challenges": "1"}])
async def test_limits_beyond_reason_are_refused(own):
    async with stage() as acs:
        answer, _ = await acs.control("cards", {"pan": PASSWORD, "scenario": "challenge-password", **own})
        assert answer == 400


async def test_a_purchase_that_passes_wipes_the_failures_out():
    async with stage(limits=TWO) as acs:
        await fail(acs)
        assert await passes(acs)
        await fail(acs)
        assert status(await acs.ask(PASSWORD)) == ("C", None)


async def test_a_challenge_that_was_open_when_the_card_was_locked_does_not_pass():
    async with stage(limits=TWO) as acs:
        ares = await acs.ask(PASSWORD)
        page = await acs.open(ares)
        await fail(acs)
        await fail(acs)
        end = await acs.type(page, "imaginaire")
        assert (end.kind, end.cres["transStatus"]) == ("card-locked", "N")
        rreq = acs.directory.rreqs[-1]
        check(rreq, Context("2.2.0", leg=Leg.ACS_TO_DS))
        assert (rreq["acsTransID"], *status(rreq)) == (ares["acsTransID"], "N", "12")
        assert "authenticationValue" not in rreq


async def test_approval_in_the_banking_app_does_not_pass_a_locked_card():
    async with stage(limits=Limits(failures=1)) as acs:
        await acs.challenge(OOB)
        await acs.challenge(OOB)
        await acs.decide("decline", 0)
        await acs.directory.until(1)
        await acs.decide("approve", 1)
        await acs.directory.until(2)
        assert [status(rreq) for rreq in acs.directory.rreqs] == [("N", "01"), ("N", "12")]


async def test_cancelling_and_waiting_lock_nothing():
    async with stage(limits=Limits(failures=1)) as acs:
        page = await acs.challenge(PASSWORD)
        await acs.type(page, "", "cancel")
        await acs.challenge(PASSWORD)
        acs.runtime.clock.advance(timedelta(minutes=10))
        await acs.directory.until(2)
        assert await passes(acs)


async def test_the_lock_outlives_the_process(tmp_path):
    async with runtime(data=tmp_path) as shared:
        async with stage(shared=shared, limits=Limits(failures=1)) as acs:
            await fail(acs)
        async with stage(shared=shared, limits=Limits(failures=1)) as acs:
            assert status(await acs.ask(PASSWORD)) == ("N", "12")
            assert (await acs.control("reset"))[0] == 200
            assert status(await acs.ask(PASSWORD)) == ("C", None)


async def test_no_lock_when_it_is_turned_off():
    async with stage(limits=Limits(failures=0)) as acs:
        for _ in range(6):
            await fail(acs)
        assert status(await acs.ask(PASSWORD)) == ("C", None)


async def test_a_card_is_asked_only_so_often_within_the_window():
    async with stage(limits=Limits(challenges=2)) as acs:
        assert [status(await acs.ask(OTP)) for _ in range(3)] == [("C", None), ("C", None), ("N", "04")]
        acs.runtime.clock.advance(timedelta(hours=1))
        assert status(await acs.ask(OTP)) == ("C", None)


async def test_unlocking_a_card_that_is_not_ours_says_so(acs):
    for pan in ("4111111111111111", "x", ""):
        assert (await acs.control("cards/unlock", {"pan": pan}))[0] == 404
    assert (await acs.control("cards/unlock", {}))[0] == 400


def test_by_default_five_failed_purchases_lock_and_nothing_is_counted():
    assert AcsSettings().limits == Limits(failures=5, challenges=0)


# The trust list.


NAMES = {"2.2.0": "whiteListStatus", "2.3.1": "trustListStatus"}
LISTS = pytest.mark.parametrize("version", NAMES)


def wish(version, indicator):
    return {"threeDSRequestorChallengeInd": [indicator] if version == "2.3.1" else indicator}


async def ticked(acs, version, indicator, *boxes):
    """A challenge that is passed with these boxes ticked: its page and its RReq."""
    page = await acs.challenge(PASSWORD, version, **wish(version, indicator))
    fields = {**page.form.fields, "challengeValue": "imaginaire", "action": "submit"}
    await acs.post(page.form.action, fields | dict.fromkeys(boxes, "Y"))
    rreq = acs.directory.rreqs[-1]
    check(rreq, Context(version, leg=Leg.ACS_TO_DS))
    return page, rreq


@LISTS
async def test_a_merchant_that_is_trusted_is_paid_without_a_challenge_the_next_time(acs, version):
    name = NAMES[version]
    page, rreq = await ticked(acs, version, "09", "trustMerchant")
    assert 'id="trust"' in page.text
    assert (rreq[name], rreq[f"{name}Source"]) == ("Y", "03")
    ares = await acs.ask(PASSWORD, version, **wish(version, "08"))
    check(ares, Context(version, leg=Leg.ACS_TO_DS))
    assert (*status(ares), ares[name], ares[f"{name}Source"]) == ("Y", None, "Y", "03")
    assert ares.get("transChallengeExemption") == ("08" if version == "2.3.1" else None)
    elsewhere = await acs.ask(PASSWORD, version, **wish(version, "08"), acquirerMerchantID="another")
    assert (*status(elsewhere), elsewhere[name]) == ("C", None, "N")
    assert status(await acs.ask(PASSWORD, version)) == ("C", None)


@LISTS
async def test_a_box_that_is_not_ticked_is_a_no_and_changes_nothing(acs, version):
    _, rreq = await ticked(acs, version, "09")
    assert rreq[NAMES[version]] == "R"
    assert status(await acs.ask(PASSWORD, version, **wish(version, "08"))) == ("C", None)


@LISTS
async def test_a_merchant_that_is_trusted_already_is_not_asked_about_again(acs, version):
    await ticked(acs, version, "09", "trustMerchant")
    page, rreq = await ticked(acs, version, "09")
    assert 'id="trust"' not in page.text
    assert NAMES[version] not in rreq


async def test_a_merchant_is_trusted_in_every_version_once_it_is_in_one(acs):
    await ticked(acs, "2.2.0", "09", "trustMerchant")
    ares = await acs.ask(PASSWORD, "2.3.1", **wish("2.3.1", "08"))
    assert (ares["transStatus"], ares["trustListStatus"]) == ("Y", "Y")


# The devices.


def binding(message):
    return message.get("deviceBindingStatus"), message.get("deviceBindingStatusSource")


async def test_a_device_that_is_remembered_is_told_and_not_asked_about_again(acs):
    page, rreq = await ticked(acs, "2.3.1", "12", "bindDevice")
    assert ('id="bind"' in page.text, 'id="trust"' in page.text, binding(rreq)) == (True, False, ("14", "03"))
    areq = acs.areq(PASSWORD, "2.3.1", **wish("2.3.1", "12"))
    ares = (await acs.post_areq(areq))[1]
    check(ares, Context("2.3.1", leg=Leg.ACS_TO_DS, request=areq))
    assert (ares["transStatus"], binding(ares)) == ("C", ("14", "03"))
    page, rreq = await ticked(acs, "2.3.1", "12", "bindDevice")
    assert ('id="bind"' in page.text, binding(rreq)) == (False, (None, None))


async def test_another_browser_is_another_device(acs):
    await ticked(acs, "2.3.1", "12", "bindDevice")
    ares = await acs.ask(PASSWORD, "2.3.1", browserUserAgent="Another/1.0", **wish("2.3.1", "12"))
    assert binding(ares) == (None, None)
    assert 'id="bind"' in (await acs.open(ares)).text


async def test_a_device_that_is_not_to_be_remembered_is_not(acs):
    _, rreq = await ticked(acs, "2.3.1", "12")
    assert binding(rreq) == ("04", "03")
    assert (await acs.control("cards/standing", {"pan": PASSWORD}))[1]["remembered_devices"] == 0


@pytest.mark.parametrize("indicator", ["09", "03"])
async def test_a_device_is_offered_to_be_remembered_only_where_the_requestor_asks(acs, indicator):
    page, rreq = await ticked(acs, "2.3.1", indicator, "bindDevice")
    assert ('id="bind"' in page.text, binding(rreq)) == (False, (None, None))


async def test_the_requestor_can_check_the_devices_of_a_card_without_a_cardholder(acs):
    def check_status():
        ds = {"dsURL": acs.ds_url, "acctNumber": FRICTIONLESS, "threeRIInd": "13"}
        return acs.post_areq(json.loads((MESSAGES / "2.3.1" / "areq-3ri-npa-from-ds.json").read_text("utf-8")) | ds)

    assert binding((await check_status())[1]) == ("01", "03")
    page = await acs.challenge(FRICTIONLESS, "2.3.1", **wish("2.3.1", "12"))
    fields = {**page.form.fields, "challengeValue": acs.phone.code, "action": "submit", "bindDevice": "Y"}
    await acs.post(page.form.action, fields)
    assert binding((await check_status())[1]) == ("14", "03")


async def test_2_1_0_knows_no_trust_list(acs):
    page = await acs.challenge(PASSWORD, "2.1.0", threeDSRequestorChallengeInd="04")
    assert 'id="trust"' not in page.text
    await acs.type(page, "imaginaire")
    assert "whiteListStatus" not in acs.directory.rreqs[-1]


async def test_the_box_counts_only_where_it_was_offered(acs):
    page = await acs.challenge(PASSWORD)
    fields = {**page.form.fields, "challengeValue": "imaginaire", "trustMerchant": "Y", "action": "submit"}
    await acs.post(page.form.action, fields)
    assert "whiteListStatus" not in acs.directory.rreqs[-1]
    assert (await acs.control("cards/standing", {"pan": PASSWORD}))[1]["trusted_merchants"] == 0


async def test_after_so_many_payments_without_a_challenge_one_is_challenged_and_the_count_begins_anew():
    async with stage(limits=Limits(unasked=2)) as acs:
        for _ in range(2):
            assert status(await acs.ask(FRICTIONLESS)) == ("Y", None)
        other = compose("visa", SCENARIOS["frictionless"], serial="7")
        assert status(await acs.ask(other)) == ("Y", None)  # each card has a count of its own
        page = await acs.challenge(FRICTIONLESS)
        assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
        assert status(await acs.ask(FRICTIONLESS)) == ("Y", None)


async def test_payments_without_a_challenge_may_come_to_so_much_and_those_without_the_cardholder_do_not_count():
    async with stage(limits=Limits(unasked_amount=5000)) as acs:
        assert status(await acs.ask(FRICTIONLESS, purchaseAmount="3000")) == ("Y", None)
        assert status(await acs.ask(FRICTIONLESS, purchaseAmount="2000")) == ("Y", None)
        assert status(await acs.ask(FRICTIONLESS, purchaseAmount="1")) == ("C", None)
        _, standing = await acs.control("cards/standing", {"pan": FRICTIONLESS})
        assert standing == {**CLEAR, "unasked_payments": 2, "unasked_amount": 5000}
