"""The ACS's tables, and what stands in them.

A transaction is one row: a few columns to find it by, the rest as one document. The decision and the RReq that tells it stand in
that row, so no write can part them. `due_at` is set only while something has to happen by itself, and only such rows are in its
index: deadlines and undelivered results are found without a scan however many transactions are kept.

Card numbers and phone numbers are sealed; a card is found by the fingerprint of its number. Codes are not stored at all, only their
counters.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace
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
    func,
    or_,
    select,
    text,
    update,
)

from acs.cards.records import Card, Registration
from acs.cards.status import GOOD, CardStatus
from acs.v2.records import Transaction
from acs.v2.states import State
from acs.v2.storage import method_calls
from threedsecure.secrets.vault import Vault
from threedsecure.storage.rows import leases
from threedsecure.storage.rows.documents import Documents, searchable
from threedsecure.storage.rows.leases import Leases
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.schema import Schema
from threedsecure.v2.validation.identifiers import one_spelling

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
Index("acs_transaction_due", TRANSACTIONS.c.due_at, sqlite_where=TRANSACTIONS.c.due_at.is_not(None))

CARDS: Final = Table(
    "acs_card",
    METADATA,
    Column("fingerprint", String(32), primary_key=True),
    Column("registration", Text),
    Column("code_counter", BigInteger),
    Column("standing", Text),
)

METHOD_CALLS: Final = method_calls.table(METADATA)

ROW: Final = (
    TRANSACTIONS.c.acs_trans_id,
    TRANSACTIONS.c.state,
    TRANSACTIONS.c.due_at,
    TRANSACTIONS.c.card,
    TRANSACTIONS.c.document,
)
_FINDING: Final = select(*ROW).where(TRANSACTIONS.c.acs_trans_id == bindparam("name"))
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
HOLDER: Final = (
    select(TRANSACTIONS.c.leased_by, TRANSACTIONS.c.leased_until)
    .where(TRANSACTIONS.c.acs_trans_id == bindparam("name"))
    .with_for_update()
)
DUE_BY: Final = (
    select(TRANSACTIONS.c.acs_trans_id, TRANSACTIONS.c.state)
    .where(TRANSACTIONS.c.due_at <= bindparam("now"), leases.free(TRANSACTIONS))
    .order_by(TRANSACTIONS.c.due_at)
    .limit(bindparam("limit"))
)
OPEN_BY_STATE: Final = Prepared(
    select(TRANSACTIONS.c.state, func.count()).where(TRANSACTIONS.c.due_at.is_not(None)).group_by(TRANSACTIONS.c.state)
)
TAKE_DUE: Final = DUE_BY.with_for_update(skip_locked=True)
NEXT_WAITING: Final = (
    select(TRANSACTIONS.c.acs_trans_id)
    .where(TRANSACTIONS.c.due_at > bindparam("now"))
    .order_by(TRANSACTIONS.c.due_at)
    .limit(bindparam("limit"))
)
NEXT_DUE: Final = select(func.min(TRANSACTIONS.c.due_at)).where(TRANSACTIONS.c.due_at > bindparam("now"))
_FINDING_CARD: Final = select(CARDS.c.registration, CARDS.c.code_counter, CARDS.c.standing).where(
    CARDS.c.fingerprint == bindparam("fingerprint")
)
_FIND_CARD: Final = Prepared(_FINDING_CARD)
_HOLD_CARD: Final = Prepared(_FINDING_CARD.with_for_update())
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

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


_encoder: Final = msgspec.json.Encoder()
documents: Final = Documents(Transaction, "acs_trans_id", "state", "card")
DOCUMENTS: Final = b"acs transactions"
_cards: Final = msgspec.json.Decoder(Card)
_registrations: Final = msgspec.json.Decoder(Registration)
_statuses: Final = msgspec.json.Decoder(CardStatus)


class CardOnFile(NamedTuple):
    """What is kept of a card."""

    registration: Registration | None
    counter: int | None
    card_status: CardStatus


UNKNOWN_CARD: Final = CardOnFile(None, None, GOOD)


class Rows:
    """The tables, inside a unit of work."""

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        leases: Leases,
        without_row: Callable[[Transaction], bool],
        is_final: Callable[[Connection, str], bool],
    ) -> None:
        """`without_row(transaction)`: the ledger alone says what is known of it. `is_final(connection, acs_trans_id)`: whether it
        says something of one."""
        self._connection = connection
        self._vault = vault
        self._box = vault.box(DOCUMENTS)
        self._leases = leases
        self._without_row = without_row
        self._is_final = is_final
        self.changed: set[str] = set()
        """The fingerprints of cards of which something else is kept than before, counters aside."""

    def find(self, acs_trans_id: str) -> Transaction | None:
        return self._read(_FIND.first(self._connection, {"name": spelled(acs_trans_id)}))

    def hold(self, acs_trans_id: str) -> Transaction | None:
        """The same, locked."""
        return self._read(_HOLD.first(self._connection, {"name": spelled(acs_trans_id)}))

    def insert(self, transaction: Transaction) -> bool:
        """False where its acsTransID is taken."""
        if self._is_final(self._connection, transaction.acs_trans_id):
            return False
        if self._without_row(transaction):
            return True
        sealed = self._vault.seal(_encoder.encode(transaction.card).decode())
        row = {"acs_trans_id": transaction.acs_trans_id, "card": sealed, **self._columns(transaction)}
        return _INSERT_TRANSACTION.run(self._connection, row) == 1

    def save(self, before: Transaction, after: Transaction) -> None:
        """Whoever decides delivers, and an attempt that was recorded is over."""
        row = {"name": after.acs_trans_id, **self._columns(after)}
        if self._leases.alone or before.delivery == after.delivery:
            _UPDATE.run(self._connection, row)
        else:
            lease = self._leases.taken() if before.delivery is None else self._leases.given_back()
            _UPDATE_LEASED.run(self._connection, row | lease)

    def card(self, pan: str) -> CardOnFile:
        row = _FIND_CARD.first(self._connection, {"fingerprint": self._vault.fingerprint(pan)})
        return UNKNOWN_CARD if row is None else self._card(row)

    def held_card(self, pan: str) -> CardOnFile:
        """The same, made if need be, and locked: two processes must not send the same code."""
        named = {"fingerprint": self._vault.fingerprint(pan)}
        row = _HOLD_CARD.first(self._connection, named)
        if row is None:
            _INSERT_CARD.run(self._connection, named)
            row = _HOLD_CARD.first(self._connection, named)
        if row is None:
            raise RuntimeError("a card that was just written cannot be read")
        return self._card(row)

    def keep_status(self, pan: str, card_status: CardStatus) -> None:
        self.held_card(pan)
        fingerprint = self._vault.fingerprint(pan)
        _STAND.run(self._connection, {"name": fingerprint, "standing": _encoder.encode(card_status).decode()})
        self.changed.add(fingerprint)

    def register(self, registration: Registration) -> None:
        self.held_card(registration.pan)
        fingerprint = self._vault.fingerprint(registration.pan)
        sealed = self._vault.seal(_encoder.encode(registration).decode())
        self._connection.execute(update(CARDS).where(CARDS.c.fingerprint == fingerprint).values(registration=sealed))
        self.changed.add(fingerprint)

    def use_counter(self, pan: str, counter: int) -> None:
        """A counter only rises, also when an older code is sent again."""
        self.held_card(pan)
        _USE_COUNTER.run(self._connection, {"name": self._vault.fingerprint(pan), "counter": counter})

    def called(self, three_ds_server_trans_id: str) -> bool:
        return method_calls.called(self._connection, three_ds_server_trans_id)

    def note_call(self, three_ds_server_trans_id: str, now: datetime) -> None:
        oldest = microseconds(now - method_calls.KEPT_FOR)
        method_calls.note(self._connection, METHOD_CALLS, three_ds_server_trans_id, microseconds(now), oldest)

    def registrations(self) -> list[Registration]:
        query = select(CARDS.c.registration).where(CARDS.c.registration.is_not(None))
        return [self._registration(sealed) for sealed in self._connection.execute(query).scalars()]

    def transactions(self, query: Any) -> list[Transaction]:
        return [self._transaction(row) for row in self._connection.execute(query)]

    def _card(self, row: Sequence[Any]) -> CardOnFile:
        registration, counter, card_status = row
        known = None if registration is None else self._registration(registration)
        return CardOnFile(known, counter, GOOD if card_status is None else _statuses.decode(card_status))

    def _registration(self, sealed: str) -> Registration:
        return _registrations.decode(self._vault.open(sealed))

    def _read(self, row: Sequence[Any] | None) -> Transaction | None:
        return None if row is None else self._transaction(row)

    def _transaction(self, row: Sequence[Any]) -> Transaction:
        acs_trans_id, state, due_at, card, written = row
        sealed = _cards.decode(self._vault.open(card))
        found = documents.read(self._box, written, acs_trans_id=acs_trans_id, state=State(state), card=sealed)
        if found.due_at is None and due_at is not None:  # an earlier release had it in the column alone
            return replace(found, due_at=EPOCH + due_at * MICROSECOND)
        return found

    def _columns(self, transaction: Transaction) -> dict[str, Any]:
        """What changes in the course of a transaction. A peer filled much of the document, and may have put anything there."""
        due_at = None if transaction.wakes_at is None else microseconds(transaction.wakes_at)
        document = documents.write(self._box, transaction)
        return {"state": transaction.state.value, "due_at": due_at, "document": document}


def spelled(name: str) -> str:
    """A name that a peer sent, as it is kept."""
    return one_spelling(searchable(name))


def microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND
