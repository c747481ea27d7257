"""The directory server's tables. The only module here that knows SQLAlchemy."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec.structs import astuple
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from directory_server.ranges import Action, Change, Issuer, StandIn
from directory_server.transactions.finals import Fingerprint, named, newest
from directory_server.transactions.records import Filter, Transaction
from directory_server.transactions.states import State
from threedsecure.cards.card_numbers import CardRange
from threedsecure.storage.database import Database, Failed
from threedsecure.storage.ledger import Ledger
from threedsecure.storage.rows import leases
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.rows.purging import purge
from threedsecure.storage.schema import Schema

Result = TypeVar("Result")
METADATA: Final = MetaData()

_BY_APP: Final = text("sdk_trans_id IS NOT NULL")
TRANSACTIONS: Final = Table(
    "ds_transaction",
    METADATA,
    Column("ds_trans_id", String(36), primary_key=True),
    Column("three_ds_server_trans_id", String(36), nullable=False),
    Column("acs_trans_id", String(36)),
    Column("sdk_trans_id", String(36)),
    Column("scheme", String(16), nullable=False),
    Column("version", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("pan_masked", String(19), nullable=False),
    Column("pan_fingerprint", String(32), nullable=False),
    Column("amount", String(48)),
    Column("currency", String(3)),
    Column("exponent", String(1)),
    Column("merchant", String(40)),
    Column("three_ds_server_url", Text, nullable=False),
    Column("acs_url", Text),
    Column("areq", JSON, nullable=False),
    Column("ares", JSON(none_as_null=True)),
    Column("trans_status", String(1)),
    Column("trans_status_reason", String(2)),
    Column("eci", String(2)),
    Column("results_fingerprint", String(32)),
    Column("results_answer", JSON(none_as_null=True)),
    Column("results_status", String(2)),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False),
    *leases.columns(),
    # An identifier may be any of four, one of them the key: where one had no index, every look-up would read the whole table.
    Index("ds_transaction_three_ds_server", "three_ds_server_trans_id"),
    Index("ds_transaction_acs", "acs_trans_id"),
    Index("ds_transaction_sdk", "sdk_trans_id", sqlite_where=_BY_APP, postgresql_where=_BY_APP),
    Index("ds_transaction_card", "pan_fingerprint"),
    Index("ds_transaction_created", "created_at"),
)

# One row per scheme. `base` stands for the ranges that the list began with: other settings or another release give another base.
RANGE_LISTS: Final = Table(
    "ds_range_list",
    METADATA,
    Column("scheme", String(16), primary_key=True),
    Column("base", String(64), nullable=False),
    Column("serial", Integer, nullable=False),
    Column("oldest", Integer, nullable=False),
)

RANGE_CHANGES: Final = Table(
    "ds_range_change",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("scheme", String(16), nullable=False),
    Column("serial", Integer, nullable=False),
    Column("action", String(1), nullable=False),
    Column("start", String(19), nullable=False),
    Column("end", String(19), nullable=False),
    Column("issuer", JSON, nullable=False),
    Index("ds_range_change_serial", "scheme", "serial"),
    sqlite_autoincrement=True,
)

PREPARATIONS: Final = Table(
    "ds_preparation",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("scheme", String(16), nullable=False),
    Column("three_ds_server_ref_number", String(32), nullable=False),
    Column("at", String(32), nullable=False),
    Index("ds_preparation_sender", "scheme", "three_ds_server_ref_number"),
    sqlite_autoincrement=True,
)

# sdkMaxTimeout and threeDSRequestorDecMaxTime end within seven days.
LONGEST_CHALLENGE: Final = timedelta(days=8)
MOST_HELD: Final = 20_000
"""Transactions in memory."""
_MAY_STILL_END: Final = (State.RECEIVED, State.CHALLENGED, State.UNANSWERED, State.REPORTING, State.UNDELIVERED)

SCHEMA: Final = Schema("ds", METADATA, "0003", Path(__file__).parent / "migrations")


class BeingReported(Exception):
    """Another process is delivering a result of this transaction now."""


class SerialMoved(RuntimeError):
    """The list of card ranges was edited by somebody else meanwhile."""


@dataclass(frozen=True, slots=True)
class StoredRanges:
    """A scheme's list of card ranges as stored: its serial number, the oldest one it remembers, and the edits since."""

    serial: int
    oldest: int
    changes: tuple[Change, ...]


class Storage:
    """Everything the directory server keeps. Each method is one unit of work, and returns after its commit, but where it says that
    it is straight: its caller promises nothing before the commit.

    A transaction that waits for its answer is held in memory, and what was final at its ARes has no row: the ledger says it. Where
    one process has the tables, transactions whose result may still come are held as well, and written through; of several
    processes each may be told the next thing, so there the row is the truth, and what has none yet gets one when another process
    looks for it."""

    def __init__(self, database: Database, ledger: Ledger, fingerprint: Fingerprint, worker: str | None = None) -> None:
        """`worker`: of several processes on these tables, this one."""
        self._database = database
        self._ledger = ledger
        self._fingerprint = fingerprint
        self._leases = leases.Leases(worker)
        self._held: dict[str, Transaction] = {}
        self._without_row: set[str] = set()
        ledger.before_others_read(self._write_out_all)

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
            return self._database.run(lambda c: _step(c, known.ds_trans_id, lambda found: (decide(found), None)))
        return None

    def conclude(self, transaction: Transaction) -> None:
        """A transaction that was answered straight away. Straight."""
        self.begin(transaction)
        self._write(transaction, transaction)

    async def find(self, ds_trans_id: str) -> Transaction | None:
        found = self._held.get(ds_trans_id) or await self._row(ds_trans_id)
        if found is None:
            finals = await self._ledger.read(lambda records: named(records, ds_trans_id, self._fingerprint))
            found = next((each for each in finals if each.ds_trans_id == ds_trans_id), None)
        if found is None and not self._leases.alone:  # another process may have held it until it was read for
            found = await self._row(ds_trans_id)
        return found

    async def _row(self, ds_trans_id: str) -> Transaction | None:
        return await self._database.read(lambda c: _load(c, _FIND, ds_trans_id))

    async def step(
        self, ds_trans_id: str, decide: Callable[[Transaction], tuple[Transaction, Result]]
    ) -> Result | None:
        """Read the transaction, decide, write what changed; returns the decision, or None where there is no such transaction.
        `decide` is pure and may be run again."""
        if not self._leases.alone:
            return await self._by_row(ds_trans_id, decide, lambda c: _step(c, ds_trans_id, decide))
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
            holder = connection.execute(_HOLDER, {"wanted": ds_trans_id}).first()
            if holder is not None and self._leases.elsewhere(holder):
                raise BeingReported(ds_trans_id)
            result = _step(connection, ds_trans_id, decide)
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
        rows = await self._database.run(lambda c: _select(c, wanted))  # behind all that was handed in before
        open_ones = [self._held[name] for name in self._without_row if wanted.fits(self._held[name])]
        every = {each.ds_trans_id: each for each in (*finals, *rows, *open_ones)}
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
            row = _row(after)
            self._database.put(lambda c: _INSERT_NEW.run(c, row), partial(self._is_written, name))
        elif after is not before:
            changes = _changes(after)
            self._database.put(lambda c: _UPDATE.run(c, changes), partial(self._is_written, name))

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
            return await self._database.run(lambda c: _ranges(c, scheme, base))
        except IntegrityError:  # another process wrote the first row of the list in this very moment
            return await self._database.run(lambda c: _ranges(c, scheme, base))

    async def serial(self, scheme: str) -> int | None:
        """The serial number at which the stored list stands; None before it was first read."""
        wanted = select(RANGE_LISTS.c.serial).where(RANGE_LISTS.c.scheme == scheme)
        return await self._database.read(lambda c: c.execute(wanted).scalar_one_or_none())

    async def change_ranges(self, scheme: str, changes: Sequence[Change]) -> None:
        """Store one edit, whose changes carry the serial number after the stored one. Errors: `SerialMoved`."""
        await self._database.run(lambda c: _change_ranges(c, scheme, changes))

    async def prepared(self, scheme: str, reference_number: str, now: datetime, limit: int) -> bool:
        """Note a PReq; False when its sender had `limit` of them in the hour before."""
        return await self._database.run(lambda c: _prepared(c, scheme, reference_number, now, limit))

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
        old = (t.created_at < _instant(at)) & (t.updated_at < _instant(at))
        old &= or_(over, t.updated_at < _instant(at - LONGEST_CHALLENGE))

        def work(connection: Connection) -> int:
            connection.execute(delete(PREPARATIONS).where(PREPARATIONS.c.at < _instant(at - timedelta(hours=1))))
            return len(purge(connection, TRANSACTIONS, t.ds_trans_id, old, t.created_at))

        return await self._database.run(work)

    async def close(self) -> None:
        await self._database.close()


_COLUMNS: Final = Transaction.__struct_fields__
_CHANGING: Final = (
    "acs_trans_id",
    "state",
    "ares",
    "trans_status",
    "trans_status_reason",
    "eci",
    "results_fingerprint",
    "results_answer",
    "results_status",
    "updated_at",
)
_ROW: Final = tuple(TRANSACTIONS.c[name] for name in _COLUMNS)
# SQLAlchemy spells ON CONFLICT once per dialect; SQL itself does not.
_INSERT_NEW: Final = Prepared(
    text(
        f"INSERT INTO ds_transaction ({', '.join(_COLUMNS)}) "  # noqa: S608 - the columns are this module's own
        f"VALUES (:{', :'.join(_COLUMNS)}) ON CONFLICT DO NOTHING"
    ).bindparams(*(bindparam(name, type_=TRANSACTIONS.c[name].type) for name in _COLUMNS))
)
_FINDING: Final = select(*_ROW).where(TRANSACTIONS.c.ds_trans_id == bindparam("wanted"))
_FIND: Final = Prepared(_FINDING)
_LOCK: Final = Prepared(_FINDING.with_for_update())
_HOLDER: Final = (
    select(TRANSACTIONS.c.leased_by, TRANSACTIONS.c.leased_until)
    .where(TRANSACTIONS.c.ds_trans_id == bindparam("wanted"))
    .with_for_update()
)
_UPDATE: Final = Prepared(
    update(TRANSACTIONS)
    .where(TRANSACTIONS.c.ds_trans_id == bindparam("wanted"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_changing: Final = attrgetter(*_CHANGING)


def _row(transaction: Transaction) -> dict[str, Any]:
    row = dict(zip(_COLUMNS, astuple(transaction), strict=True))
    row["created_at"] = _instant(transaction.created_at)
    row["updated_at"] = _instant(transaction.updated_at)
    return row


def _changes(transaction: Transaction) -> dict[str, Any]:
    changes = dict(zip(_CHANGING, _changing(transaction), strict=True))
    return changes | {"updated_at": _instant(transaction.updated_at), "wanted": transaction.ds_trans_id}


def _transaction(row: Sequence[Any]) -> Transaction:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["state"] = State(values["state"])
    values["created_at"] = datetime.fromisoformat(values["created_at"])
    values["updated_at"] = datetime.fromisoformat(values["updated_at"])
    return Transaction(**values)


def _load(connection: Connection, statement: Prepared, ds_trans_id: str) -> Transaction | None:
    row = statement.first(connection, {"wanted": ds_trans_id})
    return None if row is None else _transaction(row)


def _step(
    connection: Connection, ds_trans_id: str, decide: Callable[[Transaction], tuple[Transaction, Result]]
) -> Result | None:
    before = _load(connection, _LOCK, ds_trans_id)
    if before is None:
        return None
    after, result = decide(before)
    if after is not before:
        _UPDATE.run(connection, _changes(after))
    return result


def _select(connection: Connection, wanted: Filter) -> list[Transaction]:
    t = TRANSACTIONS.c
    query = select(*_ROW).order_by(t.created_at.desc(), t.ds_trans_id).limit(wanted.limit)
    if wanted.identifier is not None:
        named = (t.three_ds_server_trans_id, t.ds_trans_id, t.acs_trans_id, t.sdk_trans_id)
        query = query.where(or_(*(column == wanted.identifier for column in named)))
    if wanted.pan_fingerprint is not None:
        query = query.where(t.pan_fingerprint == wanted.pan_fingerprint)
    if wanted.state is not None:
        query = query.where(t.state == wanted.state.value)
    if wanted.since is not None:
        query = query.where(t.created_at >= _instant(wanted.since))
    return [_transaction(row) for row in connection.execute(query)]


def _ranges(connection: Connection, scheme: str, base: str) -> StoredRanges:
    row = connection.execute(select(RANGE_LISTS).where(RANGE_LISTS.c.scheme == scheme).with_for_update()).first()
    if row is None:
        connection.execute(insert(RANGE_LISTS).values(scheme=scheme, base=base, serial=1, oldest=1))
        serial = oldest = 1
    elif row.base != base:
        serial = oldest = row.serial + 1
        this_list = update(RANGE_LISTS).where(RANGE_LISTS.c.scheme == scheme)
        connection.execute(this_list.values(base=base, serial=serial, oldest=oldest))
    else:
        serial, oldest = row.serial, row.oldest
    changes = select(RANGE_CHANGES).where(RANGE_CHANGES.c.scheme == scheme).order_by(RANGE_CHANGES.c.number)
    return StoredRanges(serial, oldest, tuple(_change(row) for row in connection.execute(changes)))


def _change_ranges(connection: Connection, scheme: str, changes: Sequence[Change]) -> None:
    serial = changes[0].serial
    moved = connection.execute(
        update(RANGE_LISTS)
        .where(RANGE_LISTS.c.scheme == scheme, RANGE_LISTS.c.serial == serial - 1)
        .values(serial=serial)
    )
    if moved.rowcount != 1:
        raise SerialMoved(f"the card ranges of {scheme} are no longer at serial number {serial - 1}")
    connection.execute(
        insert(RANGE_CHANGES),
        [
            {
                "scheme": scheme,
                "serial": change.serial,
                "action": change.action.value,
                "start": change.card_range.start,
                "end": change.card_range.end,
                "issuer": asdict(change.card_range.value),
            }
            for change in changes
        ],
    )


def _change(row: Any) -> Change:
    stored = row.issuer
    issuer = Issuer(
        versions=tuple(stored["versions"]),
        acs_url=stored["acs_url"],
        three_ds_method_url=stored["three_ds_method_url"],
        acs_info_ind=tuple(stored["acs_info_ind"]),
        stand_in=StandIn(stored["stand_in"]),
    )
    return Change(row.serial, Action(row.action), CardRange(row.start, row.end, issuer))


def _prepared(connection: Connection, scheme: str, reference_number: str, now: datetime, limit: int) -> bool:
    p = PREPARATIONS.c
    sender = (p.scheme == scheme) & (p.three_ds_server_ref_number == reference_number)
    # One PReq of a scheme after the other, or two processes would count past the limit.
    connection.execute(select(RANGE_LISTS.c.serial).where(RANGE_LISTS.c.scheme == scheme).with_for_update())
    connection.execute(delete(PREPARATIONS).where(sender, p.at <= _instant(now - timedelta(hours=1))))
    counted = connection.execute(select(func.count()).select_from(PREPARATIONS).where(sender)).scalar_one()
    if counted >= limit:
        return False
    connection.execute(
        insert(PREPARATIONS).values(scheme=scheme, three_ds_server_ref_number=reference_number, at=_instant(now))
    )
    return True


def _forget(connection: Connection) -> None:
    connection.execute(delete(TRANSACTIONS))
    connection.execute(delete(PREPARATIONS))
    edited = select(RANGE_CHANGES.c.scheme).distinct()
    lists = update(RANGE_LISTS).where(RANGE_LISTS.c.scheme.in_(edited))
    connection.execute(lists.values(serial=RANGE_LISTS.c.serial + 1, oldest=RANGE_LISTS.c.serial + 1))
    connection.execute(delete(RANGE_CHANGES))


def _instant(at: datetime) -> str:
    """One width and one zone, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
