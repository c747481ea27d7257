"""What is on disk: whole after a restart, sealed, and the same whether created or migrated."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlalchemy import create_engine, inspect

from issuer_sms.app import build
from issuer_sms.settings import PhoneSettings
from issuer_sms.storage import SCHEMA
from tests.issuer_sms.conftest import a_phone
from tests.issuer_sms.peers import an_issuer
from tests.support.engine import on_both_engines, on_sqlite_alone, written
from tests.support.simulator import running, runtime
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.schema import prepare

pytestmark = on_both_engines

NUMBER = "+33639981101"


async def test_what_was_on_its_way_arrives_after_a_restart(tmp_path):
    async with a_phone(tmp_path) as phone:
        sent = await phone.text("+33639989111", "code 654321")
        assert sent["state"] == "sent"
    async with a_phone(tmp_path) as phone:
        phone.clock.advance(timedelta(minutes=6))
        arrived = (await phone.get("/api/phones/+33639989111/latest?wait=60")).json
        assert (arrived["id"], arrived["code"], arrived["delivered_at"]) == (
            sent["id"],
            "654321",
            "2026-06-15T12:06:00.000+00:00",
        )


async def test_what_fell_due_while_nobody_was_there_happens_at_the_start(tmp_path):
    async with an_issuer() as issuer:
        async with a_phone(tmp_path) as phone:
            await phone.text("+33639989111", callback=issuer.address)
            prompt = await phone.post(
                "/api/prompts", {"to": NUMBER, "title": "Approve?", "expires_at": "2026-06-15T12:05:00Z"}
            )
        async with runtime(data=tmp_path) as shared:
            shared.clock.advance(timedelta(hours=1))
            async with running(build(shared, PhoneSettings()), shared):
                assert (await issuer.hears(1))[0]["delivered_at"] == "2026-06-15T12:06:00.000+00:00"
        async with a_phone(tmp_path) as phone:
            assert (await phone.get(f"/api/prompts/{prompt.json['id']}")).json["state"] == "expired"


async def test_a_receipt_that_was_not_taken_is_told_after_a_restart(tmp_path):
    async with an_issuer(503) as issuer:
        async with a_phone(tmp_path) as phone:
            await phone.text(NUMBER, callback=issuer.address)
            await issuer.hears(1)
        async with a_phone(tmp_path) as phone:
            phone.clock.advance(timedelta(minutes=2))
            assert [receipt["state"] for receipt in await issuer.hears(2)] == ["delivered"] * 2


async def test_neither_words_nor_codes_nor_addresses_are_on_disk_in_clear(tmp_path):
    async with a_phone(tmp_path) as phone:
        await phone.text(NUMBER, "BANQUE: code 918273 chez BOUTIQUE", callback="http://127.0.0.1:1/secret-address")
        await phone.post("/api/prompts", {"to": NUMBER, "title": "Approuver 42,42 EUR", "body": "Chez Marchand"})
        await phone.shared.journal.flush()
        found = clear_texts(tmp_path, b"918273", b"BOUTIQUE", b"secret-address", b"42,42", b"Marchand", NUMBER.encode())
    # A number is what a phone is found by.
    assert found == {NUMBER.encode()}


def clear_texts(folder: Path, *wanted: bytes) -> set[bytes]:
    kept = written(folder)
    assert kept
    return {text for text in wanted if text in kept}


def described(path: Path):
    engine = create_engine(f"sqlite:///{path}")
    try:
        tables = inspect(engine)
        return {
            name: (
                [(c["name"], str(c["type"]), c["nullable"], c["primary_key"]) for c in tables.get_columns(name)],
                sorted((i["name"], i["column_names"]) for i in tables.get_indexes(name)),
                tables.get_unique_constraints(name),
            )
            for name in tables.get_table_names()
        }
    finally:
        engine.dispose()


@on_sqlite_alone
async def test_the_migrations_lead_to_the_tables_that_are_created(tmp_path):
    created, migrated = tmp_path / "created.sqlite3", tmp_path / "migrated.sqlite3"
    await SqliteDatabase(created, SCHEMA).close()
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE phone_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        prepare(connection, SCHEMA)
    engine.dispose()
    assert described(migrated) == described(created)
    assert "phone_message" in described(created)


async def test_the_phone_is_ready_while_it_works(tmp_path):
    async with a_phone(tmp_path) as phone:
        assert (await phone.get("/readyz")).status == 200


async def test_two_hundred_texts_at_once_are_all_kept_in_one_order(tmp_path):
    async with a_phone(tmp_path) as phone:
        await asyncio.gather(*(phone.text(NUMBER, f"code {100_000 + n}") for n in range(200)))
        listed = (await phone.get(f"/api/phones/{NUMBER}/messages?limit=1000")).json["messages"]
        assert sorted(message["code"] for message in listed) == [str(100_000 + n) for n in range(200)]
        assert (await phone.get(f"/api/phones/{NUMBER}/latest")).json["id"] == listed[-1]["id"]
