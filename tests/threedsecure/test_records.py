"""Records of a dataclass in a table: plain, sealed, nested and JSON fields."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, Text, create_engine, select

from threedsecure.secrets.vault import SealBroken, Vault
from threedsecure.storage.rows.records import Records

METADATA = MetaData()
TABLE = Table(
    "thing",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String(36), unique=True),
    Column("owner", String(10)),
    Column("sealed_words", Text),
    Column("sealed_address", Text),
    Column("state", String(10)),
    Column("steps", Integer),
    Column("left", Integer),
    Column("payload", LargeBinary),
)


class State(StrEnum):
    OPEN = "open"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Way:
    steps: int
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    id: str
    whose: str
    words: str
    state: State
    way: Way
    payload: dict[str, Any]
    address: str | None = None
    seen: datetime | None = None


ONE = Thing("1", "ann", "hello", State.OPEN, Way(3), {"a": [1]}, seen=datetime(2026, 1, 1, tzinfo=UTC))


def records(key=b"k"):
    return Records(TABLE, Thing, Vault(key * 32, lambda n: b"n" * n), {"whose": "owner"})


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as opened:
        yield opened
    engine.dispose()


def test_a_record_is_read_as_it_was_added_but_for_what_has_no_column(connection):
    things = records()
    things.add(connection, ONE)
    assert things.of_key(connection, "1") == replace(ONE, seen=None)
    assert things.of_key(connection, "2", lock=True) is None


def test_what_is_sealed_is_not_in_the_row_in_clear_and_opens_under_its_key_alone(connection):
    records().add(connection, replace(ONE, address="http://here"))
    row = connection.execute(select(TABLE)).mappings().one()
    assert (row["owner"], row["steps"], row["left"], row["payload"]) == ("ann", 3, None, b'{"a":[1]}')
    assert "hello" not in row["sealed_words"]
    assert "here" not in row["sealed_address"]
    with pytest.raises(SealBroken):
        records(b"x").of_key(connection, "1")


def test_saving_writes_what_has_become_of_it_and_leaves_the_others(connection):
    things = records()
    for name in "123":
        things.add(connection, replace(ONE, id=name))
    things.save(connection, replace(ONE, id="2", state=State.OVER, way=Way(4, 1)))
    assert [thing.id for thing in things.newest(connection, 9, state=State.OVER, owner=None)] == ["2"]
    assert [(thing.id, thing.way.steps) for thing in things.newest(connection, 2)] == [("2", 4), ("3", 3)]
    assert things.counts(connection, "owner", ["ann", "bob"], state=State.OPEN) == {"ann": 2}


def test_forgetting_begins_with_the_oldest(connection):
    things = records()
    for name, owner in (("1", "ann"), ("2", "bob"), ("3", "ann")):
        things.add(connection, replace(ONE, id=name, whose=owner))
    assert things.latest_values(connection, "owner", 2) == ["ann", "bob"]
    assert things.purge(connection, TABLE.c.owner == "ann") == ["1", "3"]
    assert (things.remove(connection, TABLE.c.owner == "ann"), things.remove(connection)) == (0, 1)
