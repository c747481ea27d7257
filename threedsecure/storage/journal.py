"""The journal's table: every message that crossed a hop, decoded and redacted.

A row holds what was written of one transaction at a time: an array of pairs, when each entry was recorded and the entry itself.
Rows of earlier releases hold one entry, an object."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile, zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    bindparam,
    delete,
    exists,
    insert,
    select,
    text,
)

from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.schema import Schema

METADATA: Final = MetaData()

ENTRIES: Final = Table(
    "journal_entry",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("transaction_id", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
    # When the first of it crossed its hop, by the wall clock, in microseconds: what several processes write has to be put in order.
    Column("recorded", BigInteger, nullable=False),
    Index("journal_entry_transaction", "transaction_id"),
    sqlite_autoincrement=True,
)

# Every other identifier that a transaction goes by, as the messages name it.
ALIASES: Final = Table(
    "journal_alias",
    METADATA,
    Column("alias", String(64), primary_key=True),
    Column("transaction_id", String(64), nullable=False),
    Index("journal_alias_transaction", "transaction_id"),
)

SCHEMA: Final = Schema("journal", METADATA, "0003", Path(__file__).parent / "journal_migrations")


# Statements of a fixed length are compiled once; the places that are left over find nothing.
_LOOKED_UP_AT_ONCE: Final = 32
_PLACES: Final = tuple(f"name_{number}" for number in range(_LOOKED_UP_AT_ONCE))
_LOOK_UP: Final = Prepared(
    select(ALIASES.c.alias, ALIASES.c.transaction_id).where(
        ALIASES.c.alias.in_([bindparam(place) for place in _PLACES])
    )
)
_INSERT_ENTRY: Final = Prepared(
    text(
        "INSERT INTO journal_entry (transaction_id, document, recorded) VALUES (:transaction_id, :document, :recorded)"
    )
)
_INSERT_NUMBERED: Final = insert(ENTRIES).returning(ENTRIES.c.number, sort_by_parameter_order=True)
# SQLAlchemy spells ON CONFLICT once per dialect; SQL itself does not.
_INSERT_ALIAS: Final = Prepared(
    text("INSERT INTO journal_alias (alias, transaction_id) VALUES (:alias, :transaction_id) ON CONFLICT DO NOTHING")
)

_DOCUMENTS: Final = select(ENTRIES.c.number, ENTRIES.c.recorded, ENTRIES.c.document)

Entry = tuple[int, str, bytes]
"""When it was recorded (microseconds), its transaction ("" where none is known), its document."""


def append(connection: Connection, entries: Sequence[Entry], aliases: Mapping[str, str]) -> None:
    """`aliases`: other identifier → transaction; the first transaction that an identifier was seen with keeps it."""
    _name(connection, aliases)
    if entries:
        _INSERT_ENTRY.run_many(connection, _rows(entries))


def append_numbered(connection: Connection, entries: Sequence[Entry], aliases: Mapping[str, str]) -> list[int]:
    """The same where other processes write too; returns the numbers of the rows. Where another one has filed an identifier
    under another transaction meanwhile, both are one."""
    _name(connection, {alias: aliases[alias] for alias in sorted(aliases)})
    for alias, other in sorted(transactions_of(connection, aliases).items()):
        if other != aliases[alias]:
            _join(connection, aliases[alias], other)
    return list(connection.execute(_INSERT_NUMBERED, _rows(entries)).scalars()) if entries else []


def _join(connection: Connection, one: str, other: str) -> None:
    first, second = _whole(connection, one), _whole(connection, other)
    if first != second:
        _name(connection, {first: second})


def _name(connection: Connection, aliases: Mapping[str, str]) -> None:
    rows = [{"alias": alias, "transaction_id": transaction_id} for alias, transaction_id in aliases.items()]
    if rows:
        _INSERT_ALIAS.run_many(connection, rows)


def _rows(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """One for each transaction, in the order of their last entries: the last rows then hold the last entries."""
    written: dict[str, list[tuple[int, bytes]]] = {}
    for recorded, transaction_id, document in entries:
        written[transaction_id] = [*written.pop(transaction_id, ()), (recorded, document)]
    return [
        {"recorded": of_one[0][0], "transaction_id": transaction_id, "document": _joined(of_one)}
        for transaction_id, of_one in written.items()
    ]


def _joined(entries: Sequence[tuple[int, bytes]]) -> bytes:
    return b"[%b]" % b",".join([b"[%d,%b]" % entry for entry in entries])


def _recorded(row: Row[Any, Any, Any]) -> list[tuple[int, dict[str, Any]]]:
    """The entries in a row (with `document` and `recorded`), and when they were recorded."""
    document = orjson.loads(row.document)
    return [(row.recorded, document)] if isinstance(document, dict) else document


def _in_order(rows: Iterable[Row[Any, Any, Any]]) -> list[dict[str, Any]]:
    """The entries of `rows`, themselves in the order in which they were written, as they were recorded."""
    recorded = [entry for row in rows for entry in _recorded(row)]
    return [entry for _, entry in sorted(recorded, key=itemgetter(0))]


def transactions_of(connection: Connection, identifiers: Iterable[str]) -> dict[str, str]:
    """Of those `identifiers` that are aliases, the transactions they belong to."""
    names = list(identifiers)
    found: dict[str, str] = {}
    for start in range(0, len(names), _LOOKED_UP_AT_ONCE):
        wanted = dict(zip_longest(_PLACES, names[start : start + _LOOKED_UP_AT_ONCE], fillvalue=""))
        found.update((alias, transaction_id) for alias, transaction_id in _LOOK_UP.all(connection, wanted))
    return found


def transaction_of(connection: Connection, identifier: str) -> str | None:
    """The transaction that goes by `identifier`, which may be its own or any alias."""
    whole = _whole(connection, identifier)
    if whole != identifier:
        return whole
    known = select(ENTRIES.c.number).where(ENTRIES.c.transaction_id == identifier).limit(1)
    return identifier if connection.execute(known).first() else None


def _whole(connection: Connection, name: str) -> str:
    """The transaction of which `name` is a part, or another name: one that was found to be another's alias later has aliases of
    its own. Where two processes each took the other's name for the whole, the first by the alphabet is."""
    seen = [name]
    while (found := transactions_of(connection, seen[-1:])) and (whole := found[seen[-1]]) not in seen:
        seen.append(whole)
    return min(seen[seen.index(whole) :]) if found else seen[-1]


def entries_of(connection: Connection, transaction_id: str, limit: int) -> list[dict[str, Any]]:
    """In the order in which they were recorded, also those that were filed under an alias before it was known to be one."""
    names = {transaction_id}
    while more := set(connection.execute(select(ALIASES.c.alias).where(_is_alias_of(names))).scalars()) - names:
        names |= more
    rows = connection.execute(
        _DOCUMENTS.where(ENTRIES.c.transaction_id.in_(names))
        .order_by(ENTRIES.c.recorded, ENTRIES.c.number)
        .limit(limit)
    )
    return _in_order(rows)[:limit]


def _is_alias_of(names: Iterable[str]) -> ColumnElement[bool]:
    return ALIASES.c.transaction_id.in_(sorted(names))


def numbered(connection: Connection, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """The entries in the rows of these numbers that are still there, in the order in which they were recorded."""
    return _in_order(connection.execute(_DOCUMENTS.where(ENTRIES.c.number.in_(numbers)).order_by(ENTRIES.c.number)))


def newest(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """The last `limit` entries, oldest first."""
    rows = connection.execute(_DOCUMENTS.order_by(ENTRIES.c.number.desc()).limit(limit)).all()
    return _in_order(reversed(rows))[-limit:]


def forget_before(connection: Connection, at: str, names: Sequence[str], limit: int) -> int:
    """Forget the oldest rows up to the first with an entry that was made at `at` (ISO 8601, UTC) or later; at most `limit`, and
    say how many. The identifiers that stand under `names` in their messages go with the last entry of the transaction."""
    oldest = connection.execute(_DOCUMENTS.order_by(ENTRIES.c.number).limit(limit))
    rows = [(row.number, [entry for _, entry in _recorded(row)]) for row in oldest]
    gone = list(takewhile(lambda row: all(entry["at"] < at for entry in row[1]), rows))
    if gone:
        connection.execute(delete(ENTRIES).where(ENTRIES.c.number <= gone[-1][0]))
        messages = [entry["message"] for _, entries in gone for entry in entries]
        identifiers = {message[name] for message in messages for name in names if isinstance(message.get(name), str)}
        _forget_aliases(connection, identifiers)
    return len(gone)


def _forget_aliases(connection: Connection, identifiers: set[str]) -> None:
    still_there = exists().where(ENTRIES.c.transaction_id == ALIASES.c.transaction_id)
    connection.execute(delete(ALIASES).where(ALIASES.c.alias.in_(identifiers), ~still_there))


def forget(connection: Connection) -> None:
    connection.execute(delete(ENTRIES))
    connection.execute(delete(ALIASES))
