"""The directory server's units of work."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from directory_server.ranges import Change
from directory_server.transactions.finals import named, newest
from directory_server.transactions.records import Filter, Transaction
from directory_server.transactions.states import State
from directory_server.transactions.storage import lists, rows
from directory_server.transactions.storage.lists import StoredRanges
from directory_server.transactions.storage.tables import PREPARATIONS, RANGE_LISTS, TRANSACTIONS
from threedsecure.redaction import holds_card_number
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database, Failed
from threedsecure.storage.ledger import Ledger
from threedsecure.storage.rows import leases
from threedsecure.storage.rows.purging import purge

Result = TypeVar("Result")

# sdkMaxTimeout and threeDSRequestorDecMaxTime end within seven days.
LONGEST_CHALLENGE: Final = timedelta(days=8)
MOST_HELD: Final = 20_000
"""Transactions in memory."""
_MAY_STILL_END: Final = (State.RECEIVED, State.CHALLENGED, State.UNANSWERED, State.REPORTING, State.UNDELIVERED)


SEALED: Final = "sealed:"
"""What an address begins with that is not kept as it is."""


class BeingReported(Exception):
    """Another process is delivering a result of this transaction now."""


class Storage:
    """Everything the directory server keeps. Each method is one unit of work, and returns after its commit, but where it says that
    it is straight: its caller promises nothing before the commit.

    A transaction that waits for its answer is held in memory, and what was final at its ARes has no row: the ledger says it. Where
    one process has the tables, transactions whose result may still come are held as well, and written through; of several
    processes each may be told the next thing, so there the row is the truth, and what has none yet gets one when another process
    looks for it."""

    def __init__(self, database: Database, ledger: Ledger, vault: Vault, worker: str | None = None) -> None:
        """`worker`: of several processes on these tables, this one."""
        self._database = database
        self._ledger = ledger
        self._vault = vault
        self._fingerprint = vault.fingerprint
        self._leases = leases.Leases(worker)
        self._held: dict[str, Transaction] = {}
        self._without_row: set[str] = set()
        ledger.before_others_read(self._write_out_all)

    def results_url(self, transaction: Transaction) -> str:
        """Where its result goes."""
        kept = transaction.three_ds_server_url
        return self._vault.open(kept.removeprefix(SEALED)) if kept.startswith(SEALED) else kept

    def _as_kept(self, transaction: Transaction) -> Transaction:
        """A 3DS Server may have put a card number into its address, which has to be called as it is."""
        url = transaction.three_ds_server_url
        if url.startswith(SEALED) or not holds_card_number(url):
            return transaction
        return replace(transaction, three_ds_server_url=SEALED + self._vault.seal(url))

    def taken(self, ds_trans_id: str) -> bool | Awaitable[bool]:
        """Whether there is one of this dsTransID, which a seed that begins anew brings about. Straight."""
        return ds_trans_id in self._held or self._is_known(ds_trans_id)

    async def _is_known(self, ds_trans_id: str) -> bool:
        return await self.find(ds_trans_id) is not None

    def begin(self, transaction: Transaction) -> None:
        """It waits for its answer, and whatever happens to it meanwhile finds it. Straight."""
        self._held[transaction.ds_trans_id] = transaction
        self._without_row.add(transaction.ds_trans_id)

    def settle(self, known: Transaction, decide: Callable[[Transaction], Transaction]) -> Awaitable[None] | None:
        """What the answer makes of a transaction that its caller has just begun, unless something came between. Straight."""
        before = self._held.get(known.ds_trans_id)
        if before is not None:
            self._write(before, decide(before))
        elif not self._leases.alone:
            return self._database.run(lambda c: rows.step(c, known.ds_trans_id, lambda found: (decide(found), None)))
        return None

    def conclude(self, transaction: Transaction) -> None:
        """A transaction that was answered straight away. Straight."""
        self.begin(transaction)
        self._write(transaction, transaction)

    async def find(self, ds_trans_id: str) -> Transaction | None:
        found = self._held.get(ds_trans_id) or await self._row(ds_trans_id)
        if found is None:
            found = await self._ledger.read(lambda records: named(records, ds_trans_id, self._fingerprint))
        if found is None and not self._leases.alone:  # another process may have held it until it was read for
            found = await self._row(ds_trans_id)
        return found

    async def _row(self, ds_trans_id: str) -> Transaction | None:
        return await self._database.read(lambda c: rows.load(c, rows.FIND, ds_trans_id))

    async def step(
        self, ds_trans_id: str, decide: Callable[[Transaction], tuple[Transaction, Result]]
    ) -> Result | None:
        """Read the transaction, decide, write what changed; returns the decision, or None where there is no such transaction.
        `decide` is pure and may be run again."""
        if not self._leases.alone:
            return await self._by_row(ds_trans_id, decide, lambda c: rows.step(c, ds_trans_id, decide))
        known = await self.find(ds_trans_id)
        before = self._held.get(ds_trans_id, known)
        if before is None:
            return None
        after, result = decide(before)
        if after is not before:
            self._write(before, after)
            await self._ledger.written()
        return result

    async def report(
        self,
        ds_trans_id: str,
        decide: Callable[[Transaction], tuple[Transaction, Result]],
        delivers: Callable[[Result], bool],
    ) -> Result | None:
        """Like `step`; where the decision `delivers`, it is this process's alone to do so until `reported`.
        Errors: `BeingReported`."""
        if self._leases.alone:
            return await self.step(ds_trans_id, decide)

        def work(connection: Connection) -> Result | None:
            holder = connection.execute(rows.HOLDER, {"wanted": ds_trans_id}).first()
            if holder is not None and self._leases.elsewhere(holder):
                raise BeingReported(ds_trans_id)
            result = rows.step(connection, ds_trans_id, decide)
            if result is not None and delivers(result):
                taken = update(TRANSACTIONS).where(TRANSACTIONS.c.ds_trans_id == ds_trans_id)
                connection.execute(taken.values(**self._leases.taken()))
            return result

        return await self._by_row(ds_trans_id, decide, work)

    async def _by_row(
        self,
        ds_trans_id: str,
        decide: Callable[[Transaction], tuple[Transaction, Result]],
        work: Callable[[Connection], Result | None],
    ) -> Result | None:
        """What `work` makes of the row, or `decide` of what is final and has none."""
        self._write_out(ds_trans_id)
        result = await self._database.run(work)
        known = None if result is not None else await self.find(ds_trans_id)
        if known is None:
            return result
        return decide(known)[1] if known.state is State.ANSWERED else await self._database.run(work)

    async def reported(self, ds_trans_id: str) -> None:
        """The delivery has ended, however it ended."""
        if self._leases.alone:
            return
        released = update(TRANSACTIONS).where(TRANSACTIONS.c.ds_trans_id == ds_trans_id)

        def work(connection: Connection) -> None:
            connection.execute(released.values(**self._leases.given_back()))

        await self._database.run(work)

    async def select(self, wanted: Filter) -> list[Transaction]:
        finals = await self._ledger.read(lambda records: newest(records, wanted, self._fingerprint))
        kept = await self._database.run(lambda c: rows.listed(c, wanted))  # behind all that was handed in before
        open_ones = [self._held[name] for name in self._without_row if wanted.fits(self._held[name])]
        every = {each.ds_trans_id: each for each in (*finals, *kept, *open_ones)}
        return sorted(every.values(), key=lambda each: each.created_at, reverse=True)[: wanted.limit]

    def _write(self, before: Transaction, after: Transaction) -> None:
        """Handed in with this turn's commit; nothing where it is final and never had a row."""
        name, is_new = after.ds_trans_id, before.ds_trans_id in self._without_row
        self._without_row.discard(name)
        if after.state in _MAY_STILL_END and self._leases.alone:
            self._hold(after)
        else:
            self._held.pop(name, None)
        if is_new and after.state is State.ANSWERED:
            return
        if is_new:
            row = rows.row(self._as_kept(after))
            self._database.put(lambda c: rows.INSERT_NEW.run(c, row), partial(self._is_written, name))
        elif after is not before:
            changes = rows.changes(after)
            self._database.put(lambda c: rows.UPDATE.run(c, changes), partial(self._is_written, name))

    def _write_out(self, ds_trans_id: str) -> None:
        """It has a row from now on, if it is held here and has none."""
        if ds_trans_id in self._without_row:
            self._write(self._held[ds_trans_id], self._held[ds_trans_id])

    def _write_out_all(self) -> None:
        for name in list(self._without_row):
            self._write_out(name)

    def _is_written(self, name: str, outcome: object) -> None:
        if isinstance(outcome, Failed):  # then the row is the truth
            self._held.pop(name, None)
            self._ledger.failed(outcome.error)

    def _hold(self, transaction: Transaction) -> None:
        if len(self._held) >= MOST_HELD:  # what has a row can be read again
            for name in [name for name in self._held if name not in self._without_row][: MOST_HELD // 10]:
                del self._held[name]
        self._held[transaction.ds_trans_id] = transaction

    async def ranges(self, scheme: str, base: str) -> StoredRanges:
        """The stored list of a scheme. Where it began with another base its edits stay, and its history begins anew."""
        try:
            return await self._database.run(lambda c: lists.ranges(c, scheme, base))
        except IntegrityError:  # another process wrote the first row of the list in this very moment
            return await self._database.run(lambda c: lists.ranges(c, scheme, base))

    async def serial(self, scheme: str) -> int | None:
        """The serial number at which the stored list stands; None before it was first read."""
        wanted = select(RANGE_LISTS.c.serial).where(RANGE_LISTS.c.scheme == scheme)
        return await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    async def change_ranges(self, scheme: str, changes: Sequence[Change]) -> None:
        """Store one edit, whose changes carry the serial number after the stored one. Errors: `SerialMoved`."""
        await self._database.run(lambda c: lists.change_ranges(c, scheme, changes))

    async def prepared(self, scheme: str, reference_number: str, now: datetime, limit: int) -> bool:
        """Note a PReq; False when its sender had `limit` of them in the hour before."""
        return await self._database.run(lambda c: lists.prepared(c, scheme, reference_number, now, limit))

    async def forget(self) -> None:
        """Everything but the serial numbers, which never go back: a 3DS Server may hold one."""
        self._held.clear()
        self._without_row.clear()
        await self._database.run(_forget)

    async def forget_before(self, at: datetime) -> int:
        """Some of the transactions that were begun before `at` and did not change since. One whose result may still come stays
        as long as any challenge can last."""
        t = TRANSACTIONS.c
        over = t.state.not_in([state.value for state in _MAY_STILL_END])
        old = (t.created_at < rows.instant(at)) & (t.updated_at < rows.instant(at))
        old &= or_(over, t.updated_at < rows.instant(at - LONGEST_CHALLENGE))

        def work(connection: Connection) -> int:
            connection.execute(delete(PREPARATIONS).where(PREPARATIONS.c.at < rows.instant(at - timedelta(hours=1))))
            return len(purge(connection, TRANSACTIONS, t.ds_trans_id, old, t.created_at))

        return await self._database.run(work)

    async def close(self) -> None:
        await self._database.close()


def _forget(connection: Connection) -> None:
    connection.execute(delete(TRANSACTIONS))
    lists.forget(connection)
