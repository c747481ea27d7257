"""Transactions in rows, inside a unit of work."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Final, TypeVar

from msgspec.structs import astuple
from sqlalchemy import Connection, bindparam, or_, select, text, update

from directory_server.transactions.records import Filter, Transaction
from directory_server.transactions.states import State
from directory_server.transactions.storage.tables import TRANSACTIONS
from threedsecure.storage.rows.prepared import Prepared

Result = TypeVar("Result")
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
INSERT_NEW: Final = Prepared(
    text(
        f"INSERT INTO ds_transaction ({', '.join(_COLUMNS)}) "  # noqa: S608 - the columns are this module's own
        f"VALUES (:{', :'.join(_COLUMNS)}) ON CONFLICT DO NOTHING"
    ).bindparams(*(bindparam(name, type_=TRANSACTIONS.c[name].type) for name in _COLUMNS))
)
_FINDING: Final = select(*_ROW).where(TRANSACTIONS.c.ds_trans_id == bindparam("wanted"))
FIND: Final = Prepared(_FINDING)
LOCK: Final = Prepared(_FINDING.with_for_update())
HOLDER: Final = (
    select(TRANSACTIONS.c.leased_by, TRANSACTIONS.c.leased_until)
    .where(TRANSACTIONS.c.ds_trans_id == bindparam("wanted"))
    .with_for_update()
)
UPDATE: Final = Prepared(
    update(TRANSACTIONS)
    .where(TRANSACTIONS.c.ds_trans_id == bindparam("wanted"))
    .values({name: bindparam(name) for name in _CHANGING})
)
_changing: Final = attrgetter(*_CHANGING)


def row(transaction: Transaction) -> dict[str, Any]:
    row = dict(zip(_COLUMNS, astuple(transaction), strict=True))
    row["created_at"] = instant(transaction.created_at)
    row["updated_at"] = instant(transaction.updated_at)
    return row


def changes(transaction: Transaction) -> dict[str, Any]:
    changes = dict(zip(_CHANGING, _changing(transaction), strict=True))
    return changes | {"updated_at": instant(transaction.updated_at), "wanted": transaction.ds_trans_id}


def _transaction(row: Sequence[Any]) -> Transaction:
    values = dict(zip(_COLUMNS, row, strict=True))
    values["state"] = State(values["state"])
    values["created_at"] = datetime.fromisoformat(values["created_at"])
    values["updated_at"] = datetime.fromisoformat(values["updated_at"])
    return Transaction(**values)


def load(connection: Connection, statement: Prepared, ds_trans_id: str) -> Transaction | None:
    row = statement.first(connection, {"wanted": ds_trans_id})
    return None if row is None else _transaction(row)


def step(
    connection: Connection, ds_trans_id: str, decide: Callable[[Transaction], tuple[Transaction, Result]]
) -> Result | None:
    before = load(connection, LOCK, ds_trans_id)
    if before is None:
        return None
    after, result = decide(before)
    if after is not before:
        UPDATE.run(connection, changes(after))
    return result


def listed(connection: Connection, wanted: Filter) -> list[Transaction]:
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
        query = query.where(t.created_at >= instant(wanted.since))
    return [_transaction(row) for row in connection.execute(query)]


def instant(at: datetime) -> str:
    """One width and one zone, so that text sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
