"""Rows of the banking app's prompts."""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from issuer_sms.prompts import Prompt, PromptState
from issuer_sms.storage.tables import PROMPTS
from threedsecure.secrets.vault import Vault
from threedsecure.storage.rows.records import Records


class PromptRows(Records[Prompt]):
    """Prompts by their ids."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(PROMPTS, Prompt, vault, {"to": "phone"})
        self._pending = self.columns.state == PromptState.PENDING.value

    def expire_due(self, connection: Connection, now: datetime) -> list[Prompt]:
        """Let every prompt expire whose time has come; those that changed."""
        due = self.due(connection, self._pending & (self.columns.expires_at <= now))
        return [self.save(connection, replace(prompt, state=PromptState.EXPIRED)) for prompt in due]

    def next_expiry(self, connection: Connection) -> datetime | None:
        return self.earliest(connection, "expires_at", self._pending)
