"""What began and is not answered yet has no row, and nobody can tell; what was final at its ARes never has one."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from directory_server.transactions import storage as storage_module
from directory_server.transactions.records import Filter, Transaction
from directory_server.transactions.states import State
from directory_server.transactions.storage import SCHEMA, Storage
from tests.support.engine import on_both_engines, on_sqlite_alone
from tests.support.simulator import runtime
from threedsecure.web.straight import soon

pytestmark = on_both_engines

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
async def shared(engine):
    async with runtime() as shared:
        yield shared


@pytest.fixture
async def storage(shared):
    storage = Storage(shared.open_database(SCHEMA), shared.journal, shared.vault.fingerprint, shared.shared.worker)
    yield storage
    await storage.close()


@pytest.fixture
def written(shared, storage):
    """The states that stand in the table."""
    look = shared.open_database(SCHEMA)

    async def states() -> list[str]:
        await shared.journal.written()
        return [
            row[0] for row in await look.read(lambda c: c.exec_driver_sql("SELECT state FROM ds_transaction").all())
        ]

    return states


def answered(before):
    return replace(before, state=State.ANSWERED, acs_trans_id="0c0c0c0c-0000-4000-8000-000000000001")


def challenged(before):
    return replace(before, state=State.CHALLENGED, acs_trans_id="0c0c0c0c-0000-4000-8000-000000000001")


async def test_one_that_waits_for_its_result_is_written_with_its_answer(storage, written):
    storage.begin(BEGUN)
    assert await written() == []
    storage.settle(BEGUN, challenged)
    assert await written() == ["challenged"]


async def test_one_that_is_final_has_no_row(storage, written):
    storage.begin(BEGUN)
    storage.settle(BEGUN, answered)
    assert await written() == []


async def test_its_identifier_is_taken_from_the_start(storage):
    storage.begin(BEGUN)
    assert storage.taken(NAME) is True


async def test_it_is_found_and_shown_from_the_start(storage):
    storage.begin(BEGUN)
    assert await storage.find(NAME) == BEGUN
    assert await storage.select(Filter(identifier=NAME)) == [BEGUN]


async def test_a_result_that_overtakes_the_answer_finds_it(storage, written):
    storage.begin(BEGUN)

    def reporting(before):
        return replace(before, state=State.REPORTING), before.state

    assert await storage.report(NAME, reporting, lambda _state: True) is State.RECEIVED
    assert await written() == ["reporting"]
    seen = []

    def late(before):
        seen.append(before.state)
        return before

    await soon(storage.settle(BEGUN, late))
    assert seen == [State.REPORTING]
    assert await written() == ["reporting"]


async def test_a_step_behind_the_answer_in_the_same_commit_stands(storage, written):
    storage.begin(BEGUN)
    storage.settle(BEGUN, challenged)
    assert (
        await storage.step(NAME, lambda before: (replace(before, state=State.FAILED), before.state)) is State.CHALLENGED
    )
    assert await written() == ["failed"]


async def test_a_step_that_fails_changes_nothing(storage, written):
    storage.begin(BEGUN)
    storage.settle(BEGUN, challenged)

    def breaks(_before):
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        await storage.step(NAME, breaks)
    assert await written() == ["challenged"]


async def test_what_was_forgotten_is_not_written_by_its_answer(storage, written):
    storage.begin(BEGUN)
    await storage.forget()
    await soon(storage.settle(BEGUN, challenged))
    assert await written() == []


async def test_what_has_a_row_is_found_after_a_restart(shared, storage):
    storage.begin(BEGUN)
    storage.settle(BEGUN, challenged)
    await shared.journal.written()
    again = Storage(shared.open_database(SCHEMA), shared.journal, shared.vault.fingerprint, shared.shared.worker)
    assert await again.find(NAME) == challenged(BEGUN)


@on_sqlite_alone
async def test_what_could_not_be_written_is_read_from_its_row_again(storage, written, monkeypatch):
    storage.begin(BEGUN)
    storage.settle(BEGUN, challenged)
    await written()
    monkeypatch.setattr(storage_module, "_UPDATE", None)
    with pytest.raises(AttributeError):
        await storage.step(NAME, lambda before: (replace(before, state=State.REPORTING), None))
    monkeypatch.undo()
    assert (await storage.find(NAME)).state is State.CHALLENGED
