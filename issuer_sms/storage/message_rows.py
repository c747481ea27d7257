"""Rows of text messages. `Row` holds the words sealed; whoever reads them opens them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, text, update

from issuer_sms.messages.delivery import Passage, State, advance
from issuer_sms.messages.records import Mark
from issuer_sms.storage.tables import COUNTERS, MESSAGES
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.rows.purging import purge

COLUMNS: Final = MESSAGES.c
# Every text passes these: building a statement costs more than running it.
_WRITTEN: Final = tuple(column.name for column in COLUMNS if column.name != "number")
_INSERT: Final = Prepared(insert(MESSAGES).values({name: bindparam(name) for name in _WRITTEN}))
_COUNT_ARRIVAL: Final = Prepared(
    update(COUNTERS).where(COUNTERS.c.name == "arrival").values(value=COUNTERS.c.value + 1).returning(COUNTERS.c.value)
)
_BEGIN_COUNTING: Final = Prepared(
    text("INSERT INTO phone_counter (name, value) VALUES ('arrival', 0) ON CONFLICT DO NOTHING")
)
_HOLD_COUNTER: Final = Prepared(select(COUNTERS.c.value).where(COUNTERS.c.name == "arrival").with_for_update())
_ON_ITS_WAY: Final = Prepared(
    select(COLUMNS.number).where(COLUMNS.phone == bindparam("phone"), COLUMNS.due_at.is_not(None)).limit(1)
)
_MARK: Final = Prepared(
    select(COLUMNS.number, COLUMNS.arrival).where(
        COLUMNS.id == bindparam("message_id"), COLUMNS.phone == bindparam("phone")
    )
)


@dataclass(frozen=True, slots=True)
class Row:
    """One text as it is stored."""

    id: str
    phone: str
    sender: str
    sealed_body: str
    reference: str | None
    copy_of: str | None
    sealed_callback_url: str | None
    passage: Passage
    arrival: int | None = None


def add(connection: Connection, row: Row) -> Row:
    """Write a new row; `row` with its number of arrival, when it has arrived."""
    row = _with_arrival(connection, row)
    _INSERT.run(
        connection,
        {
            "id": row.id,
            "phone": row.phone,
            "sender": row.sender,
            "sealed_body": row.sealed_body,
            "reference": row.reference,
            "copy_of": row.copy_of,
            "sealed_callback_url": row.sealed_callback_url,
            "arrival": row.arrival,
            **_passage_values(row.passage),
        },
    )
    return row


def another_on_its_way(connection: Connection, phone: str) -> bool:
    """Whether a text to `phone` has yet to arrive; one that is lost never will, and does not count. Two processes ask one after
    the other: of two texts that come at once only the first is held back."""
    _BEGIN_COUNTING.run(connection, {})
    _HOLD_COUNTER.first(connection, {})
    return _ON_ITS_WAY.first(connection, {"phone": phone}) is not None


def advance_due(connection: Connection, now: datetime) -> list[Row]:
    """Let everything happen that is due by `now`, in its order; the rows that changed."""
    due = select(MESSAGES).where(COLUMNS.due_at <= now).order_by(COLUMNS.due_at, COLUMNS.number)
    rows = [_row(found) for found in connection.execute(due.with_for_update()).mappings().all()]
    moved = [replace(row, passage=advance(row.passage, now)) for row in rows]
    moved.sort(key=lambda row: row.passage.delivered_at or now)
    return [_save(connection, row) for row in moved]


def next_due(connection: Connection) -> datetime | None:
    due: datetime | None = connection.execute(select(func.min(COLUMNS.due_at))).scalar_one()
    return due


def by_id(connection: Connection, message_id: str) -> Row | None:
    return _first(connection, select(MESSAGES).where(COLUMNS.id == message_id))


def mark_of(connection: Connection, phone: str, message_id: str) -> Mark | None:
    """Where a text to `phone` stands among the others; None when there is no such text."""
    found = _MARK.first(connection, {"message_id": message_id, "phone": phone})
    return None if found is None else Mark(*found)


def latest(connection: Connection, phone: str, *, after: Mark | None, reference: str | None) -> Row | None:
    """The text that arrived last at `phone`; `after`: only if it arrived later than that one, or, where that one has not
    arrived, was accepted later."""
    column = None if after is None else "number" if after.arrival is None else "arrival"
    wanted: dict[str, Any] = {"phone": phone}
    if after is not None:
        wanted["mark"] = after.number if after.arrival is None else after.arrival
    if reference is not None:
        wanted["reference"] = reference
    found = _latest(column, by_reference=reference is not None).first(connection, wanted)
    return None if found is None else _row(dict(zip(COLUMNS, found, strict=True)))


@cache
def _latest(column: str | None, *, by_reference: bool) -> Prepared:
    """`column`: where to look for what is later than the mark."""
    query = select(MESSAGES).where(COLUMNS.phone == bindparam("phone"), COLUMNS.arrival.is_not(None))
    if column is not None:
        query = query.where(COLUMNS[column] > bindparam("mark"))
    if by_reference:
        query = query.where(COLUMNS.reference == bindparam("reference"))
    return Prepared(query.order_by(COLUMNS.arrival.desc()).limit(1))


def newest(
    connection: Connection,
    limit: int,
    *,
    phone: str | None = None,
    state: State | None = None,
    reference: str | None = None,
) -> list[Row]:
    """The `limit` texts accepted last, in the order in which they were accepted."""
    query = select(MESSAGES)
    if phone is not None:
        query = query.where(COLUMNS.phone == phone)
    if state is not None:
        query = query.where(COLUMNS.state == state.value)
    if reference is not None:
        query = query.where(COLUMNS.reference == reference)
    found = connection.execute(query.order_by(COLUMNS.number.desc()).limit(limit)).mappings().all()
    return [_row(row) for row in reversed(found)]


def phones(connection: Connection, window: int) -> list[str]:
    """The phones of the `window` texts accepted last, the most recent first."""
    recent = select(COLUMNS.phone, COLUMNS.number).order_by(COLUMNS.number.desc()).limit(window).subquery()
    grouped = select(recent.c.phone).group_by(recent.c.phone).order_by(func.max(recent.c.number).desc())
    return list(connection.execute(grouped).scalars())


def counts(connection: Connection, numbers: Sequence[str]) -> dict[str, int]:
    grouped = (
        select(COLUMNS.phone, func.count().label("texts")).where(COLUMNS.phone.in_(numbers)).group_by(COLUMNS.phone)
    )
    return {row.phone: row.texts for row in connection.execute(grouped)}


def remove(connection: Connection, phone: str) -> int:
    return connection.execute(delete(MESSAGES).where(COLUMNS.phone == phone)).rowcount


def purge_before(connection: Connection, at: datetime) -> Sequence[str]:
    """Forget some texts that were accepted before `at` and are not on their way; their ids."""
    return purge(connection, MESSAGES, COLUMNS.id, (COLUMNS.queued_at < at) & COLUMNS.due_at.is_(None), COLUMNS.number)


def remove_all(connection: Connection) -> None:
    connection.execute(delete(MESSAGES))


def _with_arrival(connection: Connection, row: Row) -> Row:
    if row.passage.state is not State.DELIVERED:
        return row
    counted = _COUNT_ARRIVAL.first(connection, {})
    if counted is None:
        _BEGIN_COUNTING.run(connection, {})
        counted = _COUNT_ARRIVAL.first(connection, {})
    if counted is None:
        raise RuntimeError("a counter that was just written cannot be read")
    return replace(row, arrival=counted[0])


def _save(connection: Connection, row: Row) -> Row:
    row = _with_arrival(connection, row)
    connection.execute(
        update(MESSAGES).where(COLUMNS.id == row.id).values(arrival=row.arrival, **_passage_values(row.passage))
    )
    return row


def _first(connection: Connection, query: Select[Any]) -> Row | None:
    found = connection.execute(query).mappings().first()
    return None if found is None else _row(found)


def _passage_values(passage: Passage) -> dict[str, Any]:
    due = passage.due
    return {
        "state": passage.state.value,
        "refused": passage.refused,
        "queued_at": passage.queued_at,
        "leaves_at": passage.leaves_at,
        "arrives_at": passage.arrives_at,
        "sent_at": passage.sent_at,
        "delivered_at": passage.delivered_at,
        "failed_at": passage.failed_at,
        "due_at": None if due is None else due[1],
    }


def _row(found: Mapping[Any, Any]) -> Row:
    return Row(
        id=found[COLUMNS.id],
        phone=found[COLUMNS.phone],
        sender=found[COLUMNS.sender],
        sealed_body=found[COLUMNS.sealed_body],
        reference=found[COLUMNS.reference],
        copy_of=found[COLUMNS.copy_of],
        sealed_callback_url=found[COLUMNS.sealed_callback_url],
        passage=Passage(
            State(found[COLUMNS.state]),
            queued_at=found[COLUMNS.queued_at],
            leaves_at=found[COLUMNS.leaves_at],
            arrives_at=found[COLUMNS.arrives_at],
            refused=found[COLUMNS.refused],
            sent_at=found[COLUMNS.sent_at],
            delivered_at=found[COLUMNS.delivered_at],
            failed_at=found[COLUMNS.failed_at],
        ),
        arrival=found[COLUMNS.arrival],
    )
