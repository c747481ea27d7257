"""What began and is not answered yet is held for a moment, and nobody can tell."""

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from directory_server.states import State
from directory_server.storage import SCHEMA, Filter, Storage
from directory_server.transactions import Transaction
from tests.support.locked_sqlite import locked
from threedsecure.storage import patience
from threedsecure.storage.database import SqliteDatabase

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGUN = Transaction(
    ds_trans_id="0b0b0b0b-0000-4000-8000-000000000001",
    three_ds_server_trans_id="0a0a0a0a-0000-4000-8000-000000000001",
    scheme="visa",
    version="2.2.0",
    pan_masked="400000******0006",
    pan_fingerprint="f" * 32,
    three_ds_server_url="http://127.0.0.1:1/",
    areq={"messageType": "AReq"},
    created_at=NOW,
    updated_at=NOW,
)
NAME = BEGUN.ds_trans_id


@pytest.fixture
async def storage(tmp_path):
    storage = Storage(SqliteDatabase(tmp_path / "ds.sqlite3", SCHEMA))
    yield storage
    await storage.close()


@pytest.fixture
async def written(tmp_path, storage):
    """What another connection to the file sees."""
    other = SqliteDatabase(tmp_path / "ds.sqlite3", SCHEMA)

    async def states() -> list[str]:
        return [
            row[0] for row in await other.read(lambda c: c.exec_driver_sql("SELECT state FROM ds_transaction").all())
        ]

    yield states
    await other.close()


def answered(before):
    return replace(before, state=State.ANSWERED, acs_trans_id="0c0c0c0c-0000-4000-8000-000000000001"), None


async def test_a_transaction_that_is_answered_is_written_once_and_before_anybody_is_told(storage, written):
    assert await storage.begin(BEGUN)
    assert await written() == []
    await storage.settle(BEGUN, answered)
    assert await written() == ["answered"]


async def test_one_that_is_not_answered_is_written_by_itself(storage, written):
    await storage.begin(BEGUN)
    async with asyncio.timeout(60):
        while await written() != ["received"]:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
    await storage.settle(BEGUN, answered)
    assert await written() == ["answered"]


async def test_its_identifier_is_taken_from_the_start(storage):
    assert await storage.begin(BEGUN)
    assert not await storage.begin(BEGUN)
    await storage.settle(BEGUN, answered)
    assert not await storage.begin(BEGUN)


async def test_it_is_found_and_shown_from_the_start(storage):
    await storage.begin(BEGUN)
    assert await storage.find(NAME) == BEGUN
    assert await storage.select(Filter(identifier=NAME)) == [BEGUN]


async def test_a_result_that_overtakes_the_answer_finds_it(storage, written):
    await storage.begin(BEGUN)

    def reporting(before):
        return replace(before, state=State.REPORTING), before.state

    assert await storage.report(NAME, reporting, lambda _state: True) is State.RECEIVED
    assert await written() == ["reporting"]
    seen = []

    def late(before):
        seen.append(before.state)
        return before, None

    await storage.settle(BEGUN, late)
    assert seen[-1] is State.REPORTING
    assert await written() == ["reporting"]


async def test_a_step_and_the_answer_in_the_same_commit_both_stand(storage, written):
    await storage.begin(BEGUN)

    def failed(before):
        return replace(before, state=State.FAILED), before.state

    _, seen = await asyncio.gather(storage.settle(BEGUN, answered), storage.step(NAME, failed))
    assert seen is State.ANSWERED
    assert await written() == ["failed"]


async def test_a_unit_that_fails_beside_it_takes_nothing_from_it(storage, written):
    await storage.begin(BEGUN)

    def breaks(_before):
        raise ValueError("on purpose")

    settled, broken = await asyncio.gather(
        storage.settle(BEGUN, answered), storage.step(NAME, breaks), return_exceptions=True
    )
    assert settled is None
    assert isinstance(broken, ValueError)
    assert await written() == ["answered"]


async def test_what_was_forgotten_is_not_written_by_its_answer(storage, written):
    await storage.begin(BEGUN)
    await storage.forget()
    await storage.settle(BEGUN, answered)
    assert await written() == []


async def test_what_is_held_at_the_end_is_written(tmp_path):
    storage = Storage(SqliteDatabase(tmp_path / "ds.sqlite3", SCHEMA))
    await storage.begin(BEGUN)
    await storage.close()
    again = Storage(SqliteDatabase(tmp_path / "ds.sqlite3", SCHEMA))
    assert await again.find(NAME) == BEGUN
    await again.close()


async def test_while_another_program_has_the_file_it_stays_held_and_is_written_afterwards(
    tmp_path, storage, written, monkeypatch
):
    monkeypatch.setattr(patience, "SECONDS", 0.0)
    await storage.begin(BEGUN)
    with locked(tmp_path / "ds.sqlite3"):
        assert await storage.select(Filter(identifier=NAME)) == []
        assert await storage.find(NAME) == BEGUN
    await storage.settle(BEGUN, answered)
    assert await written() == ["answered"]
