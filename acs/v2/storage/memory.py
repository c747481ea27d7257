"""What of the tables one process holds in memory, and writes through: cards that something is known of, calls of 3DS Methods, and
the transactions to which something has still to happen.

Reading is a look into a dictionary, or into the row where that was let go; what changes is handed in with this turn's commit.
Nobody is told before the commit, and where it fails the rows are the truth again."""

from __future__ import annotations  # else those of inner functions are evaluated with every message

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, select

from acs.cards.records import Registration
from acs.cards.status import CardStatus
from acs.v2.records import Transaction
from acs.v2.storage.method_calls import KEPT_FOR, Calls
from acs.v2.storage.rows import CARDS, METHOD_CALLS, UNKNOWN_CARD, CardOnFile, Rows, microseconds
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Failed, SqliteDatabase
from threedsecure.v2.validation.identifiers import one_spelling

MOST_TRANSACTIONS: Final = 20_000
MOST_CARDS: Final = 10_000
"""What is held; the rest is read from its rows."""


class Memory:
    """The same as `Rows`, for a process that has the tables to itself."""

    def __init__(
        self,
        database: SqliteDatabase,
        vault: Vault,
        rows: Callable[[Connection], Rows],
        without_row: Callable[[Transaction], bool],
        is_taken: Callable[[str], bool],
        failed: Callable[[Exception], None],
    ) -> None:
        """`without_row(transaction)`: the ledger alone says what is known of it. `is_taken(acs_trans_id)`: whether something of
        this name is known beside what is held. `failed(error)`: what was handed in could not be written."""
        self._database = database
        self._vault = vault
        self._rows = rows
        self._without_row = without_row
        self._is_taken = is_taken
        self._failed = failed
        self._transactions: dict[str, Transaction] = {}
        self._cards: dict[str, CardOnFile] = {}
        self._calls = Calls()
        self._with_row = database.look(self._begin)

    def _begin(self, connection: Connection) -> set[str]:
        self._calls.begin(connection, METHOD_CALLS)
        return set(connection.execute(select(CARDS.c.fingerprint)).scalars())

    def forget(self) -> None:
        for held in (self._transactions, self._cards, self._with_row):
            held.clear()
        self._calls.forget()

    # --- transactions ---

    def find(self, acs_trans_id: str) -> Transaction | None:
        acs_trans_id = one_spelling(acs_trans_id)
        return self._transactions.get(acs_trans_id) or self._look(lambda rows: rows.find(acs_trans_id))

    hold = find

    def held(self) -> list[Transaction]:
        return list(self._transactions.values())

    def insert(self, transaction: Transaction) -> bool:
        name = transaction.acs_trans_id
        if name in self._transactions or self._is_taken(name):
            return False
        if not self._without_row(transaction):
            self._hold(transaction)
            self._put(lambda rows: rows.insert(transaction), partial(self._transactions.pop, name, None))
        return True

    def save(self, before: Transaction, after: Transaction) -> None:
        self._hold(after)
        self._put(lambda rows: rows.save(before, after), partial(self._transactions.pop, after.acs_trans_id, None))

    def _hold(self, transaction: Transaction) -> None:
        self._transactions.pop(transaction.acs_trans_id, None)
        if transaction.wakes_at is not None:
            _remember(self._transactions, transaction.acs_trans_id, transaction, MOST_TRANSACTIONS)

    # --- cards ---

    def card(self, pan: str) -> CardOnFile:
        fingerprint = self._vault.fingerprint(pan)
        if fingerprint not in self._with_row:
            return UNKNOWN_CARD
        held = self._cards.get(fingerprint)
        if held is None:
            held = self._look(lambda rows: rows.card(pan))
            _remember(self._cards, fingerprint, held, MOST_CARDS)
        return held

    held_card = card

    def keep_status(self, pan: str, card_status: CardStatus) -> None:
        self._change_card(
            pan, self.card(pan)._replace(card_status=card_status), lambda rows: rows.keep_status(pan, card_status)
        )

    def register(self, registration: Registration) -> None:
        pan = registration.pan
        known = self.card(pan)._replace(registration=registration)
        self._change_card(pan, known, lambda rows: rows.register(registration))

    def use_counter(self, pan: str, counter: int) -> None:
        known = self.card(pan)
        if known.counter is None or known.counter < counter:
            self._change_card(pan, known._replace(counter=counter), lambda rows: rows.use_counter(pan, counter))

    def _change_card(self, pan: str, card: CardOnFile, write: Callable[[Rows], object]) -> None:
        fingerprint = self._vault.fingerprint(pan)
        self._with_row.add(fingerprint)
        _remember(self._cards, fingerprint, card, MOST_CARDS)
        self._put(write, partial(self._cards.pop, fingerprint, None))

    # --- calls of 3DS Methods ---

    def called(self, three_ds_server_trans_id: str) -> bool:
        called = self._calls.called(three_ds_server_trans_id)
        return self._look(lambda rows: rows.called(three_ds_server_trans_id)) if called is None else called

    def note_call(self, three_ds_server_trans_id: str, now: datetime) -> None:
        name = three_ds_server_trans_id
        self._calls.note(name, microseconds(now), microseconds(now - KEPT_FOR))
        self._put(lambda rows: rows.note_call(name, now), partial(self._calls.let_go, name))

    # --- the rows behind it ---

    def _look(self, read: Callable[[Rows], Any]) -> Any:
        return self._database.look(lambda connection: read(self._rows(connection)))

    def _put(self, write: Callable[[Rows], object], let_go: Callable[[], object]) -> None:
        def done(outcome: object) -> None:
            if isinstance(outcome, Failed):
                let_go()
                self._failed(outcome.error)

        self._database.put(lambda connection: write(self._rows(connection)), done)


def _remember(held: dict[str, Any], name: str, value: Any, most: int) -> None:
    """Behind all others; the first ones go where there are too many."""
    held.pop(name, None)
    if len(held) >= most:
        for oldest in list(held)[: most // 10]:
            del held[oldest]
    held[name] = value
