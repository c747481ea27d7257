"""A PostgreSQL that hangs, dies or is started again: bounded waits, and everything goes on by itself."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text

from tests.support.own_postgresql import own_server
from threedsecure.storage.database import DatabaseAway, PostgresDatabase, PostgresServer
from threedsecure.storage.engines import timeouts
from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.schema import Schema

pytestmark = pytest.mark.slow

METADATA = MetaData()
NOTES = Table("t_note", METADATA, Column("number", Integer, primary_key=True))
SCHEMA = Schema("t", METADATA, "0001", Path(__file__).parent)


@pytest.fixture(scope="module")
def own():
    with own_server() as running:
        yield running


@pytest.fixture
def server(own):
    yield own
    own.bring_back()


@pytest.fixture
async def pool(server):
    opened = Pool(server.fresh_database())
    yield opened
    server.bring_back()
    await opened.close()


@pytest.fixture
async def database(pool):
    opened = PostgresDatabase(PostgresServer(pool), SCHEMA)
    yield opened
    await opened.close()


def note(number):
    return lambda connection: connection.execute(insert(NOTES).values(number=number)) and None


def notes(connection):
    return list(connection.execute(select(NOTES.c.number).order_by(NOTES.c.number)).scalars())


async def answered(work):
    """What comes of it once the database is back; it was told to ask again until then."""
    while True:
        try:
            return await work()
        except DatabaseAway:
            await asyncio.sleep(0)


async def test_what_a_frozen_server_does_not_answer_is_away_and_works_again_when_it_is_back(
    server, pool, database, monkeypatch
):
    await database.run(note(1))
    server.freeze()
    monkeypatch.setattr(timeouts, "SECONDS", 0.5)
    asked = [database.run(note(2)), *(database.read(notes) for _ in range(30))]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {DatabaseAway}
    assert "has not answered within" in str(outcomes[0])
    monkeypatch.setattr(timeouts, "SECONDS", 20.0)
    server.thaw()
    assert await answered(lambda: database.read(notes)) in ([1], [1, 2])
    await answered(lambda: database.run(note(3)))
    assert 3 in await database.read(notes)


async def test_who_gives_up_earlier_than_the_pool_leaves_no_thread_behind(server, pool, database, monkeypatch):
    await database.run(note(1))
    monkeypatch.setattr(timeouts, "SECONDS", 0.5)
    server.freeze()
    calls = [asyncio.create_task(pool.call(lambda: database._where._read(notes))) for _ in range(12)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    while pool._under_way:  # noqa: ASYNC110 - nobody is told
        await asyncio.sleep(0.01)
    monkeypatch.setattr(timeouts, "SECONDS", 20.0)
    server.thaw()
    assert await answered(lambda: database.read(notes)) == [1]


async def test_a_pool_is_closed_although_the_server_hangs(server, monkeypatch):
    pool = Pool(server.fresh_database())
    database = PostgresDatabase(PostgresServer(pool), SCHEMA)
    await database.run(note(1))
    server.freeze()
    try:
        monkeypatch.setattr(timeouts, "SECONDS", 1.0)
        reading = asyncio.create_task(database.read(notes))
        await asyncio.sleep(0)
        reading.cancel()
        await database.close()
        await pool.close()
    finally:
        server.thaw()
    assert not [
        thread for thread in threading.enumerate() if thread.name.startswith("postgresql") and thread.is_alive()
    ]


async def test_a_server_that_was_started_again_is_used_at_once_and_no_idle_connection_is_trusted(server, database):
    await asyncio.gather(database.run(note(1)), *(database.read(notes) for _ in range(9)))
    server.kill()
    with pytest.raises(DatabaseAway):
        await database.run(note(2))
    server.start()
    await asyncio.gather(database.run(note(3)), *(database.read(notes) for _ in range(9)))
    assert await database.read(notes) == [1, 3]


async def test_a_server_that_was_replaced_unnoticed_costs_nobody_an_error(server, database):
    await asyncio.gather(database.run(note(1)), *(database.read(notes) for _ in range(9)))
    server.kill()
    server.start()
    await asyncio.gather(database.run(note(2)), *(database.read(notes) for _ in range(9)))
    assert await database.read(notes) == [1, 2]


async def test_a_connection_that_was_told_something_meanwhile_is_used_all_the_same(server, pool, database):
    """News on an idle connection may be its end, or anything else."""

    def backend(connection):
        return connection.execute(text("SELECT pg_backend_pid()")).scalar_one()

    await database.run(lambda connection: connection.execute(text("LISTEN gossip")) and None)
    before = await database.read(backend)
    with server.connection(pool.engine.url.database) as other:
        other.execute("NOTIFY gossip")
    assert await database.read(backend) == before
