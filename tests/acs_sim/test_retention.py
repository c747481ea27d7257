"""`--keep`: what ended longer ago is forgotten by every party, a little at a time, and the disk does not grow for ever."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table, delete, insert, select

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.file.elements import Column as MessageColumn
from acs_sim.scenarios.playing.gateway import running_gateway
from acs_sim.scenarios.playing.purchase import areq
from acs_sim.settings.settings import Settings
from tests.support.engine import on_both_engines, on_sqlite_alone
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from threedsecure.storage.engines import sqlite
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.rows.purging import purge
from threedsecure.storage.schema import Schema
from threedsecure.web.clock import Clock

pytestmark = on_both_engines

CARD = "4000000000000002"
CHALLENGED = "4000000001000001"
METADATA = MetaData()
ROWS = Table("t_row", METADATA, Column("number", Integer, primary_key=True), Column("content", LargeBinary))
SCHEMA = Schema("t", METADATA, "0001", Path(__file__).parent)


async def authenticated(session, stack, gateway, pan):
    box = gateway.mailbox(str(datetime.now(UTC).timestamp()))
    own = {
        "threeDSServerTransID": "%08x-0000-4000-8000-000000000000" % (hash((pan, datetime.now(UTC))) & 0xFFFFFFFF),
        "threeDSServerURL": box.results_url,
        "notificationURL": box.notification_url,
        "acctNumber": pan,
        "cardExpiryDate": "3012",
    }
    message = areq(MessageColumn("2.2.0", "02", "01"), stack.clock.now(), own)
    async with session.post(f"{stack.addresses.ds}/visa/3ds2", json=message) as answer:
        return await answer.json(content_type=None)


async def test_what_has_ended_is_forgotten_by_all_and_what_goes_on_is_not(tmp_path):
    settings = with_free_ports(Settings(data=str(tmp_path), keep="1s"))
    clock = Clock(frozen_at=datetime.now(UTC))  # what is to go on must not run into its own time limits
    async with (
        running_stack(settings, clock=clock) as stack,
        aiohttp.ClientSession() as session,
        running_gateway() as gateway,
    ):
        ended = await authenticated(session, stack, gateway, CARD)
        goes_on = await authenticated(session, stack, gateway, CHALLENGED)
        text = {"to": "+33639981101", "from": "BANQUE", "body": "code 123456"}
        async with session.post(f"{stack.addresses.phone}/api/messages", json=text) as answer:
            assert answer.status == 201

        clock.advance(timedelta(seconds=20))

        async def told(party, document):
            async with session.post(f"{party}/control/transactions", json=document) as answer:
                return (await answer.json())["transactions"]

        async def remembered():
            async with session.get(f"{stack.addresses.phone}/api/messages") as answer:
                texts = (await answer.json())["messages"]
            at_acs = await told(stack.addresses.acs, {"ids": [ended["acsTransID"]]})
            at_ds = await told(stack.addresses.ds, {"id": ended["dsTransID"]})
            return texts or at_acs or at_ds or await stack.runtime.journal.newest(1)

        async with asyncio.timeout(PATIENCE_SECONDS):
            while await remembered():  # noqa: ASYNC110 - nobody is told when something is forgotten
                await asyncio.sleep(0.05)
        [kept] = await told(stack.addresses.acs, {"ids": [goes_on["acsTransID"]]})
        assert kept["state"] == "creq-awaited"
        assert await told(stack.addresses.ds, {"id": goes_on["dsTransID"]})


@pytest.fixture
def copied(monkeypatch):
    """Has checkpoints follow writing at once; gives a function that waits until all that was written has been copied."""
    begun, ended, carry_out = [], [], sqlite._checkpoint

    def counted(path):
        begun.append(path)
        carry_out(path)
        ended.append(path)

    async def all_of(database):
        enough = len(begun) + 2  # one that began after now, and another, before which the log was cut off
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(ended) < enough:
                await database.run(lambda c: c.execute(delete(ROWS).where(ROWS.c.number < 0)) and None)
                await asyncio.sleep(0.005)

    monkeypatch.setattr(sqlite, "CHECKPOINT_AFTER_SECONDS", 0.01)
    monkeypatch.setattr(sqlite, "_checkpoint", counted)
    return all_of


@on_sqlite_alone
async def test_a_file_that_is_purged_as_fast_as_it_is_filled_stays_as_large_as_it_was(tmp_path, monkeypatch, copied):
    monkeypatch.setattr(sqlite, "MAX_WAL_BYTES", 1 << 20)
    database = SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
    sizes, logs, last = [], [], 0
    for _ in range(12):
        for _ in range(10):
            rows = [{"number": last + place, "content": bytes(2000)} for place in range(1, 101)]
            last += 100
            await database.run(lambda c, rows=rows: c.execute(insert(ROWS), rows) and None)
        old = ROWS.c.number <= last - 1000
        while await database.run(lambda c, old=old: purge(c, ROWS, ROWS.c.number, old, ROWS.c.number)):
            pass
        await copied(database)
        sizes.append((tmp_path / "t.sqlite3").stat().st_size)
        logs.append((tmp_path / "t.sqlite3-wal").stat().st_size)
    assert await database.read(lambda c: len(c.execute(select(ROWS.c.number)).all())) == 1000
    await database.close()
    assert max(sizes[4:]) <= 1.3 * sizes[3]
    assert max(logs) < 12 << 20


@pytest.mark.parametrize("many", [1203])
async def test_a_step_is_small(tmp_path, many):
    database = SqliteDatabase(tmp_path / "t.sqlite3", SCHEMA)
    await database.run(lambda c: c.execute(insert(ROWS), [{"number": n, "content": b""} for n in range(many)]) and None)
    gone = []
    while step := await database.run(lambda c: purge(c, ROWS, ROWS.c.number, ROWS.c.number >= 0, ROWS.c.number)):
        gone.append(len(step))
    assert gone == [500, 500, 203]
    await database.close()
