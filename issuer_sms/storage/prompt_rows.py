"""Rows of the banking app's prompts. `Row` holds the words sealed; whoever reads them opens them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from issuer_sms.prompts import PromptState
from issuer_sms.storage.tables import PROMPTS
from threedsecure.storage.rows.purging import purge

COLUMNS: Final = PROMPTS.c
_PENDING: Final = PromptState.PENDING.value


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt as it is stored."""

    id: str
    phone: str
    sealed_title: str
    sealed_body: str
    reference: str | None
    sealed_callback_url: str | None
    state: PromptState
    created_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None = None


def add(connection: Connection, row: Row) -> None:
    connection.execute(
        insert(PROMPTS).values(
            id=row.id,
            phone=row.phone,
            sealed_title=row.sealed_title,
            sealed_body=row.sealed_body,
            reference=row.reference,
            sealed_callback_url=row.sealed_callback_url,
            state=row.state.value,
            created_at=row.created_at,
            expires_at=row.expires_at,
            decided_at=row.decided_at,
        )
    )


def by_id(connection: Connection, prompt_id: str, *, lock: bool = False) -> Row | None:
    """`lock`: for a unit that reads in order to write."""
    query = select(PROMPTS).where(COLUMNS.id == prompt_id)
    found = connection.execute(query.with_for_update() if lock else query).mappings().first()
    return None if found is None else _row(found)


def newest(connection: Connection, phone: str, limit: int, *, state: PromptState | None = None) -> list[Row]:
    """The `limit` prompts shown last, in the order in which they were shown."""
    query = select(PROMPTS).where(COLUMNS.phone == phone)
    if state is not None:
        query = query.where(COLUMNS.state == state.value)
    found = connection.execute(query.order_by(COLUMNS.number.desc()).limit(limit)).mappings().all()
    return [_row(row) for row in reversed(found)]


def save_state(connection: Connection, prompt_id: str, state: PromptState, decided_at: datetime | None) -> None:
    connection.execute(update(PROMPTS).where(COLUMNS.id == prompt_id).values(state=state.value, decided_at=decided_at))


def expire_due(connection: Connection, now: datetime) -> list[Row]:
    """Let every prompt expire whose time has come; the rows that changed."""
    due = select(PROMPTS).where(COLUMNS.state == _PENDING, COLUMNS.expires_at <= now).order_by(COLUMNS.number)
    found = connection.execute(due.with_for_update()).mappings().all()
    expired = [replace(_row(row), state=PromptState.EXPIRED) for row in found]
    for row in expired:
        save_state(connection, row.id, PromptState.EXPIRED, None)
    return expired


def next_expiry(connection: Connection) -> datetime | None:
    due: datetime | None = connection.execute(
        select(func.min(COLUMNS.expires_at)).where(COLUMNS.state == _PENDING)
    ).scalar_one()
    return due


def phones(connection: Connection, window: int) -> list[str]:
    """The phones of the `window` prompts shown last, the most recent first."""
    recent = select(COLUMNS.phone, COLUMNS.number).order_by(COLUMNS.number.desc()).limit(window).subquery()
    grouped = select(recent.c.phone).group_by(recent.c.phone).order_by(func.max(recent.c.number).desc())
    return list(connection.execute(grouped).scalars())


def pending_counts(connection: Connection, numbers: Sequence[str]) -> dict[str, int]:
    grouped = (
        select(COLUMNS.phone, func.count().label("pending"))
        .where(COLUMNS.phone.in_(numbers), COLUMNS.state == _PENDING)
        .group_by(COLUMNS.phone)
    )
    return {row.phone: row.pending for row in connection.execute(grouped)}


def purge_before(connection: Connection, at: datetime) -> Sequence[str]:
    """Forget some prompts that were shown before `at`; their ids."""
    return purge(connection, PROMPTS, COLUMNS.id, COLUMNS.created_at < at, COLUMNS.number)


def remove_all(connection: Connection) -> None:
    connection.execute(delete(PROMPTS))


def _row(found: RowMapping) -> Row:
    return Row(
        id=found[COLUMNS.id],
        phone=found[COLUMNS.phone],
        sealed_title=found[COLUMNS.sealed_title],
        sealed_body=found[COLUMNS.sealed_body],
        reference=found[COLUMNS.reference],
        sealed_callback_url=found[COLUMNS.sealed_callback_url],
        state=PromptState(found[COLUMNS.state]),
        created_at=found[COLUMNS.created_at],
        expires_at=found[COLUMNS.expires_at],
        decided_at=found[COLUMNS.decided_at],
    )
