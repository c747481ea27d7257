"""Grouped commits on a real SQLite file and a real PostgreSQL."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, update

from threedsecure.storage.database import Database
from threedsecure.storage.on_postgresql import PostgresDatabase
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.schema import Schema, SchemaNotSupported

METADATA = MetaData()
COUNTERS = Table(
    "t_counter", METADATA, Column("name", String(20), primary_key=True), Column("value", Integer, nullable=False)
)
SCHEMA = Schema("t", METADATA, "0001", Path(__file__).parent)


@pytest.fixture(params=["sqlite", "postgresql"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Opens the same database again and again."""
    if request.param == "sqlite":
        return lambda: SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
    url = request.getfixturevalue("postgresql").fresh_database()
    return lambda: PostgresDatabase(url, SCHEMA)


@pytest.fixture
async def database(reopen: Callable[[], Database]) -> AsyncIterator[Database]:
    opened = reopen()
    await opened.run(lambda c: c.execute(insert(COUNTERS).values(name="a", value=0)) and None)
    yield opened
    await opened.close()


def value_of_a(connection) -> int:
    return connection.execute(select(COUNTERS.c.value).with_for_update()).scalar_one()


def add_one(connection) -> int:
    value = value_of_a(connection) + 1
    connection.execute(update(COUNTERS).values(value=value))
    return value


async def test_five_hundred_concurrent_read_step_write_units_lose_nothing(database):
    results = await asyncio.gather(*(database.run(add_one) for _ in range(500)))
    assert sorted(results) == list(range(1, 501))
    assert await database.read(value_of_a) == 500


async def test_what_the_disk_does_not_take_takes_along_what_was_to_be_written_with_it(database):
    """A row does not stand without what the journal says of it, which goes in the same transaction."""

    def full(_connection):
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    outcomes = await asyncio.gather(database.run(add_one), database.run(full), return_exceptions=True)
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [True, True]
    assert await database.read(value_of_a) == 0


async def test_a_unit_that_fails_undoes_itself_and_none_of_its_neighbours(database):
    def add_and_fail(connection):
        add_one(connection)
        raise ZeroDivisionError

    outcomes = await asyncio.gather(
        database.run(add_one), database.run(add_and_fail), database.run(add_one), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [int, ZeroDivisionError, int]
    assert await database.read(value_of_a) == 2


async def test_what_run_returned_is_read_by_another_connection(database, reopen):
    await database.run(add_one)
    other = reopen()
    assert await other.read(value_of_a) == 1
    await other.close()


async def test_units_of_two_processes_on_one_postgresql_lose_nothing(postgresql):
    url = postgresql.fresh_database()
    first, second = PostgresDatabase(url, SCHEMA), PostgresDatabase(url, SCHEMA)
    await first.run(lambda c: c.execute(insert(COUNTERS).values(name="a", value=0)) and None)
    results = await asyncio.gather(*(database.run(add_one) for _ in range(100) for database in (first, second)))
    assert sorted(results) == list(range(1, 201))
    await first.close()
    await second.close()


async def test_a_unit_that_loses_a_deadlock_is_run_again_and_wins(postgresql):
    url = postgresql.fresh_database()
    first, second = PostgresDatabase(url, SCHEMA), PostgresDatabase(url, SCHEMA)
    rows = [{"name": "a", "value": 0}, {"name": "b", "value": 0}]
    await first.run(lambda c: c.execute(insert(COUNTERS), rows) and None)
    both_hold_one = threading.Barrier(2)

    def add_to(*names):
        runs = []

        def unit(connection):
            runs.append(names)
            for name in names:
                connection.execute(update(COUNTERS).where(COUNTERS.c.name == name).values(value=COUNTERS.c.value + 1))
                if len(runs) == 1 and name == names[0]:
                    both_hold_one.wait(10)

        return unit

    await asyncio.gather(first.run(add_to("a", "b")), second.run(add_to("b", "a")))
    assert (await first.read(lambda c: c.execute(select(COUNTERS.c.value)).scalars().all())) == [2, 2]
    await first.close()
    await second.close()


async def test_two_processes_may_start_on_an_empty_database_at_once(postgresql):
    url = postgresql.fresh_database()
    opened = await asyncio.gather(*(asyncio.to_thread(PostgresDatabase, url, SCHEMA) for _ in range(4)))
    for database in opened:
        await database.close()


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def test_a_database_written_by_a_newer_release_is_refused_in_words(tmp_path):
    from threedsecure.storage import ledger

    newer = Schema("journal", ledger.METADATA, "9999", ledger.SCHEMA.migrations)
    await SqliteDatabase(tmp_path / "j.sqlite3", newer).close()
    open_before = open_files()
    with pytest.raises(SchemaNotSupported, match="revision 9999") as refused:
        SqliteDatabase(tmp_path / "j.sqlite3", ledger.SCHEMA)
    assert open_files() == open_before, refused
