"""What time alone does, on the virtual clock."""

import asyncio
from datetime import timedelta

import pytest

from tests.acs.test_creq import erro
from tests.acs.test_endings import DECOUPLED
from tests.support.engine import on_both_engines
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

pytestmark = on_both_engines

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def arrived(acs, count=1):
    await acs.directory.until(count)
    for rreq in acs.directory.rreqs:
        check(rreq, Context(rreq["messageVersion"], leg=Leg.ACS_TO_DS))
    return acs.directory.rreqs


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
async def test_without_a_creq_in_thirty_seconds_the_transaction_ends(acs, version):
    ares = await acs.ask(version=version)
    acs.runtime.clock.advance(30 * SECOND - timedelta(microseconds=1))
    await acs.settled()
    assert acs.directory.bodies == []
    acs.runtime.clock.advance(timedelta(microseconds=1))
    (rreq,) = await arrived(acs)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["challengeCancel"]) == ("N", "14", "05")
    assert (rreq["interactionCounter"], rreq["authenticationType"]) == ("00", "02")
    await acs.until(ares["acsTransID"], "reported")


async def test_a_banking_app_that_was_out_of_reach_is_tried_again_until_it_asks(acs):
    acs.phone.status = 503
    ares = await acs.ask(compose("visa", SCENARIOS["decoupled"]), **DECOUPLED)
    assert (ares["transStatus"], len(acs.phone.prompts)) == ("D", 1)
    acs.runtime.clock.advance(10 * SECOND)
    await acs.phone.until(2)
    await acs.settled()  # the ACS has heard, too, that it was out of reach
    acs.phone.status = 201
    acs.runtime.clock.advance(20 * SECOND)
    await acs.phone.until(3)
    await acs.settled()
    acs.runtime.clock.advance(MINUTE)
    await acs.settled()
    assert len(acs.phone.prompts) == 3
    assert await acs.decide("approve") == (200, {"state": "decided"})
    (rreq,) = await arrived(acs)
    assert rreq["transStatus"] == "Y"


async def test_a_creq_that_comes_too_late_is_402(acs):
    ares = await acs.ask()
    acs.runtime.clock.advance(31 * SECOND)
    assert erro(await acs.open(ares))["errorCode"] == "402"
    (rreq,) = await arrived(acs)
    assert rreq["challengeCancel"] == "05"


async def test_a_creq_at_the_last_moment_begins_the_challenge(acs):
    ares = await acs.ask()
    acs.runtime.clock.advance(30 * SECOND - timedelta(microseconds=1))
    page = await acs.open(ares)
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"


async def test_a_page_left_alone_for_ten_minutes_ends_the_challenge(acs):
    ares = await acs.ask()
    page = await acs.open(ares)
    page = await acs.type(page, acs.phone.wrong_code)
    acs.runtime.clock.advance(10 * MINUTE)
    (rreq,) = await arrived(acs)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["challengeCancel"]) == ("N", "14", "04")
    assert rreq["interactionCounter"] == "01"
    late = await acs.type(page, acs.phone.code)
    assert (late.kind, late.cres["transStatus"]) == ("timed-out", "N")
    assert erro(await acs.open(ares))["errorCode"] == "402"
    assert len(acs.directory.bodies) == 1


async def test_every_answer_gives_ten_minutes_more(acs):
    page = await acs.challenge()
    for _ in range(3):
        acs.runtime.clock.advance(9 * MINUTE)
        page = await acs.type(page, "")
        assert page.kind == "blank-code"
    page = await acs.type(page, "", "resend")
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"


async def test_many_challenges_end_each_at_its_time(acs):
    first = await asyncio.gather(*(acs.ask() for _ in range(150)))
    acs.runtime.clock.advance(10 * SECOND)
    second = await acs.ask()
    acs.runtime.clock.advance(20 * SECOND)
    ended = {rreq["acsTransID"] for rreq in await arrived(acs, 150)}
    assert ended == {ares["acsTransID"] for ares in first}
    acs.runtime.clock.advance(10 * SECOND)
    assert (await arrived(acs, 151))[-1]["acsTransID"] == second["acsTransID"]


async def test_a_challenge_whose_deadline_passed_while_nobody_ran_ends_at_the_start(tmp_path):
    from tests.acs.stage import stage
    from tests.support.simulator import runtime

    async with runtime(data=tmp_path) as shared:
        async with stage(shared=shared) as acs:
            ares = await acs.ask()
            port = int(acs.ds_url.split(":")[2].split("/")[0])
        shared.clock.advance(MINUTE)
        async with stage(shared=shared, ds_port=port) as acs:
            (rreq,) = await arrived(acs)
            assert (rreq["acsTransID"], rreq["challengeCancel"]) == (ares["acsTransID"], "05")


async def test_the_clock_may_jump_while_an_rreq_is_under_way(acs):
    acs.directory.hold = asyncio.Event()
    page = await acs.challenge()
    ending = asyncio.create_task(acs.type(page, acs.phone.code))
    await acs.directory.arrived.wait()
    acs.runtime.clock.advance(60 * MINUTE)
    await acs.settled()
    acs.directory.hold.set()
    assert (await ending).cres["transStatus"] == "Y"
    assert len(acs.directory.bodies) == 1
