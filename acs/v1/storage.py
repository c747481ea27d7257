"""The ACS's tables for 3-D Secure 1.0.2. Card numbers and keys are sealed."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
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

from acs.cardholder.challenge import Challenge
from acs.cards.records import Card
from acs.v1.lifecycle import Change
from acs.v1.records import Authentication, Outcome, Payment
from acs.v1.states import State
from threedsecure.cards.plays import Method
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.rows.purging import PER_STEP
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


@dataclass(frozen=True, slots=True)
class _Document:
    """What of an authentication is neither a column nor sealed."""

    state: State
    vereq_id: str
    version: str
    acq_bin: str
    mer_id: str
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    method: Method | None
    payment: Payment | None
    challenge: Challenge | None
    outcome: Outcome | None


_DOCUMENTED: Final = tuple(field.name for field in fields(_Document))
_encoder: Final = msgspec.json.Encoder()
_documents: Final = msgspec.json.Decoder(_Document)
_cards: Final = msgspec.json.Decoder(Card)


class V1Storage:
    """Open between entering and leaving `opened`."""

    def __init__(self, open_database: Callable[[Schema], Database], vault: Vault) -> None:
        self._open_database = open_database
        self._vault = vault
        self._box = vault.box(b"acs authentications")
        self._database: Database | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        self._database = self._open_database(SCHEMA)
        try:
            yield
        finally:
            database, self._database = self._database, None
            await database.close()

    async def add(self, authentication: Authentication) -> bool:
        """False when one of its identifiers is taken, which happens where a seed makes them repeatable."""
        row = self._row(authentication)
        try:
            await self._opened.run(lambda connection: connection.execute(insert(AUTHENTICATIONS), row))
        except IntegrityError:
            return False
        return True

    async def change(self, name: str, step: Callable[[Authentication], Change]) -> Change | None:
        """Read, step and write in one unit of work; None when there is no such authentication."""

        def work(connection: Connection) -> Change | None:
            found = self._load(connection, AUTHENTICATIONS.c.name == _searchable(name), lock=True)
            if found is None:
                return None
            change = step(found)
            if change.authentication != found:
                document = {"document": self._document(change.authentication)}
                connection.execute(update(AUTHENTICATIONS).where(AUTHENTICATIONS.c.name == found.name).values(document))
            return change

        return await self._opened.run(work)

    async def load(self, name: str) -> Authentication | None:
        where = AUTHENTICATIONS.c.name == _searchable(name)
        return await self._opened.read(lambda connection: self._load(connection, where))

    async def of_account(self, acct_id: str) -> Authentication | None:
        where = AUTHENTICATIONS.c.acct_id == _searchable(acct_id)
        return await self._opened.read(lambda connection: self._load(connection, where))

    async def newest(self, limit: int) -> list[Authentication]:
        """The last `limit` authentications, oldest first."""
        query = select(AUTHENTICATIONS).order_by(AUTHENTICATIONS.c.number.desc()).limit(limit)
        found = await self._opened.read(lambda c: [self._authentication(row) for row in c.execute(query)])
        return found[::-1]

    async def key(self, name: str) -> str | None:
        """A key as it was kept, opened."""
        query = select(KEYS.c.sealed).where(KEYS.c.name == name)
        sealed = await self._opened.read(lambda connection: connection.execute(query).scalar_one_or_none())
        return None if sealed is None else self._vault.open(sealed)

    async def keep_key(self, name: str, key: str) -> None:
        """Keep a key, unless another process has kept one under this name first."""
        row = {"name": name, "sealed": self._vault.seal(key)}
        try:
            await self._opened.run(lambda connection: connection.execute(insert(KEYS), row))
        except IntegrityError:
            return

    async def forget(self) -> None:
        """Every authentication; the keys say that it is still the same issuer."""
        await self._opened.run(lambda connection: connection.execute(delete(AUTHENTICATIONS)))

    async def forget_before(self, at: datetime) -> int:
        """Some of the authentications that did not change since `at`."""

        def work(connection: Connection) -> int:
            oldest = select(AUTHENTICATIONS.c.number, AUTHENTICATIONS.c.document).order_by(AUTHENTICATIONS.c.number)
            rows = connection.execute(oldest.limit(PER_STEP).with_for_update(skip_locked=True)).all()
            old = [row.number for row in rows if self._read(row.document).updated_at < at]
            if old:
                connection.execute(delete(AUTHENTICATIONS).where(AUTHENTICATIONS.c.number.in_(old)))
            return len(old)

        return await self._opened.run(work)

    @property
    def _opened(self) -> Database:
        if self._database is None:
            raise RuntimeError("the storage of the ACS is not open")
        return self._database

    def _load(self, connection: Connection, where: Any, *, lock: bool = False) -> Authentication | None:
        query = select(AUTHENTICATIONS).where(where)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        return None if row is None else self._authentication(row)

    def _row(self, authentication: Authentication) -> dict[str, Any]:
        return {
            "name": authentication.name,
            "acct_id": authentication.acct_id,
            "card": self._vault.seal(_encoder.encode(authentication.card).decode()),
            "document": self._document(authentication),
        }

    def _document(self, authentication: Authentication) -> bytes:
        """A peer filled much of it, and may have put anything there."""
        document = _Document(**{name: getattr(authentication, name) for name in _DOCUMENTED})
        return self._box.seal_document(_encoder.encode(document))

    def _read(self, written: bytes) -> "_Document":
        """Errors: `SealBroken`."""
        return _documents.decode(self._box.open_document(written))

    def _authentication(self, row: Row[Any]) -> Authentication:
        document = self._read(row.document)
        return Authentication(
            name=row.name,
            acct_id=row.acct_id,
            card=_cards.decode(self._vault.open(row.card)),
            **{name: getattr(document, name) for name in _DOCUMENTED},
        )


def _searchable(name: str) -> str:
    """A name that a peer sent: not every text can be bound to a statement, and what cannot names nothing."""
    return name if name.isascii() and "\0" not in name else ""
