"""The ACS's tables for 3-D Secure 1.0.2. Card numbers and keys are sealed."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from acs.cards.records import Card
from acs.v1.lifecycle import Change
from acs.v1.records import Authentication
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.opened import Opened
from threedsecure.storage.rows.documents import Documents, searchable
from threedsecure.storage.schema import Schema

METADATA: Final = MetaData()

AUTHENTICATIONS: Final = Table(
    "acs_classic_authentication",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("name", String(36), nullable=False, unique=True),
    Column("acct_id", String(28), nullable=False, unique=True),
    Column("card", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

KEYS: Final = Table(
    "acs_classic_key",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("sealed", Text, nullable=False),
)

SCHEMA: Final = Schema("acs_classic", METADATA, "0001", Path(__file__).parent / "migrations")


_documents: Final = Documents(Authentication, "name", "acct_id", "card")
_encoder: Final = msgspec.json.Encoder()
_cards: Final = msgspec.json.Decoder(Card)


class V1Storage(Opened):
    """Open between entering and leaving `opened`."""

    def __init__(self, open_database: Callable[[Schema], Database], vault: Vault) -> None:
        super().__init__(SCHEMA, open_database)
        self._vault = vault
        self._box = vault.box(b"acs authentications")

    async def add(self, authentication: Authentication) -> bool:
        """False when one of its identifiers is taken, which happens where a seed makes them repeatable."""
        row = self._row(authentication)
        try:
            await self.database.run(lambda connection: connection.execute(insert(AUTHENTICATIONS), row))
        except IntegrityError:
            return False
        return True

    async def change(self, name: str, step: Callable[[Authentication], Change]) -> Change | None:
        """Read, step and write in one unit of work; None when there is no such authentication."""

        def work(connection: Connection) -> Change | None:
            found = self._load(connection, AUTHENTICATIONS.c.name == searchable(name), lock=True)
            if found is None:
                return None
            change = step(found)
            if change.authentication != found:
                document = {"document": _documents.write(self._box, change.authentication)}
                connection.execute(update(AUTHENTICATIONS).where(AUTHENTICATIONS.c.name == found.name).values(document))
            return change

        return await self.database.run(work)

    async def load(self, name: str) -> Authentication | None:
        where = AUTHENTICATIONS.c.name == searchable(name)
        return await self.database.read(lambda connection: self._load(connection, where))

    async def of_account(self, acct_id: str) -> Authentication | None:
        where = AUTHENTICATIONS.c.acct_id == searchable(acct_id)
        return await self.database.read(lambda connection: self._load(connection, where))

    async def newest(self, limit: int) -> list[Authentication]:
        """The last `limit` authentications, oldest first."""
        query = select(AUTHENTICATIONS).order_by(AUTHENTICATIONS.c.number.desc()).limit(limit)
        found = await self.database.read(lambda c: [self._authentication(row) for row in c.execute(query)])
        return found[::-1]

    async def key(self, name: str) -> str | None:
        """A key as it was kept, opened."""
        query = select(KEYS.c.sealed).where(KEYS.c.name == name)
        sealed = await self.database.read(lambda connection: connection.execute(query).scalar_one_or_none())
        return None if sealed is None else self._vault.open(sealed)

    async def keep_key(self, name: str, key: str) -> None:
        """Keep a key, unless another process has kept one under this name first."""
        row = {"name": name, "sealed": self._vault.seal(key)}
        try:
            await self.database.run(lambda connection: connection.execute(insert(KEYS), row))
        except IntegrityError:
            return

    async def forget(self) -> None:
        """Every authentication; the keys say that it is still the same issuer."""
        await self.database.run(lambda connection: connection.execute(delete(AUTHENTICATIONS)))

    async def forget_before(self, at: datetime) -> int:
        """Some of the authentications that did not change since `at`."""

        return await self.database.run(lambda c: _documents.forget_before(c, self._box, AUTHENTICATIONS, at))

    def _load(self, connection: Connection, where: Any, *, lock: bool = False) -> Authentication | None:
        query = select(AUTHENTICATIONS).where(where)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else self._authentication(row)

    def _row(self, authentication: Authentication) -> dict[str, Any]:
        return {
            "name": authentication.name,
            "acct_id": authentication.acct_id,
            "card": self._vault.seal(_encoder.encode(authentication.card).decode()),
            "document": _documents.write(self._box, authentication),
        }

    def _authentication(self, row: Row[Any]) -> Authentication:
        card = _cards.decode(self._vault.open(row.card))
        return _documents.read(self._box, row.document, name=row.name, acct_id=row.acct_id, card=card)
