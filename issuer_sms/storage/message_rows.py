"""Rows of text messages."""

from datetime import datetime
from functools import cache
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, select, text, update

from issuer_sms.messages.delivery import State, advance
from issuer_sms.messages.records import Mark, TextMessage
from issuer_sms.storage.tables import COUNTERS, MESSAGES
from threedsecure.secrets.vault import Vault
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.rows.records import Records

COLUMNS: Final = MESSAGES.c
# Every text passes these: building a statement costs more than running it.
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


class MessageRows(Records[TextMessage]):
    """Texts by their ids."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(MESSAGES, TextMessage, vault, {"to": "phone"})

    def values(self, record: TextMessage) -> dict[str, Any]:
        due = record.passage.due
        return {**super().values(record), "due_at": None if due is None else due[1]}

    def add(self, connection: Connection, record: TextMessage) -> TextMessage:
        """The text with its number of arrival, when it has arrived."""
        return super().add(connection, _with_arrival(connection, record))

    def save(self, connection: Connection, record: TextMessage) -> TextMessage:
        return super().save(connection, _with_arrival(connection, record))

    def advance_due(self, connection: Connection, now: datetime) -> list[TextMessage]:
        """Let everything happen that is due by `now`, in its order; the texts that changed."""
        due = self.due(connection, COLUMNS.due_at <= now, COLUMNS.due_at)
        moved = [replace(one, passage=advance(one.passage, now)) for one in due]
        moved.sort(key=lambda one: one.passage.delivered_at or now)
        return [self.save(connection, one) for one in moved]

    def latest(
        self, connection: Connection, phone: str, *, after: Mark | None = None, reference: str | None = None
    ) -> TextMessage | None:
        """The text that arrived last at `phone`; `after`: only if it arrived later than that one, or, where that one has not
        arrived, was accepted later."""
        column = None if after is None else "number" if after.arrival is None else "arrival"
        wanted: dict[str, Any] = {"phone": phone}
        if after is not None:
            wanted["mark"] = after.number if after.arrival is None else after.arrival
        if reference is not None:
            wanted["reference"] = reference
        found = _latest(column, by_reference=reference is not None).first(connection, wanted)
        return None if found is None else self.read(dict(zip(COLUMNS.keys(), found, strict=True)))


def another_on_its_way(connection: Connection, phone: str) -> bool:
    """Whether a text to `phone` has yet to arrive; one that is lost never will, and does not count. Two processes ask one after
    the other: of two texts that come at once only the first is held back."""
    _BEGIN_COUNTING.run(connection, {})
    _HOLD_COUNTER.first(connection, {})
    return _ON_ITS_WAY.first(connection, {"phone": phone}) is not None


def mark_of(connection: Connection, phone: str, message_id: str) -> Mark | None:
    """Where a text to `phone` stands among the others; None when there is no such text."""
    found = _MARK.first(connection, {"message_id": message_id, "phone": phone})
    return None if found is None else Mark(*found)


@cache
def _latest(column: str | None, *, by_reference: bool) -> Prepared:
    """`column`: where to look for what is later than the mark."""
    query = select(MESSAGES).where(COLUMNS.phone == bindparam("phone"), COLUMNS.arrival.is_not(None))
    if column is not None:
        query = query.where(COLUMNS[column] > bindparam("mark"))
    if by_reference:
        query = query.where(COLUMNS.reference == bindparam("reference"))
    return Prepared(query.order_by(COLUMNS.arrival.desc()).limit(1))


def _with_arrival(connection: Connection, message: TextMessage) -> TextMessage:
    if message.passage.state is not State.DELIVERED:
        return message
    counted = _COUNT_ARRIVAL.first(connection, {})
    if counted is None:
        _BEGIN_COUNTING.run(connection, {})
        counted = _COUNT_ARRIVAL.first(connection, {})
    if counted is None:
        raise RuntimeError("a counter that was just written cannot be read")
    return replace(message, arrival=counted[0])
