"""Rows of callbacks: an outbox. A callback is written in the transaction that made its news, so no crash can lose it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from issuer_sms.callbacks import Callback, CallbackState, Subject
from issuer_sms.storage.tables import CALLBACKS
from threedsecure.secrets.vault import Vault
from threedsecure.storage.rows.leases import Leases, free

COLUMNS: Final = CALLBACKS.c


def add(
    connection: Connection,
    subject: Subject,
    subject_id: str,
    *,
    sealed_url: str | None,
    reference: str | None,
    payload: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Write the news down, where an address was given for it; whether one was."""
    if sealed_url is None:
        return False
    connection.execute(
        insert(CALLBACKS).values(
            subject=subject.value,
            subject_id=subject_id,
            reference=reference,
            sealed_url=sealed_url,
            payload=orjson.dumps(payload),
            state=CallbackState.PENDING.value,
            attempts=0,
            due_at=now,
        )
    )
    return True


def take_due(
    connection: Connection, vault: Vault, held: Leases, now: datetime, *, besides: Collection[int], limit: int
) -> list[Callback]:
    """The callbacks whose next attempt is due by `now`, without those under way (`besides`, and what other processes hold)."""
    query = (
        select(CALLBACKS)
        .where(COLUMNS.due_at <= now, COLUMNS.number.not_in(besides), free(CALLBACKS))
        .order_by(COLUMNS.due_at, COLUMNS.number)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [_callback(row, vault) for row in connection.execute(query, held.asked()).mappings().all()]
    if found and not held.alone:
        these = update(CALLBACKS).where(COLUMNS.number.in_([callback.number for callback in found]))
        connection.execute(these.values(**held.taken()))
    return found


def by_number(connection: Connection, vault: Vault, number: int) -> Callback | None:
    found = connection.execute(select(CALLBACKS).where(COLUMNS.number == number)).mappings().first()
    return None if found is None else _callback(found, vault)


def next_due(connection: Connection, held: Leases, *, besides: Collection[int]) -> datetime | None:
    instant: datetime | None = connection.execute(
        select(func.min(COLUMNS.due_at)).where(COLUMNS.number.not_in(besides), free(CALLBACKS)), held.asked()
    ).scalar_one()
    return instant


def save_attempt(connection: Connection, callback: Callback) -> None:
    connection.execute(
        update(CALLBACKS)
        .where(COLUMNS.number == callback.number)
        .values(
            state=callback.state.value,
            attempts=callback.attempts,
            due_at=callback.due_at,
            outcome=callback.outcome,
            **Leases.given_back(),
        )
    )


def of_subjects(connection: Connection, vault: Vault, subject_ids: Sequence[str]) -> dict[str, Callback]:
    query = select(CALLBACKS).where(COLUMNS.subject_id.in_(subject_ids))
    found = connection.execute(query).mappings().all()
    return {row[COLUMNS.subject_id]: _callback(row, vault) for row in found}


def purge(connection: Connection, subject_ids: Sequence[str]) -> None:
    """Forget what the issuer was told of these; what it has still to be told stays until it was."""
    if subject_ids:
        connection.execute(delete(CALLBACKS).where(COLUMNS.subject_id.in_(subject_ids), COLUMNS.due_at.is_(None)))


def remove_all(connection: Connection) -> None:
    connection.execute(delete(CALLBACKS))


def _callback(found: RowMapping, vault: Vault) -> Callback:
    return Callback(
        number=found[COLUMNS.number],
        subject=Subject(found[COLUMNS.subject]),
        subject_id=found[COLUMNS.subject_id],
        reference=found[COLUMNS.reference],
        url=vault.open(found[COLUMNS.sealed_url]),
        payload=orjson.loads(found[COLUMNS.payload]),
        state=CallbackState(found[COLUMNS.state]),
        attempts=found[COLUMNS.attempts],
        due_at=found[COLUMNS.due_at],
        outcome=found[COLUMNS.outcome],
    )
