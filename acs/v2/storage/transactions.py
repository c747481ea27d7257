"""The ACS's tables, and the only place of the ACS that knows SQLAlchemy.

A transaction is one row: a few columns to find it by, the rest as one document. The decision and the RReq that tells it stand in
that row, so no write can part them. `due_at` is set only while something has to happen by itself, and only such rows are in its
index: deadlines and undelivered results are found without a scan however many transactions are kept.

Card numbers and phone numbers are sealed; a card is found by the fingerprint of its number. Codes are not stored at all, only their
counters.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    or_,
    select,
    text,
    update,
)

from acs.cardholder.challenge import Challenge, NextCounter, SendCode
from acs.cardholder.methods.table import Method
from acs.cards.records import Card, OnFile, Registration
from acs.cards.status import GOOD, Standing
from acs.v2.lifecycle import Change
from acs.v2.records import Delivery, Purchase, Result, Session, Transaction
from acs.v2.states import State
from acs.v2.storage import method_calls
from threedsecure.identifiers import one_spelling
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.rows import leases
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.rows.purging import PER_STEP
from threedsecure.storage.schema import Schema

METADATA: Final = MetaData()

TRANSACTIONS: Final = Table(
    "acs_transaction",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("acs_trans_id", String(36), nullable=False, unique=True),
    Column("state", String(20), nullable=False),
    Column("due_at", BigInteger),
    Column("card", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    *leases.columns(),
    sqlite_autoincrement=True,
)
_DUE: Final = TRANSACTIONS.c.due_at.is_not(None)
Index("acs_transaction_due", TRANSACTIONS.c.due_at, sqlite_where=_DUE, postgresql_where=_DUE)

CARDS: Final = Table(
    "acs_card",
    METADATA,
    Column("fingerprint", String(32), primary_key=True),
    Column("registration", Text),
    Column("code_counter", BigInteger),
    Column("standing", Text),
)

METHOD_CALLS: Final = method_calls.table(METADATA)

_ROW: Final = (
    TRANSACTIONS.c.acs_trans_id,
    TRANSACTIONS.c.state,
    TRANSACTIONS.c.due_at,
    TRANSACTIONS.c.card,
    TRANSACTIONS.c.document,
)
_FINDING: Final = select(*_ROW).where(TRANSACTIONS.c.acs_trans_id == bindparam("name"))
_FIND: Final = Prepared(_FINDING)
_HOLD: Final = Prepared(_FINDING.with_for_update())
_UPDATING: Final = (
    update(TRANSACTIONS)
    .where(TRANSACTIONS.c.acs_trans_id == bindparam("name"))
    .values(state=bindparam("state"), due_at=bindparam("due_at"), document=bindparam("document"))
)
_UPDATE: Final = Prepared(_UPDATING)
_UPDATE_LEASED: Final = Prepared(
    _UPDATING.values(leased_by=bindparam("leased_by"), leased_until=bindparam("leased_until"))
)
_HOLDER: Final = (
    select(TRANSACTIONS.c.leased_by, TRANSACTIONS.c.leased_until)
    .where(TRANSACTIONS.c.acs_trans_id == bindparam("name"))
    .with_for_update()
)
_DUE_BY: Final = (
    select(TRANSACTIONS.c.acs_trans_id, TRANSACTIONS.c.state)
    .where(TRANSACTIONS.c.due_at <= bindparam("now"), leases.free(TRANSACTIONS))
    .order_by(TRANSACTIONS.c.due_at)
    .limit(bindparam("limit"))
)
_OPEN_BY_STATE: Final = Prepared(
    select(TRANSACTIONS.c.state, func.count()).where(TRANSACTIONS.c.due_at.is_not(None)).group_by(TRANSACTIONS.c.state)
)
_TAKE_DUE: Final = _DUE_BY.with_for_update(skip_locked=True)
_NEXT_DUE: Final = select(func.min(TRANSACTIONS.c.due_at)).where(TRANSACTIONS.c.due_at > bindparam("now"))
_KNOWN: Final = Prepared(
    select(CARDS.c.registration, CARDS.c.standing).where(CARDS.c.fingerprint == bindparam("fingerprint"))
)
_HOLD_CARD: Final = Prepared(
    select(CARDS.c.registration, CARDS.c.code_counter, CARDS.c.standing)
    .where(CARDS.c.fingerprint == bindparam("fingerprint"))
    .with_for_update()
)
# SQLAlchemy spells ON CONFLICT once per dialect; SQL itself does not.
_INSERT_TRANSACTION: Final = Prepared(
    text(
        "INSERT INTO acs_transaction (acs_trans_id, state, due_at, card, document) "
        "VALUES (:acs_trans_id, :state, :due_at, :card, :document) ON CONFLICT DO NOTHING"
    )
)
_INSERT_CARD: Final = Prepared(text("INSERT INTO acs_card (fingerprint) VALUES (:fingerprint) ON CONFLICT DO NOTHING"))
_STAND: Final = Prepared(
    update(CARDS).where(CARDS.c.fingerprint == bindparam("name")).values(standing=bindparam("standing"))
)
_USE_COUNTER: Final = Prepared(
    update(CARDS)
    .where(
        CARDS.c.fingerprint == bindparam("name"),
        or_(CARDS.c.code_counter.is_(None), CARDS.c.code_counter < bindparam("counter")),
    )
    .values(code_counter=bindparam("counter"))
)

SCHEMA: Final = Schema("acs", METADATA, "0004", Path(__file__).parent / "migrations")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Document:
    """What of a transaction is neither a column nor sealed. `deadline`: where the column says an earlier time."""

    created_at: datetime
    updated_at: datetime
    purchase: Purchase
    method: Method | None
    challenge: Challenge | None
    session: Session | None
    result: Result | None
    delivery: Delivery | None
    deadline: datetime | None = None


_encoder: Final = msgspec.json.Encoder()
_documents: Final = msgspec.json.Decoder(_Document)
_cards: Final = msgspec.json.Decoder(Card)
_registrations: Final = msgspec.json.Decoder(Registration)
_standings: Final = msgspec.json.Decoder(Standing)

Other = TypeVar("Other")
Step = Callable[[Transaction, NextCounter], Change]
Settle = Callable[[Transaction, Standing], tuple[Transaction, Standing]]


class Storage:
    """What the ACS remembers. Open between entering and leaving `opened`."""

    def __init__(
        self,
        open_database: Callable[[Schema], Database],
        vault: Vault,
        first_counter: Callable[[str], int],
        settle: Settle,
        worker: str | None = None,
    ) -> None:
        """`first_counter(pan)`: where the codes of a card begin that never had one. `settle(transaction, standing)`: what a
        decision just taken and the card's standing make of each other. `worker`: of several processes on these tables, this
        one."""
        self.leases = leases.Leases(worker)
        self._settle = settle
        self._open_database = open_database
        self._vault = vault
        self._first_counter = first_counter
        self._database: Database | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        self._database = self._open_database(SCHEMA)
        try:
            yield
        finally:
            database, self._database = self._database, None
            await database.close()

    @property
    def is_open(self) -> bool:
        return self._database is not None

    # --- transactions ---

    async def begin(
        self, pan: str, step: Callable[[OnFile], tuple[Transaction | Other, Standing]], *, method_of: str | None = None
    ) -> Transaction | Other:
        """What `step` makes of what is known of the card, written when it is a transaction; `method_of`: the threeDSServerTransID
        whose 3DS Method is to be looked for. `step` is called again when the acsTransID is taken, which happens where
        identifiers are made repeatable by a seed."""
        method = None if method_of is None else method_of.lower()

        def work(connection: Connection) -> Transaction | Other:
            registration, standing = self._known(connection, pan)
            seen = None if method is None else method_calls.called(connection, method)
            while True:
                outcome, after = step(OnFile(registration, standing, seen))
                if not isinstance(outcome, Transaction):
                    return outcome
                if after != standing and (held := self._held_standing(connection, pan)) != standing:
                    standing = held
                    continue
                if _INSERT_TRANSACTION.run(connection, self._row(outcome)) == 1:
                    break
            self._stand(connection, pan, standing, after)
            return outcome

        return await self._opened_database.run(work)

    async def change(self, acs_trans_id: str, step: Step) -> Change | None:
        """Read, step and write in one unit of work. `step` gets the record and a way to the card's next code counter; None when
        there is no such transaction."""

        def work(connection: Connection) -> Change | None:
            transaction = self._load(connection, acs_trans_id, lock=True)
            if transaction is None:
                return None
            pan = transaction.card.pan
            change = step(transaction, lambda: self._next_counter(connection, pan))
            for effect in change.effects:
                if isinstance(effect, SendCode):
                    self._use_counter(connection, pan, effect.counter)
            return replace(change, transaction=self._write(connection, transaction, change.transaction))

        return await self._opened_database.run(work)

    async def replace(self, acs_trans_id: str, step: Callable[[Transaction], Transaction]) -> Transaction | None:
        """Like `change`, where nothing has to be answered."""

        def work(connection: Connection) -> Transaction | None:
            transaction = self._load(connection, acs_trans_id, lock=True)
            if transaction is None:
                return None
            return self._write(connection, transaction, step(transaction))

        return await self._opened_database.run(work)

    async def load(self, acs_trans_id: str) -> Transaction | None:
        return await self._opened_database.read(lambda connection: self._load(connection, acs_trans_id))

    async def several(self, acs_trans_ids: Sequence[str]) -> list[Transaction]:
        """Those of `acs_trans_ids` that exist, oldest first."""
        names = [_searchable(name) for name in acs_trans_ids]
        query = select(*_ROW).where(TRANSACTIONS.c.acs_trans_id.in_(names)).order_by(TRANSACTIONS.c.number)
        return await self._opened_database.read(lambda c: [self._transaction(row) for row in c.execute(query)])

    async def newest(self, limit: int) -> list[Transaction]:
        """The last `limit` transactions, oldest first."""
        query = select(*_ROW).order_by(TRANSACTIONS.c.number.desc()).limit(limit)
        found = await self._opened_database.read(lambda c: [self._transaction(row) for row in c.execute(query)])
        return found[::-1]

    async def due(self, now: datetime, limit: int) -> list[tuple[str, State]]:
        """Whose time has come, the longest due first. Of several processes only this one is told of them, for the length of a
        lease."""
        if self.leases.alone:
            return await self._opened_database.read(lambda connection: self._due(connection, _DUE_BY, now, limit))
        return await self._opened_database.run(lambda connection: self._take_due(connection, now, limit))

    async def take(self, acs_trans_id: str) -> Transaction | None:
        """The record, to work on by this process alone; None when another one works on it, or there is none."""
        if self.leases.alone:
            return await self.load(acs_trans_id)

        def work(connection: Connection) -> Transaction | None:
            holder = connection.execute(_HOLDER, {"name": acs_trans_id}).one_or_none()
            if holder is None or self.leases.elsewhere(holder):
                return None
            self._lease(connection, [acs_trans_id])
            return self._load(connection, acs_trans_id)

        return await self._opened_database.run(work)

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next one is due after `now`."""
        asked = {"now": _microseconds(now)}
        found = await self._opened_database.read(lambda c: c.execute(_NEXT_DUE, asked).scalar_one_or_none())
        return None if found is None else _EPOCH + found * _MICROSECOND

    async def open_by_state(self) -> dict[str, int]:
        """How many transactions there are to which something has still to happen, by state."""
        rows = await self._opened_database.read(lambda connection: _OPEN_BY_STATE.all(connection, {}))
        return {row[0]: row[1] for row in rows}

    # --- cards ---

    async def register(self, registration: Registration) -> bool:
        """False when the card is registered already."""
        fingerprint = self._vault.fingerprint(registration.pan)
        sealed = self._vault.seal(_encoder.encode(registration).decode())

        def work(connection: Connection) -> bool:
            if _held_card(connection, fingerprint).registration is not None:
                return False
            connection.execute(update(CARDS).where(CARDS.c.fingerprint == fingerprint).values(registration=sealed))
            return True

        return await self._opened_database.run(work)

    async def registration(self, pan: str) -> Registration | None:
        return await self._opened_database.read(lambda connection: self._known(connection, pan)[0])

    async def standing(self, pan: str) -> Standing:
        return await self._opened_database.read(lambda connection: self._known(connection, pan)[1])

    async def stand(self, pan: str, step: Callable[[Standing], Standing]) -> Standing:
        """The standing of a card, as `step` made it."""

        def work(connection: Connection) -> Standing:
            standing = self._held_standing(connection, pan)
            after = step(standing)
            self._stand(connection, pan, standing, after)
            return after

        return await self._opened_database.run(work)

    async def registrations(self) -> list[Registration]:
        query = select(CARDS.c.registration).where(CARDS.c.registration.is_not(None))
        sealed = await self._opened_database.read(lambda connection: list(connection.execute(query).scalars()))
        return sorted((self._open_registration(each) for each in sealed), key=lambda known: known.pan)

    async def reserve_counter(self, pan: str) -> int:
        """The card's next code counter, which is used up by being asked for."""

        def work(connection: Connection) -> int:
            _held_card(connection, self._vault.fingerprint(pan))
            counter = self._next_counter(connection, pan)
            self._use_counter(connection, pan, counter)
            return counter

        return await self._opened_database.run(work)

    async def note_method_call(self, three_ds_server_trans_id: str, now: datetime) -> None:
        """Repeated, it changes nothing."""
        name, oldest = three_ds_server_trans_id.lower(), _microseconds(now - method_calls.KEPT_FOR)
        await self._opened_database.run(
            lambda connection: method_calls.note(connection, METHOD_CALLS, name, _microseconds(now), oldest)
        )

    async def forget(self) -> None:
        """Every transaction, registration, counter and call of a 3DS Method."""

        def work(connection: Connection) -> None:
            connection.execute(delete(TRANSACTIONS))
            connection.execute(delete(CARDS))
            connection.execute(delete(METHOD_CALLS))

        await self._opened_database.run(work)

    async def forget_before(self, at: datetime) -> int:
        """Some of the transactions that have ended and did not change since `at`; what a card remembers stays."""

        def work(connection: Connection) -> int:
            ended = select(TRANSACTIONS.c.number, TRANSACTIONS.c.document).where(TRANSACTIONS.c.due_at.is_(None))
            some = ended.order_by(TRANSACTIONS.c.number).limit(PER_STEP).with_for_update(skip_locked=True)
            rows = connection.execute(some).all()
            old = [row.number for row in rows if _documents.decode(row.document).updated_at < at]
            if old:
                connection.execute(delete(TRANSACTIONS).where(TRANSACTIONS.c.number.in_(old)))
            return len(old)

        return await self._opened_database.run(work)

    # --- inside a unit of work ---

    @property
    def _opened_database(self) -> Database:
        if self._database is None:
            raise RuntimeError("the storage of the ACS is not open")
        return self._database

    def _load(self, connection: Connection, acs_trans_id: str, *, lock: bool = False) -> Transaction | None:
        row = (_HOLD if lock else _FIND).first(connection, {"name": _searchable(acs_trans_id)})
        return None if row is None else self._transaction(row)

    def _due(self, connection: Connection, query: Any, now: datetime, limit: int) -> list[tuple[str, State]]:
        asked = {"now": _microseconds(now), "limit": limit, **self.leases.asked()}
        return [(row[0], State(row[1])) for row in connection.execute(query, asked)]

    def _take_due(self, connection: Connection, now: datetime, limit: int) -> list[tuple[str, State]]:
        found = self._due(connection, _TAKE_DUE, now, limit)
        self._lease(connection, [name for name, _ in found])
        return found

    def _lease(self, connection: Connection, names: Sequence[str]) -> None:
        if names:
            these = update(TRANSACTIONS).where(TRANSACTIONS.c.acs_trans_id.in_(names))
            connection.execute(these.values(**self.leases.taken()))

    def _save(self, connection: Connection, before: Transaction, after: Transaction) -> None:
        """Whoever decides delivers, and an attempt that was recorded is over."""
        row = {"name": after.acs_trans_id, **self._columns(after)}
        if self.leases.alone or before.delivery == after.delivery:
            _UPDATE.run(connection, row)
        else:
            lease = self.leases.taken() if before.delivery is None else self.leases.given_back()
            _UPDATE_LEASED.run(connection, row | lease)

    def _write(self, connection: Connection, before: Transaction, after: Transaction) -> Transaction:
        """Save what changed. Whoever decides, the card's standing has its say in the same unit of work."""
        if before.result is None and after.result is not None:
            pan = after.card.pan
            standing = self._held_standing(connection, pan)
            after, settled = self._settle(after, standing)
            self._stand(connection, pan, standing, settled)
        if after != before:
            self._save(connection, before, after)
        return after

    def _held_standing(self, connection: Connection, pan: str) -> Standing:
        return _standing(_held_card(connection, self._vault.fingerprint(pan)).standing)

    def _stand(self, connection: Connection, pan: str, before: Standing, after: Standing) -> None:
        if after == before:
            return
        fingerprint = self._vault.fingerprint(pan)
        _held_card(connection, fingerprint)
        written = _encoder.encode(after).decode()
        _STAND.run(connection, {"name": fingerprint, "standing": written})

    def _known(self, connection: Connection, pan: str) -> tuple[Registration | None, Standing]:
        row = _KNOWN.first(connection, {"fingerprint": self._vault.fingerprint(pan)})
        if row is None:
            return None, GOOD
        registration, standing = row
        return None if registration is None else self._open_registration(registration), _standing(standing)

    def _open_registration(self, sealed: str) -> Registration:
        return _registrations.decode(self._vault.open(sealed))

    def _next_counter(self, connection: Connection, pan: str) -> int:
        counter: int | None = _held_card(connection, self._vault.fingerprint(pan)).code_counter
        return self._first_counter(pan) if counter is None else counter + 1

    def _use_counter(self, connection: Connection, pan: str, counter: int) -> None:
        """A counter only rises, also when an older code is sent again."""
        _USE_COUNTER.run(connection, {"name": self._vault.fingerprint(pan), "counter": counter})

    # --- rows ---

    def _row(self, transaction: Transaction) -> dict[str, Any]:
        return {
            "acs_trans_id": transaction.acs_trans_id,
            "card": self._vault.seal(_encoder.encode(transaction.card).decode()),
            **self._columns(transaction),
        }

    @staticmethod
    def _columns(transaction: Transaction) -> dict[str, Any]:
        """What changes in the course of a transaction."""
        document = _Document(
            transaction.created_at,
            transaction.updated_at,
            transaction.purchase,
            transaction.method,
            transaction.challenge,
            transaction.session,
            transaction.result,
            transaction.delivery,
            transaction.due_at if transaction.wakes_at != transaction.due_at else None,
        )
        due_at = None if transaction.wakes_at is None else _microseconds(transaction.wakes_at)
        return {"state": transaction.state.value, "due_at": due_at, "document": _encoder.encode(document)}

    def _transaction(self, row: Sequence[Any]) -> Transaction:
        acs_trans_id, state, due_at, card, written = row
        document = _documents.decode(written)
        return Transaction(
            acs_trans_id=acs_trans_id,
            state=State(state),
            card=_cards.decode(self._vault.open(card)),
            purchase=document.purchase,
            created_at=document.created_at,
            updated_at=document.updated_at,
            due_at=document.deadline or (None if due_at is None else _EPOCH + due_at * _MICROSECOND),
            method=document.method,
            challenge=document.challenge,
            session=document.session,
            result=document.result,
            delivery=document.delivery,
        )


def _standing(written: str | None) -> Standing:
    return GOOD if written is None else _standings.decode(written)


class _HeldCard(NamedTuple):
    registration: str | None
    code_counter: int | None
    standing: str | None


def _held_card(connection: Connection, fingerprint: str) -> _HeldCard:
    """The row of a card, made if need be, and locked: two processes must not send the same code."""
    named = {"fingerprint": fingerprint}
    row = _HOLD_CARD.first(connection, named)
    if row is None:
        _INSERT_CARD.run(connection, named)
        row = _HOLD_CARD.first(connection, named)
    if row is None:
        raise RuntimeError("a card that was just written cannot be read")
    return _HeldCard(*row)


def _searchable(name: str) -> str:
    """A name that a peer sent: not every text can be bound to a statement, and what cannot names nothing."""
    return one_spelling(name) if name.isascii() and "\0" not in name else ""


def _microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND
