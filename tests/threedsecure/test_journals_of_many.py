"""The journal of a simulator that runs in several processes: a payment of 3-D Secure 1.0.2 whose halves have nothing in common but
the acctID, written by two of them in every order."""

import asyncio
import secrets
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from threedsecure.secrets.vault import Vault
from threedsecure.storage import ledger
from threedsecure.storage.on_postgresql import PostgresDatabase
from threedsecure.web.journal import Journal

VAULT = Vault(bytes(range(32)), secrets.token_bytes)
AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
VEREQ = ("VEReq", {"messageType": "VEReq", "messageId": "m-1"}, None)
VERES = ("VERes", {"messageType": "VERes", "messageId": "m-1", "acctID": "account"}, None)
PAREQ = ("PAReq", {"messageType": "PAReq", "messageId": "m-2", "acctID": "account", "xid": "x-1"}, "n-1")
PARES = ("PARes", {"messageType": "PARes", "messageId": "m-2", "xid": "x-1"}, "n-1")
ALL = ["VEReq", "VERes", "PAReq", "PARes"]


class InSeveral:
    """Tells nobody anything: what is written is read from the table."""

    def __init__(self, worker):
        self.worker = worker

    def on(self, _topic, _receive):
        return None

    def tell(self, _topic, _content=None):
        return None

    async def tell_all(self, _topic, _content=None):
        return None


@asynccontextmanager
async def journals(postgresql):
    address = postgresql.fresh_database()
    databases = [PostgresDatabase(address, ledger.SCHEMA) for _ in range(2)]
    try:
        yield [Journal(database, VAULT, InSeveral(str(number))) for number, database in enumerate(databases)]
    finally:
        for database in databases:
            await database.close()


def record(journal, message):
    kind, document, name = message
    journal.record(AT, "one", "other", kind, document, transaction_id=name)


async def together(journal):
    """The kinds of what is found under every name of the payment."""
    found = {}
    for name in ("m-1", "m-2", "account", "x-1", "n-1"):
        transaction = await journal.transaction_of(name)
        found[name] = sorted(entry["kind"] for entry in await journal.entries_of(transaction))
    return found


@pytest.mark.parametrize("later", ["the answer", "the payment"])
async def test_both_halves_are_one_in_whatever_order_they_are_written(later, postgresql):
    async with journals(postgresql) as (first, second):
        record(first, VEREQ)
        await first.flush()
        record(first, VERES)
        for message in (PAREQ, PARES):
            record(second, message)
        for journal in (second, first) if later == "the answer" else (first, second):
            await journal.flush()
        for journal in (first, second):
            assert set(map(tuple, (await together(journal)).values())) == {tuple(sorted(ALL))}


async def test_both_halves_are_one_when_they_are_written_at_the_same_moment(postgresql):
    for _ in range(5):
        async with journals(postgresql) as (first, second):
            for message in (VEREQ, VERES):
                record(first, message)
            for message in (PAREQ, PARES):
                record(second, message)
            await asyncio.gather(first.flush(), second.flush())
            assert set(map(tuple, (await together(first)).values())) == {tuple(sorted(ALL))}


async def test_a_merchant_that_uses_a_message_id_twice_does_not_make_two_payments_one(postgresql):
    async with journals(postgresql) as (first, _):
        for number in "12":
            record(first, ("VERes", {"messageId": f"v-{number}", "acctID": f"account-{number}"}, None))
            record(first, ("PAReq", {"messageId": "same", "acctID": f"account-{number}", "xid": f"x-{number}"}, None))
        await first.flush()
        assert await first.transaction_of("account-1") != await first.transaction_of("account-2")
