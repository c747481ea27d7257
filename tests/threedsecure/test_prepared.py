"""Statements on the driver's own cursor, held against what SQLAlchemy makes of them, on both engines."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import JSON, Column, Integer, LargeBinary, MetaData, String, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from threedsecure.storage.database import Database
from threedsecure.storage.on_postgresql import PostgresDatabase
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.schema import Schema

METADATA = MetaData()
THINGS = Table(
    "p_thing",
    METADATA,
    Column("name", String(20), primary_key=True),
    Column("size", Integer),
    Column("document", JSON(none_as_null=True)),
    Column("raw", LargeBinary),
)
SCHEMA = Schema("p", METADATA, "0001", Path(__file__).parent)

ALL = select(THINGS).order_by(THINGS.c.name)
INSERT = Prepared(insert(THINGS))
FIND = Prepared(select(THINGS).where(THINGS.c.name == bindparam("wanted")))
GROW = Prepared(update(THINGS).where(THINGS.c.name == bindparam("wanted")).values(size=THINGS.c.size + bindparam("by")))
SMALL = {"name": "small", "size": 1, "document": {"é": [1, {"b": None}], "ok": True}, "raw": b"\0\xff"}
EMPTY = {"name": "empty", "size": None, "document": None, "raw": None}


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        opened: Database = SqliteDatabase(tmp_path / "p.sqlite3", SCHEMA)
    else:
        opened = PostgresDatabase(request.getfixturevalue("postgresql").fresh_database(), SCHEMA)
    yield opened
    await opened.close()


async def test_rows_written_and_read_are_those_of_sqlalchemy(database):
    await database.run(lambda c: INSERT.run_many(c, [SMALL, EMPTY]))
    through_core = await database.read(lambda c: [tuple(row) for row in c.execute(ALL)])
    through_driver = await database.read(lambda c: [tuple(row) for row in Prepared(ALL).all(c, {})])
    assert through_core == through_driver == [tuple(EMPTY.values()), tuple(SMALL.values())]


async def test_a_row_that_is_not_there_is_none(database):
    assert await database.read(lambda c: FIND.first(c, {"wanted": "nobody"})) is None


async def test_a_value_that_the_statement_says_itself_need_not_be_given(database):
    await database.run(lambda c: INSERT.run_many(c, [SMALL, EMPTY]))
    grow = Prepared(update(THINGS).where(THINGS.c.name == "small").values(size=THINGS.c.size + 1))
    assert await database.run(lambda c: grow.run(c, {})) == 1
    first = Prepared(select(THINGS.c.size).where(THINGS.c.name > bindparam("after")).order_by(THINGS.c.name).limit(1))
    assert await database.read(lambda c: [tuple(row) for row in first.all(c, {"after": "empty"})]) == [(2,)]


async def test_an_update_tells_how_many_rows_it_wrote(database):
    await database.run(lambda c: INSERT.run(c, SMALL))
    assert await database.run(lambda c: GROW.run(c, {"wanted": "small", "by": 4})) == 1
    assert await database.run(lambda c: GROW.run(c, {"wanted": "nobody", "by": 4})) == 0
    found = await database.read(lambda c: FIND.first(c, {"wanted": "small"}))
    assert found[1] == 5


async def test_an_error_is_sqlalchemys_hides_the_values_and_harms_no_other_unit(database):
    await database.run(lambda c: INSERT.run(c, SMALL))
    with pytest.raises(IntegrityError) as caught:
        await database.run(lambda c: INSERT.run(c, SMALL))
    assert "é" not in str(caught.value)
    await database.run(lambda c: INSERT.run(c, EMPTY))
    assert len(await database.read(lambda c: Prepared(ALL).all(c, {}))) == 2


async def test_what_a_unit_wrote_is_undone_when_it_fails(database):
    def write_and_fail(connection):
        INSERT.run(connection, SMALL)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.run(write_and_fail)
    assert await database.read(lambda c: FIND.first(c, {"wanted": "small"})) is None
