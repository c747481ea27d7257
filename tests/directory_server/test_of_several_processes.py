"""What one of several processes has not written yet, or never will, the others find all the same."""

from contextlib import AsyncExitStack

import pytest
from msgspec.structs import replace

from directory_server.transactions.records import Filter
from directory_server.transactions.states import State
from directory_server.transactions.storage.tables import SCHEMA
from directory_server.transactions.storage.transactions import BeingReported, Storage
from tests.directory_server.test_held import BEGUN, NAME, challenged
from tests.support.simulator import runtime
from threedsecure.web.straight import soon


@pytest.fixture
async def both(postgresql):
    """The storages of two processes."""
    address = postgresql.fresh_database()
    async with AsyncExitStack() as life:
        each = [await life.enter_async_context(runtime(postgresql=address, seed=seed)) for seed in (1, 2)]
        storages = [Storage(one.open_database(SCHEMA), one.journal, one.vault, one.shared.worker) for one in each]
        yield storages
        for storage in storages:
            await storage.close()


async def test_one_that_waits_for_its_answer_is_found_and_listed(both):
    here, there = both
    here.begin(BEGUN)
    assert await there.find(NAME) == BEGUN
    assert await there.select(Filter(identifier=NAME)) == [BEGUN]
    await soon(here.settle(BEGUN, challenged))
    assert await there.find(NAME) == challenged(BEGUN)


async def test_a_result_overtakes_the_answer_in_another_process(both):
    here, there = both
    here.begin(BEGUN)
    assert await there.find(NAME) == BEGUN

    def reporting(before):
        return replace(before, state=State.REPORTING), before.state

    assert await there.report(NAME, reporting, lambda _state: True) is State.RECEIVED
    with pytest.raises(BeingReported):
        await here.report(NAME, reporting, lambda _state: True)
    seen = []

    def late(before):
        seen.append(before.state)
        return before

    await soon(here.settle(BEGUN, late))
    assert seen == [State.REPORTING]


async def test_nobody_finds_what_nobody_has(both):
    for storage in both:
        assert await storage.find(NAME) is None
        assert await storage.step(NAME, lambda before: (before, before)) is None
