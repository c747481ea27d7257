"""Rows of callbacks: an outbox. A callback is written in the transaction that made its news, so no crash can lose it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from issuer_sms.callbacks import Callback, CallbackState, Subject
from issuer_sms.messages.records import TextMessage
from issuer_sms.prompts import Prompt
from issuer_sms.storage.tables import CALLBACKS
from threedsecure.secrets.vault import Vault
from threedsecure.storage.rows.leases import Leases, free
from threedsecure.storage.rows.records import Records


class CallbackRows(Records[Callback]):
    """Those that this process works on carry its lease."""

    def __init__(self, vault: Vault, leases: Leases) -> None:
        super().__init__(CALLBACKS, Callback, vault, key="number")
        self._leases = leases

    def values(self, record: Callback) -> dict[str, Any]:
        return {**super().values(record), **Leases.given_back()}

    def tell(
        self, connection: Connection, about: TextMessage | Prompt, payload: Mapping[str, Any], now: datetime
    ) -> bool:
        """Write the news down, where an address was given for it; whether one was."""
        if about.callback_url is None:
            return False
        subject = Subject.MESSAGE if isinstance(about, TextMessage) else Subject.PROMPT
        first = (CallbackState.PENDING, 0, now, None)
        self.add(connection, Callback(0, subject, about.id, about.reference, about.callback_url, payload, *first))
        return True

    def take_due(
        self, connection: Connection, now: datetime, *, besides: Collection[int], limit: int
    ) -> tuple[list[Callback], datetime | None]:
        """The callbacks whose next attempt is due by `now`, without those under way (`besides`, and what other processes hold); and
        when another will be."""
        waiting = (self.key.not_in(besides), free(CALLBACKS))
        query = select(CALLBACKS).where(self.columns.due_at <= now, *waiting).order_by(self.columns.due_at, self.key)
        rows = connection.execute(query.limit(limit).with_for_update(skip_locked=True), self._leases.asked())
        found = [self.read(row) for row in rows.mappings().all()]
        numbers = [callback.number for callback in found]
        if found and not self._leases.alone:
            connection.execute(update(CALLBACKS).where(self.key.in_(numbers)).values(**self._leases.taken()))
        others = (self.key.not_in({*besides, *numbers}), free(CALLBACKS))
        return found, self.earliest(connection, "due_at", *others, asked=self._leases.asked())

    def of_subjects(self, connection: Connection, ids: Sequence[str]) -> dict[str, Callback]:
        found = connection.execute(select(CALLBACKS).where(self.columns.subject_id.in_(ids))).mappings().all()
        return {callback.subject_id: callback for callback in map(self.read, found)}

    def purge_told(self, connection: Connection, ids: Sequence[str]) -> None:
        """Forget what the issuer was told of these; what it has still to be told stays until it was."""
        if ids:
            self.remove(connection, self.columns.subject_id.in_(ids), self.columns.due_at.is_(None))
