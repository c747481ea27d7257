"""From rows to texts and prompts: the words opened, the callbacks beside them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from issuer_sms.callbacks import Callback
from issuer_sms.messages.records import TextMessage
from issuer_sms.prompts import Prompt
from issuer_sms.storage import callback_rows, message_rows, prompt_rows
from threedsecure.secrets.vault import Vault


class Reader:
    """Opens what `vault` sealed. Errors of every method: `SealBroken`."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def read_texts(self, connection: Connection, rows: Sequence[message_rows.Row]) -> list[TextMessage]:
        told = self._callbacks(connection, rows)
        return [self.read_text(row, told.get(row.id)) for row in rows]

    def read_text(self, row: message_rows.Row, callback: Callback | None = None) -> TextMessage:
        return TextMessage(
            id=row.id,
            to=row.phone,
            sender=row.sender,
            body=self._vault.open(row.sealed_body),
            reference=row.reference,
            passage=row.passage,
            copy_of=row.copy_of,
            arrival=row.arrival,
            callback=callback,
        )

    def read_prompts(self, connection: Connection, rows: Sequence[prompt_rows.Row]) -> list[Prompt]:
        told = self._callbacks(connection, rows)
        return [self.read_prompt(row, told.get(row.id)) for row in rows]

    def read_prompt(self, row: prompt_rows.Row, callback: Callback | None = None) -> Prompt:
        return Prompt(
            id=row.id,
            to=row.phone,
            title=self._vault.open(row.sealed_title),
            body=self._vault.open(row.sealed_body),
            reference=row.reference,
            state=row.state,
            created_at=row.created_at,
            expires_at=row.expires_at,
            decided_at=row.decided_at,
            callback=callback,
        )

    def _callbacks(
        self, connection: Connection, rows: Iterable[message_rows.Row | prompt_rows.Row]
    ) -> dict[str, Callback]:
        asked = [row.id for row in rows if row.sealed_callback_url is not None]
        return callback_rows.of_subjects(connection, self._vault, asked) if asked else {}
