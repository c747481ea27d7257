"""Several processes that tell each other, over a real PostgreSQL."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import MetaData, Table, insert, select
from structlog.testing import capture_logs

from tests.support.patience import PATIENCE_SECONDS
from threedsecure.storage.database import DatabaseUnusable, PostgresDatabase, PostgresServer
from threedsecure.storage.engines import postgresql as reaching
from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.rows import leases
from threedsecure.storage.rows.leases import Leases
from threedsecure.storage.sharing import state as table
from threedsecure.storage.sharing.signals import Signals
from threedsecure.web.sharing.processes import Alone, Together


@asynccontextmanager
async def process(address, *, key="mark"):
    pool, name = Pool(address), uuid4().hex
    database = PostgresDatabase(PostgresServer(pool), table.SCHEMA)
    together = Together(name, Signals(address, pool, name), database)
    try:
        async with together.joined(key):
            yield together
    finally:
        await database.close()
        await pool.close()


@asynccontextmanager
async def connected(address):
    engine = reaching.engine(address)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def hears(together, topic="news"):
    heard = asyncio.Queue()

    async def receive(content):
        heard.put_nowait(content)

    together.on(topic, receive)
    return heard


@pytest.fixture
def address(postgresql):
    return postgresql.fresh_database()


async def test_what_one_process_tells_all_others_hear_in_order_and_it_does_not(address):
    async with process(address) as first, process(address) as second, process(address) as third:
        own, *others = [hears(each) for each in (first, second, third)]
        for number in range(300):
            first.tell("news", number)
        for heard in others:
            assert [await heard.get() for _ in range(300)] == list(range(300))
        assert own.empty()


async def test_equal_words_are_all_heard(address):
    async with process(address) as first, process(address) as second:
        heard = hears(second)
        for _ in range(5):
            first.tell("news", "again")
        await first.tell_all("news", "the end")
        assert [heard.get_nowait() for _ in range(heard.qsize())].count("again") >= 1


async def test_when_telling_all_returns_everybody_has_acted(address):
    async with process(address) as first, process(address) as second, process(address) as third:
        acted = []

        async def slowly(content):
            await asyncio.sleep(0.05)
            acted.append(content)

        second.on("news", slowly)
        third.on("news", slowly)
        first.tell("news", "before")
        await first.tell_all("news", "now")
        assert acted.count("before") == acted.count("now") == 2


async def test_a_process_that_died_delays_nobody(address):
    async with process(address) as first:
        async with process(address):
            pass
        with capture_logs() as said:
            await first.tell_all("news", 1)
        assert said == [], "it was not waited for"


async def test_what_is_kept_is_there_for_a_process_that_starts_later_and_over_when_all_have_ended(address):
    async with process(address) as first:
        await first.change("clock", lambda _nothing: {"ahead": 60})
        async with process(address) as second:
            assert await second.shared("clock") == {"ahead": 60}
            assert await second.shared("faults") is None
    async with process(address) as anew:
        assert await anew.shared("clock") is None


async def test_changes_that_processes_make_at_the_same_moment_all_stand_and_everybody_knows_the_last(address):
    async with process(address) as first, process(address) as second:
        known = {}

        def follows(together):
            async def follow(_content):
                known[together.worker] = await together.shared("count")

            together.on("count", follow)

        follows(first)
        follows(second)
        one_more = [each.change("count", lambda kept: (kept or 0) + 1) for each in (first, second) * 10]
        await asyncio.gather(*one_more)
        assert await first.shared("count") == 20
        assert set(known.values()) == {20}


async def test_a_change_that_is_refused_changes_nothing(address):
    async with process(address) as first:
        await first.change("clock", lambda _nothing: 1)
        with pytest.raises(ZeroDivisionError):
            await first.change("clock", lambda kept: kept / 0)
        assert await first.shared("clock") == 1


async def test_a_process_that_dies_while_all_are_told_is_waited_for_no_longer(address):
    async with process(address) as first, process(address) as second:
        heard = hears(second)
        named = {"application_name": "acs-sim listener ghost"}
        with psycopg.connect(reaching.for_the_driver(address), autocommit=True, **named), capture_logs() as logs:
            telling = asyncio.create_task(first.tell_all("news", 1))
            assert await heard.get() == 1
            assert not telling.done()
        await telling
        assert logs == []


async def test_what_a_process_that_died_worked_on_is_free_as_soon_as_another_one_starts(address):
    work = Table("work", MetaData(), *leases.columns())
    async with process(address) as alive:
        async with process(address) as dies, connected(address) as connection:
            work.create(connection)
            connection.execute(insert(work), [Leases(worker).taken() for worker in (alive.worker, dies.worker)])
        held = select(work.c.leased_by, work.c.leased_until.is_not(None))
        async with connected(address) as connection:
            assert set(connection.execute(held)) == {(alive.worker, True), (dies.worker, True)}
        async with process(address), connected(address) as connection:
            assert set(connection.execute(held)) == {(alive.worker, True), (None, False)}


async def test_a_lost_connection_is_made_again_and_everybody_is_told_that_words_may_be_missing(address):
    async with process(address) as first, process(address) as second:
        heard = hears(second)
        with psycopg.connect(reaching.for_the_driver(address), autocommit=True) as surgeon:
            surgeon.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s",
                (f"%{second.worker}",),
            )
        assert await asyncio.wait_for(heard.get(), PATIENCE_SECONDS) is None
        await first.tell_all("news", "after")
        assert heard.get_nowait() == "after"


async def test_one_receiver_that_fails_does_not_keep_the_others_from_hearing(address):
    async with process(address) as first, process(address) as second:

        async def fails(_content):
            raise ZeroDivisionError

        second.on("news", fails)
        heard = hears(second)
        await first.tell_all("news", 1)
        assert heard.get_nowait() == 1


async def test_a_process_with_another_key_is_refused(address):
    async with process(address, key="one"):
        with pytest.raises(DatabaseUnusable, match="sealed with another master key"):
            async with process(address, key="other"):
                pytest.fail("it joined")
    with pytest.raises(DatabaseUnusable, match="sealed with another master key"):
        async with process(address, key="other"):
            pytest.fail("it joined")


async def test_a_word_that_is_too_long_is_a_bug_of_ours(address):
    async with process(address) as first:
        with pytest.raises(ValueError, match="bytes"):
            first.tell("news", "x" * 8000)


async def test_alone_there_is_nobody_to_tell():
    alone = Alone()
    heard = hears(alone)
    alone.tell("news", 1)
    await alone.tell_all("news", 2)
    await alone.tell_everybody("news", 2)
    await alone.change("clock", lambda _nothing: 3)
    assert await alone.shared("clock") is None
    assert alone.worker is None
    assert heard.empty()
