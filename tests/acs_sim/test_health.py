"""What `/readyz` looks at: databases that cannot be written, or do not answer."""

import asyncio
import sqlite3

from acs_sim.running.data import health
from threedsecure.storage import ledger
from threedsecure.storage.on_sqlite import SqliteDatabase


class Stuck:
    """A database that never answers."""

    async def run(self, _work):
        await asyncio.Event().wait()


async def test_a_database_that_can_be_written_is_well(tmp_path):
    looked_after = health.Health(lambda schema: SqliteDatabase(tmp_path / "journal.sqlite3", schema))
    database = looked_after.open_database(ledger.SCHEMA)
    assert await looked_after.check() is None
    await database.close()


async def test_a_database_that_somebody_else_holds_or_that_turned_read_only_is_named(tmp_path):
    file = tmp_path / "journal.sqlite3"
    looked_after = health.Health(lambda schema: SqliteDatabase(file, schema))
    database = looked_after.open_database(ledger.SCHEMA)
    await database.run(lambda c: c.exec_driver_sql("SELECT 1").fetchall())
    await database.read(lambda c: c.connection.cursor().execute("PRAGMA query_only=ON").fetchall())
    told = await looked_after.check()
    assert (
        told == f"the journal database cannot be written: {file} cannot be used: attempt to write a readonly database"
    )
    await database.close()
    assert sqlite3.connect(file).execute("SELECT version_num FROM journal_version").fetchall() == [
        (ledger.SCHEMA.head,)
    ]


async def test_a_database_that_does_not_answer_is_named_in_time(monkeypatch):
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.01)
    looked_after = health.Health(lambda _schema: Stuck())
    looked_after.open_database(ledger.SCHEMA)
    assert await looked_after.check() == "the journal database does not answer"
