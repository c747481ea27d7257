"""Grouped commits on a real SQLite file."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, update

from threedsecure.storage.database import SqliteDatabase
from threedsecure.storage.schema import Schema, SchemaNotSupported

METADATA = MetaData()
COUNTERS = Table(
    "t_counter", METADATA, Column("name", String(20), primary_key=True), Column("value", Integer, nullable=False)
)
SCHEMA = Schema("t", METADATA, "0001", Path(__file__).parent)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
    await opened.run(lambda c: c.execute(insert(COUNTERS).values(name="a", value=0)) and None)
    yield opened
    await opened.close()


def value_of_a(connection) -> int:
    return connection.execute(select(COUNTERS.c.value)).scalar_one()


def add_one(connection) -> int:
    value = value_of_a(connection) + 1
    connection.execute(update(COUNTERS).values(value=value))
    return value


async def test_five_hundred_concurrent_read_step_write_units_lose_nothing(database):
    results = await asyncio.gather(*(database.run(add_one) for _ in range(500)))
    assert sorted(results) == list(range(1, 501))
    assert await database.read(value_of_a) == 500


async def test_a_unit_that_fails_undoes_itself_and_none_of_its_neighbours(database):
    def add_and_fail(connection):
        add_one(connection)
        raise ZeroDivisionError

    outcomes = await asyncio.gather(
        database.run(add_one), database.run(add_and_fail), database.run(add_one), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [int, ZeroDivisionError, int]
    assert await database.read(value_of_a) == 2


async def test_what_run_returned_is_read_by_another_connection(database, tmp_path):
    await database.run(add_one)
    other = SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
    assert await other.read(value_of_a) == 1
    await other.close()


async def test_a_database_written_by_a_newer_release_is_refused_in_words(tmp_path):
    from threedsecure.storage import journal

    newer = Schema("journal", journal.METADATA, "9999", journal.SCHEMA.migrations)
    await SqliteDatabase(tmp_path / "j.sqlite3", newer).close()
    with pytest.raises(SchemaNotSupported, match="revision 9999"):
        SqliteDatabase(tmp_path / "j.sqlite3", journal.SCHEMA)
