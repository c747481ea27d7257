"""A phone or a gateway that is silent, dribbles or is dead, and everybody else meanwhile. What is silent stays so for good:
nobody waits here for time to pass."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta

import pytest

from acs.v2.results import outbox
from tests.acs.stage import stage
from tests.support.simulator import runtime
from tests.support.slow_peers import dribbling, ended, silent
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.storage.engines import timeouts
from threedsecure.web.calling.limits import PeerLimits
from threedsecure.web.calling.transport import HttpTransport

pytestmark = pytest.mark.slow

FRICTIONLESS = compose("visa", SCENARIOS["frictionless"], serial="7")
REFUSES = "http://127.0.0.1:1"
GOOD, BAD = "http://127.0.0.1:8400/3ds2/results", "http://bad.example/results"
FOR_EVER = 3600.0
SECOND = timedelta(seconds=1)


@asynccontextmanager
async def calling_at_most(most, **changes):
    """The ACS on its stage, calling no peer more than `most` times at once."""
    async with AsyncExitStack() as life:
        shared = await life.enter_async_context(runtime())
        session = await life.enter_async_context(HttpTransport.session())
        shared = replace(shared, transport=HttpTransport(session, PeerLimits(most)))
        yield await life.enter_async_context(stage(shared=shared, **changes))


@pytest.mark.parametrize("phone", [silent, dribbling])
async def test_as_many_wait_for_a_silent_phone_as_may_and_the_next_one_is_told_at_once(phone):
    async with phone() as bad, calling_at_most(2, phone_url=bad.url, phone_timeout=FOR_EVER) as acs:
        waiting = [asyncio.create_task(acs.challenge()) for _ in range(2)]
        async with ended(waiting):
            await bad.called(2)
            assert {(await acs.ask(FRICTIONLESS))["transStatus"] for _ in range(5)} == {"Y"}
            page = await acs.challenge()
            assert page.status == 200
            assert "page" in page.form.fields
            assert len(bad.bodies) == 2
            assert not any(task.done() for task in waiting)


async def test_a_dead_phone_costs_the_cardholder_no_wait_and_nobody_else_anything():
    async with calling_at_most(2, phone_url=REFUSES, phone_timeout=FOR_EVER) as acs:
        page = await acs.challenge()
        assert "page" in page.form.fields
        assert page.message
        assert (await acs.ask(FRICTIONLESS))["transStatus"] == "Y"


async def test_results_for_one_silent_gateway_take_its_lane_and_those_for_the_others_pass(monkeypatch):
    monkeypatch.setattr(outbox, "PLACES", 2)
    async with stage(results_timeout=FOR_EVER) as acs:
        held, over = set(), asyncio.Event()
        acs.directory.holds = lambda rreq: over if rreq["acsTransID"] in held else None
        bad = []
        for _ in range(4):
            ares = await acs.ask(threeDSServerURL=BAD)
            held.add(ares["acsTransID"])
            page = await acs.open(ares)
            bad.append((ares["acsTransID"], asyncio.create_task(acs.type(page, acs.phone.code))))
        async with ended([task for _, task in bad]):
            await acs.directory.until(2)
            for _ in range(3):
                ares = await acs.ask(threeDSServerURL=GOOD)
                end = await acs.type(await acs.open(ares), acs.phone.code)
                assert end.cres["transStatus"] == "Y"
                assert (await acs.transaction(ares["acsTransID"]))["state"] == "reported"
            assert len([one for one in acs.directory.rreqs if one["acsTransID"] in held]) == 2
            over.set()
            for name, task in bad:
                assert (await task).cres["transStatus"] == "Y"
                assert (await acs.until(name, "reported"))["results"]["attempts"] == 1


async def test_where_attempts_fail_the_others_in_the_lane_are_left_for_later_and_not_lost(monkeypatch):
    monkeypatch.setattr(outbox, "PLACES", 1)
    async with stage(results_timeout=0.2) as acs:
        over = asyncio.Event()
        acs.directory.holds = lambda _rreq: over
        pages = [(await acs.ask(threeDSServerURL=BAD)) for _ in range(3)]
        opened = [(ares["acsTransID"], await acs.open(ares), acs.phone.code) for ares in pages]
        ends = await asyncio.gather(*(acs.type(page, code) for _, page, code in opened))
        assert {end.cres["transStatus"] for end in ends} == {"Y"}
        over.set()
        for name, _, _ in opened:
            await acs.once(name, lambda found: found["results"]["attempts"] + (found["state"] == "decided") > 0)
        states = set()
        while states != {"reported"}:
            acs.runtime.clock.advance(60 * SECOND)
            states = {(await acs.transaction(name))["state"] for name, _, _ in opened}
        assert {one["acsTransID"] for one in acs.directory.rreqs} == {name for name, _, _ in opened}


async def test_a_result_that_could_not_be_noted_as_delivered_is_noted_when_the_database_is_back(tmp_path, monkeypatch):
    async with stage(data=tmp_path, results_timeout=FOR_EVER) as acs:
        ares = await acs.ask()
        page = await acs.open(ares)
        acs.directory.hold = asyncio.Event()
        ending = asyncio.create_task(acs.type(page, acs.phone.code))
        await acs.directory.until(1)
        with closing(sqlite3.connect(tmp_path / "acs-sim.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr(timeouts, "SECONDS", 0.05)
            acs.directory.hold.set()
            assert (await ending).cres["transStatus"] == "Y"
            other.execute("ROLLBACK")
        monkeypatch.setattr(timeouts, "SECONDS", FOR_EVER)
        assert (await acs.until(ares["acsTransID"], "reported"))["results"]["attempts"] == 1
        assert len(set(acs.directory.bodies)) == 1
