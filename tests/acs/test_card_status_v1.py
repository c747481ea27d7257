"""A card is one card in both protocols: what locks it in EMV 3DS locks it in 1.0.2, and the other way round."""

from datetime import timedelta

import pytest

from acs.settings import Limits
from tests.acs.stage import OTP, stage
from tests.acs.test_classic import OTP as CLASSIC
from tests.acs.test_classic import PASSIVE, Mpi, back
from threedsecure.cards.scenarios import V1_SCENARIOS
from threedsecure.cards.test_cards import compose

TWO = Limits(failures=2)
ONCE = Limits(challenges=1, window=timedelta(hours=1))
FAILS = compose("visa", V1_SCENARIOS["challenge-auto-fail"])


def status(shown):
    return back(shown)["PARes/TX/status"]


async def refused(mpi):
    shown = await mpi.pay()
    for _ in range(3):
        shown = await mpi.acs.type(shown, mpi.acs.phone.wrong_code)
    assert status(shown) == "N"


async def card_status(acs, pan):
    return (await acs.control("cards/standing", {"pan": pan}))[1]


async def test_failed_purchases_in_a_row_lock_the_card_until_it_is_unlocked():
    async with stage(limits=TWO) as acs:
        mpi = Mpi(acs)
        open_before = await mpi.pay()
        code = acs.phone.code
        for _ in range(2):
            await refused(mpi)
        assert await card_status(acs, CLASSIC) | {"locked": True, "failed_purchases": 2} == await card_status(
            acs, CLASSIC
        )
        texts = len(acs.phone.messages)
        assert status(await mpi.pay()) == "N"
        assert len(acs.phone.messages) == texts, "nobody is asked any more"
        ended = await acs.type(open_before, code)
        assert (ended.kind, status(ended)) == ("card-locked", "N")
        await acs.control("cards/unlock", {"pan": CLASSIC})
        assert status(await acs.type(await mpi.pay(), acs.phone.code)) == "Y"


async def test_a_purchase_that_passes_wipes_the_failures_out_and_the_same_answer_twice_counts_once():
    async with stage(limits=TWO) as acs:
        mpi = Mpi(acs)
        shown = await mpi.pay(FAILS)
        for _ in range(2):
            assert status(await acs.post(shown.form.action, shown.form.fields)) == "N"
        assert (await card_status(acs, FAILS))["failed_purchases"] == 1
        await refused(mpi)
        assert status(await acs.type(await mpi.pay(), acs.phone.code)) == "Y"
        assert (await card_status(acs, CLASSIC))["failed_purchases"] == 0


@pytest.mark.parametrize("pan", [CLASSIC, PASSIVE])
async def test_a_card_that_emv_3ds_locked_is_locked_here_too(pan):
    async with stage(limits=Limits(failures=1)) as acs:
        shown = await acs.open((await acs.post_areq(acs.areq(pan)))[1]) if pan == CLASSIC else None
        if shown is None:
            await acs.control("cards", {"pan": pan, "scenario": "challenge-html"})
            await acs.type(await acs.challenge(pan), "no")
        else:
            for _ in range(3):
                shown = await acs.type(shown, acs.phone.wrong_code)
        assert status(await Mpi(acs).pay(pan)) == "N"


async def test_a_card_is_asked_no_more_often_than_the_limit_says_in_both_protocols_together():
    async with stage(limits=ONCE) as acs:
        mpi = Mpi(acs)
        assert (await mpi.pay()).form.ids >= {"code"}
        assert status(await mpi.pay()) == "N"
        ares = await acs.ask(CLASSIC)
        assert (ares["transStatus"], ares["transStatusReason"]) == ("N", "04")
        acs.runtime.clock.advance(timedelta(hours=1, seconds=1))
        assert (await mpi.pay()).form.ids >= {"code"}
        assert (await acs.ask(OTP))["transStatus"] == "C", "another card"
