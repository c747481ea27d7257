"""The journal on both engines: nothing is lost silently, nothing secret is kept."""

import asyncio
import secrets
import tracemalloc
from datetime import timedelta

import pytest

from tests.support.engine import on_both_engines, on_sqlite_alone, written
from tests.support.simulator import STARTED_AT, runtime
from threedsecure.secrets.vault import Vault
from threedsecure.storage import ledger
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.ledger import More
from threedsecure.storage.on_sqlite import SqliteDatabase, SqliteFile
from threedsecure.web import journal as journal_module

pytestmark = on_both_engines

ID = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
OTHER = "6f6e1b5c-7a0e-4c8e-9a43-2f8a3f2b9d10"


@pytest.fixture(params=["sqlite", "postgresql"])
async def journal(request):
    url = request.getfixturevalue("postgresql").fresh_database() if request.param == "postgresql" else None
    async with runtime(postgresql=url) as shared:
        yield shared.journal


def record(journal, document, **more):
    journal.record(STARTED_AT, "3DS Server", "Directory Server", document.get("messageType", "?"), document, **more)


async def test_a_transaction_is_found_by_every_identifier_that_any_of_its_messages_carried(journal):
    record(journal, {"messageType": "AReq", "threeDSServerTransID": ID})
    record(journal, {"messageType": "ARes", "threeDSServerTransID": ID, "dsTransID": "d", "acsTransID": "a"})
    for identifier in (ID, "d", "a"):
        assert await journal.transaction_of(identifier) == ID
    assert await journal.transaction_of("nobody") is None
    assert [entry["kind"] for entry in await journal.entries_of(ID)] == ["AReq", "ARes"]


async def test_an_entry_without_ids_of_its_own_joins_the_transaction_it_is_told(journal):
    record(journal, {"messageType": "ARes", "threeDSServerTransID": ID, "acsTransID": "a"})
    record(journal, {"messageType": "SMS", "to": "+33639981101"}, transaction_id="a")
    assert [entry["kind"] for entry in await journal.entries_of(ID)] == ["ARes", "SMS"]


@pytest.mark.parametrize("ends", ["flush", "forget"])
async def test_what_rests_on_a_note_whose_turn_is_over_is_kept_whole(journal, ends):
    areq = {"messageType": "AReq", "threeDSServerTransID": ID, "merchantName": "Shop"}
    place = journal.record(STARTED_AT, "3DS Server", "Directory Server", "AReq", areq)
    await getattr(journal, ends)()
    for added in ({"dsTransID": "d"}, {"dsTransID": "e"}):
        record(journal, {**areq, **added}, written=More(place, added))
    told = [entry["message"] for entry in await journal.entries_of(ID)]
    assert told[-2:] == [{**areq, "dsTransID": "d"}, {**areq, "dsTransID": "e"}]


async def test_what_is_stored_is_redacted(journal):
    record(journal, {"messageType": "AReq", "threeDSServerTransID": ID, "acctNumber": "4000000001000001"})
    (entry,) = await journal.entries_of(ID)
    assert entry["message"]["acctNumber"] == "400000******0001"


async def test_what_does_not_fit_is_counted_and_the_count_stands_in_the_journal(journal, monkeypatch):
    monkeypatch.setattr(journal_module, "MAX_WAITING", 3)
    for _ in range(5):
        record(journal, {"messageType": "AReq", "threeDSServerTransID": ID})
    newest = await journal.newest(10)
    assert newest[-1]["kind"] == "left out"
    assert newest[-1]["message"] == {"entries": 2}


@on_sqlite_alone
async def test_what_waits_for_a_database_that_is_away_is_bounded_in_bytes_too(journal, monkeypatch):
    def away(*_):
        raise DatabaseAway("full")

    monkeypatch.setattr(journal_module, "MOST_BYTES_WAITING", 10_000)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(ledger, "append", away)
        for _ in range(10):
            record(journal, {"messageType": "AReq", "threeDSServerTransID": ID, "merchantName": "x" * 4_000})
        with pytest.raises(DatabaseAway):
            await journal.written()
    assert (journal.waiting, journal.left_out) == (2, 8)
    assert [entry["kind"] for entry in await journal.newest(10)] == ["AReq", "AReq", "left out"]


async def test_a_subscriber_sees_entries_as_they_are_written_in_order(journal):
    async with journal.subscribed() as entries:
        record(journal, {"messageType": "AReq", "threeDSServerTransID": ID})
        record(journal, {"messageType": "ARes", "threeDSServerTransID": ID})
        await journal.flush()
        assert [(await entries.get())["kind"], (await entries.get())["kind"]] == ["AReq", "ARes"]


async def written_one(journal):
    record(journal, {"messageType": "AReq", "threeDSServerTransID": ID})
    await journal.flush()


def left_out(entry):
    return entry["kind"], entry["message"]


async def test_who_listens_and_is_too_far_behind_is_told_how_many_records_it_missed(journal, monkeypatch):
    async with journal.subscribed() as entries:
        monkeypatch.setattr(journal_module, "MOST_BEHIND", 0)
        for _ in range(3):
            await written_one(journal)
        monkeypatch.undo()
        await written_one(journal)
        assert left_out(await entries.get()) == ("left out", {"records": 3})
        assert (await entries.get())["kind"] == "AReq"


async def test_who_listens_and_does_not_read_is_told_how_many_entries_it_missed(journal, monkeypatch):
    monkeypatch.setattr(journal_module, "MOST_UNHEARD", 2)
    async with journal.subscribed() as slow, journal.subscribed() as quick:
        for _ in range(3):
            await written_one(journal)
            await quick.get()
        assert [(await slow.get())["kind"] for _ in range(2)] == ["AReq", "AReq"]
        await written_one(journal)
        assert left_out(await slow.get()) == ("left out", {"entries": 1})
        assert [(await each.get())["kind"] for each in (slow, quick)] == ["AReq", "AReq"]


READINGS = {
    "the messages of a transaction": lambda journal, ids: journal.entries_of(ids[0]),
    "the newest": lambda journal, ids: journal.newest(500),
    "the newest of a kind": lambda journal, ids: journal.newest(500, "RReq"),
    "those of several transactions": lambda journal, ids: anext(journal.entries_of_each(ids, 10)),
}


@on_sqlite_alone
async def test_no_reading_is_larger_than_so_many_bytes_however_few_its_messages_are(journal, monkeypatch):
    monkeypatch.setattr(ledger, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(ledger, "KEPT_BYTES", 250_000)
    ids = [f"8a880dc0-d2d2-4067-bcb1-b08d1690b26{n}" for n in range(4)]
    for _ in range(15):
        for name in ids:
            areq = {"messageType": "AReq", "threeDSServerTransID": name, "merchantName": secrets.token_hex(25_000)}
            record(journal, areq)
            await journal.flush()
    peaks = {}
    for words, read in READINGS.items():
        tracemalloc.start()
        await read(journal, ids)
        peaks[words] = tracemalloc.get_traced_memory()[1] / ledger.MOST_BYTES
        tracemalloc.stop()
    assert max(peaks.values()) < 3, peaks
    everything = [some async for each in journal.entries_of_each(ids, 10) for some in each]
    assert [len(entries) for entries in everything] == [15] * 4


@on_sqlite_alone
async def test_what_is_too_much_for_one_reading_is_left_out_at_its_end(journal, monkeypatch):
    monkeypatch.setattr(ledger, "MOST_BYTES", 1_500)
    for n in range(5):
        record(journal, {"messageType": "AReq", "threeDSServerTransID": ID, "n": n, "merchantName": "x" * 800})
        await journal.flush()
    assert [one["message"]["n"] for one in await journal.entries_of(ID)] == [0, 1]
    assert [one["message"]["n"] for one in await journal.newest(5)] == [3, 4]
    monkeypatch.setattr(journal_module, "MOST_OF_A_TRANSACTION", 1)
    assert [one["message"]["n"] for one in await journal.entries_of(ID)] == [0]
    monkeypatch.setattr(ledger, "MOST_BYTES", 1)
    assert [one["message"]["n"] for one in await journal.entries_of(ID)] == [0]


async def test_forgetting_leaves_nothing(journal):
    record(journal, {"messageType": "AReq", "threeDSServerTransID": ID, "dsTransID": "d"})
    await journal.flush()
    await journal.forget()
    assert await journal.transaction_of("d") is None
    assert await journal.newest(10) == []


async def test_two_transactions_stay_apart(journal):
    record(journal, {"messageType": "AReq", "threeDSServerTransID": ID})
    record(journal, {"messageType": "AReq", "threeDSServerTransID": OTHER})
    assert len(await journal.entries_of(ID)) == len(await journal.entries_of(OTHER)) == 1


async def test_after_a_restart_an_alias_still_leads_to_its_transaction(tmp_path):
    async with runtime(data=tmp_path) as before:
        record(before.journal, {"messageType": "ARes", "threeDSServerTransID": ID, "acsTransID": "a"})
    async with runtime(data=tmp_path) as after:
        record(after.journal, {"messageType": "SMS"}, transaction_id="a")
        assert [entry["kind"] for entry in await after.journal.entries_of(ID)] == ["ARes", "SMS"]


async def test_the_messages_of_one_classic_purchase_join_by_what_they_have_in_common(journal):
    record(journal, {"messageType": "VEReq", "messageId": "m-1"})
    record(journal, {"messageType": "VERes", "messageId": "m-1", "acctID": "c-1"})
    record(journal, {"messageType": "PAReq", "messageId": "m-2", "acctID": "c-1", "xid": "x-1"})
    record(journal, {"messageType": "PARes", "messageId": "m-2", "xid": "x-1"})
    for identifier in ("m-1", "c-1", "m-2", "x-1"):
        assert await journal.transaction_of(identifier) == "m-1"
        entries = await journal.entries_of(identifier)
        assert [entry["kind"] for entry in entries] == ["VEReq", "VERes", "PAReq", "PARes"]
        assert {entry["transaction_id"] for entry in entries} == {"m-1"}


async def test_an_enrolment_answered_with_the_account_of_another_one_stays_the_answer_to_its_question(journal):
    for message_id, account in (("m-1", "c-1"), ("m-2", "c-1")):  # the second one by mistake
        record(journal, {"messageType": "VEReq", "messageId": message_id})
        record(journal, {"messageType": "VERes", "messageId": message_id, "acctID": account})
    record(journal, {"messageType": "PAReq", "messageId": "m-3", "acctID": "c-1", "xid": "x-1"})
    assert [entry["kind"] for entry in await journal.entries_of("m-1")] == ["VEReq", "VERes", "PAReq"]
    assert [entry["kind"] for entry in await journal.entries_of("m-2")] == ["VEReq", "VERes"]


async def test_the_newest_of_a_kind_are_told_oldest_first(journal):
    for kind, name in (("AReq", "a"), ("ARes", "a"), ("AReq", "b"), ("AReq", "c"), ("SMS", "c")):
        record(journal, {"messageType": kind, "threeDSServerTransID": name})
    told = [(entry["kind"], entry["transaction_id"]) for entry in await journal.newest(2, "AReq")]
    assert told == [("AReq", "b"), ("AReq", "c")]


async def test_an_sdk_or_account_identifier_used_again_does_not_draw_two_transactions_together(journal):
    record(journal, {"messageType": "AReq", "threeDSServerTransID": ID, "sdkTransID": "s", "acctID": "buyer"})
    record(journal, {"messageType": "AReq", "threeDSServerTransID": OTHER, "sdkTransID": "s", "acctID": "buyer"})
    assert len(await journal.entries_of(OTHER)) == 1


async def test_transactions_that_cross_are_told_in_the_order_of_their_messages(journal):
    async with journal.subscribed() as entries:
        for transaction_id in (ID, OTHER, OTHER, ID):
            record(journal, {"messageType": "AReq", "threeDSServerTransID": transaction_id})
        await journal.flush()
        told = [(await entries.get())["transaction_id"] for _ in range(4)]
    assert told == [ID, OTHER, OTHER, ID]
    for last in range(1, 5):
        assert [entry["transaction_id"] for entry in await journal.newest(last)] == told[-last:]


async def test_a_transaction_is_forgotten_once_all_that_was_written_of_it_together_is_old_enough(journal):
    minute = timedelta(minutes=1)
    for at in (STARTED_AT, STARTED_AT + minute):
        journal.record(at, "3DS Server", "Directory Server", "AReq", {"threeDSServerTransID": ID, "dsTransID": "d"})
    await journal.flush()
    assert await journal.forget_before(STARTED_AT + minute) == 0
    assert len(await journal.entries_of(ID)) == 2
    assert await journal.forget_before(STARTED_AT + 2 * minute) == 1
    assert await journal.transaction_of("d") is None


class HeldUp:
    """A database that writes when it is allowed to."""

    def __init__(self, database):
        self._database = database
        self.allowed = asyncio.Event()
        self.read = database.read

    def accompany(self, companion):
        self._companion = companion

    def due(self):
        self.writing = asyncio.create_task(self._write(*self._companion.take()))

    async def _write(self, work, done):
        await self.allowed.wait()
        done(await self._database.run(work))


@pytest.fixture
async def held_up():
    async with runtime() as shared:
        database = HeldUp(shared.open_database(ledger.SCHEMA))
        database.journal = journal_module.Journal(database, shared.vault)
        yield database


async def kinds(journal):
    return [entry["kind"] for entry in await journal.entries_of(ID)]


async def test_a_reader_waits_for_what_is_being_written(held_up):
    record(held_up.journal, {"messageType": "AReq", "threeDSServerTransID": ID})
    writer = asyncio.create_task(held_up.journal.flush())
    await asyncio.sleep(0)
    reader = asyncio.create_task(kinds(held_up.journal))
    await asyncio.sleep(0)
    assert not reader.done()
    held_up.allowed.set()
    assert await reader == ["AReq"]
    await writer


async def test_what_arrives_meanwhile_is_left_to_the_next_record(held_up):
    record(held_up.journal, {"messageType": "AReq", "threeDSServerTransID": ID})
    writer = asyncio.create_task(held_up.journal.flush())
    await asyncio.sleep(0)
    record(held_up.journal, {"messageType": "ARes", "threeDSServerTransID": ID})
    held_up.allowed.set()
    await writer
    assert held_up.journal.waiting == 1
    assert await kinds(held_up.journal) == ["AReq", "ARes"]


@on_sqlite_alone
async def test_after_a_crash_what_was_not_indexed_is_found(tmp_path):
    file = SqliteFile(tmp_path / "ledger.sqlite3")
    database, vault = SqliteDatabase(file, ledger.SCHEMA), Vault(bytes(range(32)), secrets.token_bytes)
    before = journal_module.Journal(database, vault)
    record(before, {"messageType": "ARes", "threeDSServerTransID": ID, "acsTransID": "a"})
    await before.flush()
    after = journal_module.Journal(database, vault)
    assert await after.transaction_of("a") is None
    async with after.writing():
        assert await after.transaction_of("a") == ID
    indexed = journal_module.Journal(database, vault)
    assert await indexed.transaction_of("a") == ID
    await file.close()


async def test_nothing_is_on_disk_in_clear(tmp_path):
    async with runtime(data=tmp_path) as shared:
        record(shared.journal, {"messageType": "AReq", "threeDSServerTransID": ID, "acctNumber": "4000000001000001"})
        await shared.journal.flush()
    assert b"4000000001000001" not in written(tmp_path)


async def test_who_waits_for_a_commit_is_told_once_it_stands(journal):
    record(journal, {"messageType": "AReq", "threeDSServerTransID": ID})
    told = []
    journal.when_written(told.append)
    await journal.written()
    assert told == [None]


async def test_a_note_that_rests_on_another_is_whole_when_it_is_read(journal):
    message, added = {"threeDSServerTransID": ID}, {"dsTransID": "d"}
    hop = (STARTED_AT, "3DS Server", "Directory Server", "AReq")
    place = journal.record(*hop, message, written=b'{"threeDSServerTransID":"%b"}' % ID.encode())
    journal.record(*hop, message | added, written=More(place, added))
    assert [entry["message"] for entry in await journal.entries_of(ID)] == [
        {"threeDSServerTransID": ID},
        {"threeDSServerTransID": ID, "dsTransID": "d"},
    ]
    assert await journal.transaction_of("d") == ID


async def test_what_cannot_be_kept_is_counted_and_keeps_nothing_else_from_being_kept(journal):
    journal.record(STARTED_AT, "A", "B", "AReq", {"what": object()})
    with pytest.raises(TypeError):
        await journal.written()
    assert journal.left_out == 1
    journal.record(STARTED_AT, "A", "B", "AReq", {"messageType": "AReq"})
    await journal.flush()
    assert [entry["kind"] for entry in await journal.newest(10)] == ["AReq", "left out"]
    assert journal.waiting == 0
