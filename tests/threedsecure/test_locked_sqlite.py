"""A SQLite file that another program has locked: who needs it waits, within bounds, and nobody else does."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select

from tests.support.locked_sqlite import locked
from threedsecure.storage import database as storage
from threedsecure.storage.engines import sqlite, timeouts
from threedsecure.storage.errors import DatabaseAway, DatabaseUnusable
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.schema import Schema

METADATA = MetaData()
NOTES = Table("t_note", METADATA, Column("number", Integer, primary_key=True))
SCHEMA = Schema("t", METADATA, "0001", Path(__file__).parent)


@pytest.fixture
async def database(tmp_path):
    opened = SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
    yield opened
    await opened.close()


def note(number):
    return lambda connection: connection.execute(insert(NOTES).values(number=number)) and None


def notes(connection):
    return list(connection.execute(select(NOTES.c.number).order_by(NOTES.c.number)).scalars())


async def turns(count=50):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_writers_wait_while_the_loop_goes_on_and_readers_read(database, tmp_path):
    await database.run(note(1))
    with locked(tmp_path / "t.sqlite3"):
        writing = [asyncio.create_task(database.run(note(number))) for number in range(2, 400)]
        await turns()
        assert await database.read(notes) == [1]
        assert not any(task.done() for task in writing)
        assert database.waiting == len(writing)
    await asyncio.gather(*writing)
    assert await database.read(notes) == list(range(1, 400))
    assert database.waiting == 0


async def test_who_has_waited_long_enough_is_told_and_the_next_one_at_once_until_the_lock_is_gone(
    database, tmp_path, monkeypatch
):
    monkeypatch.setattr(timeouts, "SECONDS", 0.05)
    with locked(tmp_path / "t.sqlite3"):
        with pytest.raises(DatabaseAway, match=r"t\.sqlite3 is locked by another program"):
            await database.run(note(1))
        with pytest.raises(DatabaseAway):
            await database.run(note(2))
    await database.run(note(3))
    assert await database.read(notes) == [3]


async def test_no_more_wait_than_may(database, tmp_path, monkeypatch):
    monkeypatch.setattr(timeouts, "MOST_WAITING", 3)
    with locked(tmp_path / "t.sqlite3"):
        writing = [asyncio.create_task(database.run(note(number))) for number in range(3)]
        await turns()
        with pytest.raises(DatabaseAway, match="as many as may"):
            await database.run(note(3))
    await asyncio.gather(*writing)
    assert await database.read(notes) == [0, 1, 2]


async def test_closing_waits_for_the_lock_and_loses_nothing(tmp_path):
    database = SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
    with locked(tmp_path / "t.sqlite3"):
        writing = asyncio.create_task(database.run(note(1)))
        await turns()
        closing_down = asyncio.create_task(database.close())
        await turns()
        assert not closing_down.done()
    await asyncio.gather(writing, closing_down)
    with closing(sqlite3.connect(tmp_path / "t.sqlite3")) as other:
        assert other.execute("SELECT number FROM t_note").fetchall() == [(1,)]


async def test_a_unit_that_was_done_is_not_done_again_when_its_neighbour_meets_the_lock(
    database, tmp_path, monkeypatch
):
    """The batch fails for the second unit; run alone, the first is committed before another program takes the file."""
    other = sqlite3.connect(tmp_path / "t.sqlite3", isolation_level=None)
    runs, alone = [], storage._carry_out_alone

    def first(connection):
        runs.append("first")
        note(1)(connection)

    def second(connection):
        runs.append("second")
        if runs.count("second") == 1:
            raise ZeroDivisionError
        note(2)(connection)

    def take_the_file(connection, unit, begin):
        if runs == ["first", "second", "first"]:
            other.execute("BEGIN IMMEDIATE")
        return alone(connection, unit, begin)

    monkeypatch.setattr(storage, "_carry_out_alone", take_the_file)
    both = [asyncio.create_task(database.run(unit)) for unit in (first, second)]
    await both[0]
    await turns()
    assert not both[1].done()
    other.close()
    await both[1]
    assert runs == ["first", "second", "first", "second"]
    assert await database.read(notes) == [1, 2]


async def test_a_file_that_is_locked_at_the_start_is_refused_in_words(tmp_path, monkeypatch):
    await SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA).close()
    monkeypatch.setattr(sqlite, "BUSY_AT_START_MILLISECONDS", 10)
    with (
        locked(tmp_path / "t.sqlite3"),
        pytest.raises(DatabaseUnusable, match=r"t\.sqlite3 cannot be used as a database: database is locked"),
    ):
        SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
