"""What the ACS remembers, and its units of work. Where one process has the tables they are held in memory and written through
(`Memory`), elsewhere a unit reads and locks rows (`Rows`), if it is not about a card of which nothing is kept (`Known`); what is
done is the same."""

from __future__ import annotations  # else those of inner functions are evaluated with every message

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, delete, select, update

from acs.cardholder.challenge import NextCounter, SendCode
from acs.cards.plays import keeps_silent
from acs.cards.records import OnFile, Registration
from acs.cards.status import CardStatus
from acs.v2.lifecycle import Change
from acs.v2.records import Transaction
from acs.v2.states import State
from acs.v2.storage import finals as finals_
from acs.v2.storage.known import AsksRows, Known
from acs.v2.storage.memory import Memory
from acs.v2.storage.rows import (
    CARDS,
    DOCUMENTS,
    DUE_BY,
    EPOCH,
    HOLDER,
    METHOD_CALLS,
    MICROSECOND,
    NEXT_DUE,
    NEXT_WAITING,
    OPEN_BY_STATE,
    ROW,
    SCHEMA,
    TAKE_DUE,
    TRANSACTIONS,
    Rows,
    documents,
    microseconds,
    spelled,
)
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.ledger import Ledger
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.opened import Opened
from threedsecure.storage.rows import leases
from threedsecure.storage.rows.documents import searchable
from threedsecure.storage.schema import Schema
from threedsecure.web.sharing.processes import Shared
from threedsecure.web.straight import soon

Other = TypeVar("Other")
Result = TypeVar("Result")
Step = Callable[[Transaction, NextCounter], Change]
Settle = Callable[[Transaction, CardStatus], tuple[Transaction, CardStatus]]
Tables = Rows | Memory
First = Tables | Known
"""Where a transaction begins."""
__all__ = ["SCHEMA", "Storage"]


class Storage(Opened):
    """What the ACS remembers. Open between entering and leaving `opened`.

    Each method is one unit of work and returns after its commit, but `begin`, which is straight where nothing has to be looked up:
    its caller promises nothing before the commit. What was final at its ARes is known from the ledger alone."""

    def __init__(
        self,
        open_database: Callable[[Schema], Database],
        vault: Vault,
        ledger: Ledger,
        first_counter: Callable[[str], int],
        settle: Settle,
        *,
        repeats: Callable[[], bool],
        shared: Shared,
    ) -> None:
        """`first_counter(pan)`: where the codes of a card begin that never had one. `settle(transaction, card_status)`: what a
        decision just taken and the card's status make of each other. `repeats()`: whether identifiers may have been given
        before. `shared`: the other processes on these tables."""
        self.leases = leases.Leases(shared.worker)
        self._shared = shared
        self._settle = settle
        super().__init__(SCHEMA, open_database)
        self._vault = vault
        self._ledger = ledger
        self._first_counter = first_counter
        self._repeats = repeats
        self._memory: Memory | None = None
        self._known: Known | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        async with super().opened():
            if self.leases.alone and isinstance(self.database, SqliteDatabase):
                self._memory = Memory(
                    self.database, self._vault, self._rows, self.is_without_row, self._is_taken, self._ledger.failed
                )
            else:
                self._known = Known(
                    self.database, self._vault, self._shared, self._rows, self.is_without_row, self._ledger.failed
                )
                await self._known.begin()
            try:
                yield
            finally:
                self._memory, self._known = None, None

    # --- transactions ---

    def is_without_row(self, transaction: Transaction) -> bool:
        """Whether the ledger alone says what is known of a transaction: it was final at its ARes, which was told at once."""
        return transaction.state is State.ANSWERED and not keeps_silent(transaction.card)

    def begin(
        self,
        pan: str,
        step: Callable[[OnFile], tuple[Transaction | Other, CardStatus]],
        *,
        method_of: str | None = None,
    ) -> Transaction | Other | Awaitable[Transaction | Other]:
        """What `step` makes of what is known of the card, written when it is a transaction; `method_of`: the threeDSServerTransID
        whose 3DS Method is to be looked for. `step` is called again when the acsTransID is taken, which happens where
        identifiers are made repeatable by a seed."""
        method = None if method_of is None else method_of.lower()

        def work(tables: First) -> Transaction | Other:
            known = tables.card(pan)
            card_status = known.card_status
            seen = None if method is None else tables.called(method)
            while True:
                outcome, after = step(OnFile(known.registration, card_status, seen))
                if not isinstance(outcome, Transaction):
                    return outcome
                if after != card_status and (held := tables.held_card(pan).card_status) != card_status:
                    card_status = held
                    continue
                if tables.insert(outcome):
                    break
            if after != card_status:
                tables.keep_status(pan, after)
            return outcome

        if self._known is not None and not self._repeats():
            with suppress(AsksRows):
                return work(self._known)
        return self._straight(work)

    async def change(self, acs_trans_id: str, step: Step) -> Change | None:
        """Read, step and write in one unit of work. `step` gets the record and a way to the card's next code counter; None when
        there is no such transaction."""

        def work(tables: Tables) -> Change | None:
            transaction = tables.hold(acs_trans_id)
            if transaction is None:
                return None
            pan = transaction.card.pan
            change = step(transaction, lambda: self._next_counter(tables, pan))
            for effect in change.effects:
                if isinstance(effect, SendCode):
                    tables.use_counter(pan, effect.counter)
            return replace(change, transaction=self._write(tables, transaction, change.transaction))

        changed = await self._run(work)
        if changed is None and (final := await self._final(acs_trans_id)) is not None:
            return step(final, lambda: 0)
        return changed

    async def replace(self, acs_trans_id: str, step: Callable[[Transaction], Transaction]) -> Transaction | None:
        """Like `change`, where nothing has to be answered."""

        def work(tables: Tables) -> Transaction | None:
            transaction = tables.hold(acs_trans_id)
            return None if transaction is None else self._write(tables, transaction, step(transaction))

        return await self._run(work)

    async def load(self, acs_trans_id: str) -> Transaction | None:
        return await self._read(lambda tables: tables.find(acs_trans_id)) or await self._final(acs_trans_id)

    async def several(self, acs_trans_ids: Sequence[str]) -> list[Transaction]:
        """Those of `acs_trans_ids` that exist, oldest first."""
        names = [spelled(name) for name in acs_trans_ids]
        query = select(*ROW).where(TRANSACTIONS.c.acs_trans_id.in_(names)).order_by(TRANSACTIONS.c.number)
        rows = await self._select(query)
        missing = set(names) - {found.acs_trans_id for found in rows}
        if not missing:
            return rows
        finals = await self._ledger.read(lambda records: [finals_.named(records, name) for name in missing])
        return _in_order([*rows, *(found for found in finals if found is not None)])

    async def newest(self, limit: int) -> list[Transaction]:
        """The last `limit` transactions, oldest first."""
        rows = await self._select(select(*ROW).order_by(TRANSACTIONS.c.number.desc()).limit(limit))
        finals = await self._ledger.read(lambda records: finals_.newest(records, limit))
        return _in_order([*rows[::-1], *finals[::-1]])[-limit:]

    async def due(self, now: datetime, limit: int) -> list[tuple[str, State]]:
        """Whose time has come, the longest due first. Of several processes only this one is told of them, for the length of a
        lease."""
        if self.leases.alone:
            return await self.database.run(lambda connection: self._due(connection, DUE_BY, now, limit))
        return await self.database.run(lambda connection: self._take_due(connection, now, limit))

    async def take(self, acs_trans_id: str) -> Transaction | None:
        """The record, to work on by this process alone; None when another one works on it, or there is none."""
        if self.leases.alone:
            return await self._read(lambda tables: tables.find(acs_trans_id))

        def work(connection: Connection) -> Transaction | None:
            holder = connection.execute(HOLDER, {"name": acs_trans_id}).one_or_none()
            if holder is None or self.leases.elsewhere(holder):
                return None
            self._lease(connection, [acs_trans_id])
            return self._rows(connection).find(acs_trans_id)

        return await self.database.run(work)

    async def next_due(self, now: datetime) -> datetime | None:
        """When the next one is due after `now`."""
        asked = {"now": microseconds(now)}
        found = await self.database.run(lambda c: c.execute(NEXT_DUE, asked).scalar_one_or_none())
        return None if found is None else EPOCH + found * MICROSECOND

    async def waiting(self, now: datetime, limit: int) -> list[str]:
        """Those that are due after `now`, the next ones first."""
        asked = {"now": microseconds(now), "limit": limit}
        return await self.database.run(lambda c: list(c.execute(NEXT_WAITING, asked).scalars()))

    async def open_by_state(self) -> dict[str, int]:
        """How many transactions there are to which something has still to happen, by state."""
        rows = await self.database.read(lambda connection: OPEN_BY_STATE.all(connection, {}))
        return {row[0]: row[1] for row in rows}

    # --- cards ---

    async def register(self, registration: Registration) -> bool:
        """False when the card is registered already."""

        def work(tables: Tables) -> bool:
            if tables.held_card(registration.pan).registration is not None:
                return False
            tables.register(registration)
            return True

        return await self._run(work)

    async def registration(self, pan: str) -> Registration | None:
        return await self._read(lambda tables: tables.card(pan).registration)

    async def card_status(self, pan: str) -> CardStatus:
        return await self._read(lambda tables: tables.card(pan).card_status)

    async def keep_status(self, pan: str, step: Callable[[CardStatus], CardStatus]) -> CardStatus:
        """The status of a card, as `step` made it."""

        def work(tables: Tables) -> CardStatus:
            card_status = tables.held_card(pan).card_status
            after = step(card_status)
            if after != card_status:
                tables.keep_status(pan, after)
            return after

        return await self._run(work)

    async def registrations(self) -> list[Registration]:
        found = await self.database.run(lambda connection: self._rows(connection).registrations())
        return sorted(found, key=lambda known: known.pan)

    async def reserve_counter(self, pan: str) -> int:
        """The card's next code counter, which is used up by being asked for."""

        def work(tables: Tables) -> int:
            counter = self._next_counter(tables, pan)
            tables.use_counter(pan, counter)
            return counter

        return await self._run(work)

    async def note_method_call(self, three_ds_server_trans_id: str, now: datetime) -> None:
        """Repeated, it changes nothing."""
        name = three_ds_server_trans_id.lower()
        await self._run(lambda tables: tables.note_call(name, now))
        if self._known is not None:
            await self._known.tell_call(name, now)

    async def forget(self) -> None:
        """Every transaction, registration, counter and call of a 3DS Method."""
        if self._memory is not None:
            self._memory.forget()

        def work(connection: Connection) -> None:
            for table in (TRANSACTIONS, CARDS, METHOD_CALLS):
                connection.execute(delete(table))

        await self.database.run(work)
        if self._known is not None:
            await self._known.tell_forgotten()

    async def forget_before(self, at: datetime) -> int:
        """Some of the transactions that have ended and did not change since `at`; what a card remembers stays."""

        box, ended = self._vault.box(DOCUMENTS), TRANSACTIONS.c.due_at.is_(None)
        return await self.database.run(lambda c: documents.forget_before(c, box, TRANSACTIONS, at, ended))

    # --- units of work ---

    def _straight(self, work: Callable[[Tables], Result]) -> Result | Awaitable[Result]:
        if self._memory is not None:
            return work(self._memory)
        return self._by_rows(work)

    async def _by_rows(self, work: Callable[[Rows], Result]) -> Result:
        def unit(connection: Connection) -> tuple[Result, set[str]]:
            rows = self._rows(connection)
            return work(rows), rows.changed

        result, changed = await self.database.run(unit)
        if self._known is not None:
            await self._known.tell_cards(changed)
        return result

    async def _run(self, work: Callable[[Tables], Result]) -> Result:
        result = await soon(self._straight(work))
        if self._memory is not None:
            await self._ledger.written()
        return result

    async def _read(self, work: Callable[[Tables], Result]) -> Result:
        if self._memory is not None:
            return work(self._memory)
        return await self.database.read(lambda connection: work(self._rows(connection)))

    async def _select(self, query: Any) -> list[Transaction]:
        """Behind what was handed in."""
        return await self.database.run(lambda connection: self._rows(connection).transactions(query))

    async def _final(self, acs_trans_id: str) -> Transaction | None:
        if not searchable(acs_trans_id):
            return None
        return await self._ledger.read(lambda records: finals_.named(records, acs_trans_id))

    def _is_taken(self, acs_trans_id: str) -> bool:
        if self._memory is None or not self._repeats():
            return False
        if self._memory.find(acs_trans_id) is not None:
            return True
        return self._ledger.look(lambda records: finals_.named(records, acs_trans_id)) is not None

    def _is_final(self, connection: Connection, acs_trans_id: str) -> bool:
        return self._repeats() and finals_.named(self._ledger.records(connection), acs_trans_id) is not None

    def _rows(self, connection: Connection) -> Rows:
        return Rows(connection, self._vault, self.leases, self.is_without_row, self._is_final)

    def _due(self, connection: Connection, query: Any, now: datetime, limit: int) -> list[tuple[str, State]]:
        asked = {"now": microseconds(now), "limit": limit, **self.leases.asked()}
        return [(row[0], State(row[1])) for row in connection.execute(query, asked)]

    def _take_due(self, connection: Connection, now: datetime, limit: int) -> list[tuple[str, State]]:
        found = self._due(connection, TAKE_DUE, now, limit)
        self._lease(connection, [name for name, _ in found])
        return found

    def _lease(self, connection: Connection, names: Sequence[str]) -> None:
        if names:
            these = update(TRANSACTIONS).where(TRANSACTIONS.c.acs_trans_id.in_(names))
            connection.execute(these.values(**self.leases.taken()))

    def _write(self, tables: Tables, before: Transaction, after: Transaction) -> Transaction:
        """Save what changed. Whoever decides, the card's status has its say in the same unit of work."""
        if before.result is None and after.result is not None:
            pan = after.card.pan
            card_status = tables.held_card(pan).card_status
            after, settled = self._settle(after, card_status)
            if settled != card_status:
                tables.keep_status(pan, settled)
        if after != before:
            tables.save(before, after)
        return after

    def _next_counter(self, tables: Tables, pan: str) -> int:
        counter = tables.held_card(pan).counter
        return self._first_counter(pan) if counter is None else counter + 1


def _in_order(transactions: Sequence[Transaction]) -> list[Transaction]:
    return sorted(transactions, key=lambda each: each.created_at)
