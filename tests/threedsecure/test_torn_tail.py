"""A SQLite file whose end was torn off where its process died: the journal is whole up to the last commit that is."""

import secrets
import shutil

import pytest

from tests.support.simulator import STARTED_AT
from threedsecure.secrets.vault import Vault
from threedsecure.storage import ledger
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.web.journal import Journal

VAULT = Vault(bytes(range(32)), secrets.token_bytes)
COMMITS = 6


def name(number):
    return f"0a0a0a0a-0000-4000-8000-{number:012}"


async def noted(journal, number):
    """A commit of its own."""
    for kind in ("AReq", "ARes"):
        document = {"messageType": kind, "threeDSServerTransID": name(number), "merchantName": "x" * 3000}
        journal.record(STARTED_AT, "3DS Server", "Directory Server", kind, document)
    await journal.flush()


async def torn(folder, bytes_left_of_wal, *, garbage=False):
    """What a process that died leaves behind: nothing was copied into the file yet."""
    ends, copy = [], folder / "torn.sqlite3"
    database = SqliteDatabase(folder / "whole.sqlite3", ledger.SCHEMA)
    journal = Journal(database, VAULT)
    async with journal.writing():
        for number in range(COMMITS):
            await noted(journal, number)
            ends.append((folder / "whole.sqlite3-wal").stat().st_size)
        shutil.copy(folder / "whole.sqlite3", copy)
        wal = (folder / "whole.sqlite3-wal").read_bytes()
    await database.close()
    left = bytes_left_of_wal(ends)
    (folder / "torn.sqlite3-wal").write_bytes(wal[:left] + (secrets.token_bytes(len(wal) - left) if garbage else b""))
    return copy


@pytest.mark.parametrize("garbage", [False, True], ids=["cut off", "overwritten"])
@pytest.mark.parametrize("off", [1, 100, 4000])
async def test_all_but_the_torn_commit_is_there_is_found_and_goes_on(tmp_path, off, garbage):
    path = await torn(tmp_path, lambda ends: ends[-1] - off, garbage=garbage)
    database = SqliteDatabase(path, ledger.SCHEMA)
    journal = Journal(database, VAULT)
    async with journal.writing():
        assert len(await journal.newest(100)) == 2 * (COMMITS - 1)
        for number in range(COMMITS - 1):
            assert [entry["kind"] for entry in await journal.entries_of(name(number))] == ["AReq", "ARes"]
        assert await journal.transaction_of(name(COMMITS - 1)) is None
        await noted(journal, COMMITS)
        assert len(await journal.entries_of(name(COMMITS))) == 2
    await database.close()


async def test_what_was_torn_off_behind_a_commit_loses_nothing(tmp_path):
    path = await torn(tmp_path, lambda ends: ends[-2])
    database = SqliteDatabase(path, ledger.SCHEMA)
    journal = Journal(database, VAULT)
    async with journal.writing():
        assert len(await journal.newest(100)) == 2 * (COMMITS - 1)
    await database.close()
