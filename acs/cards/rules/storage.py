"""The tables of the matching rules. A rule may name a card, so its document is sealed; what came of a message is too."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, delete, func, insert, select

from threedsecure.rules import Rule, parse
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.opened import Opened
from threedsecure.storage.schema import Schema
from threedsecure.web.sharing.processes import Shared

METADATA: Final = MetaData()
MAX_RULES: Final = 1000
MAX_OUTCOMES: Final = 5000
CHANGED: Final = "acs rules changed"
"""A word between processes."""

RULES: Final = Table(
    "acs_rule",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("name", String(36), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)
OUTCOMES: Final = Table(
    "acs_rule_outcome",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("subject", String(128), nullable=False, index=True),
    Column("document", Text, nullable=False),
    sqlite_autoincrement=True,
)
SCHEMA: Final = Schema("acs_rules", METADATA, "0001", Path(__file__).parent / "migrations")

Document = dict[str, Any]
Result = TypeVar("Result")
_ALL: Final = select(RULES.c.name, RULES.c.document).order_by(RULES.c.number)


class RuleStorage(Opened):
    """Open between entering and leaving `opened`."""

    def __init__(self, open_database: Callable[[Schema], Database], vault: Vault, shared: Shared) -> None:
        super().__init__(SCHEMA, open_database)
        self._vault = vault
        self._shared = shared
        shared.on(CHANGED, self._changed_elsewhere)
        self._read: dict[str, Rule] = {}
        self._held: list[tuple[str, Rule]] | None = None
        self._changes = 0

    @property
    def has_none(self) -> bool:
        """Whether it is known that there is no rule."""
        return self._held is not None and not self._held

    async def documents(self) -> list[tuple[str, Document]]:
        """Every rule with its name, in the order in which they were made."""
        return [(name, self._open(sealed)) for name, sealed in await self._rows()]

    async def rules(self) -> list[tuple[str, Rule]]:
        """The same, read; each is opened and read once. They are held until they change here, or another process tells that they
        have; a database that others may write to without a word is asked each time."""
        if self._held is not None:
            return self._held
        changes = self._changes
        rows = await self._rows()
        self._read = {sealed: self._read.get(sealed) or parse(self._open(sealed)) for _, sealed in rows}
        found = [(name, self._read[sealed]) for name, sealed in rows]
        told = self._shared.worker is not None or isinstance(self.database, SqliteDatabase)
        if told and changes == self._changes:
            self._held = found
        return found

    async def add(self, name: str, rule: Mapping[str, Any]) -> bool:
        """False when there are too many."""
        row = {"name": name, "document": self._seal(rule)}

        def work(connection: Connection) -> bool:
            if connection.execute(select(func.count()).select_from(RULES)).scalar_one() >= MAX_RULES:
                return False
            connection.execute(insert(RULES), row)
            return True

        return await self._changed(work)

    async def remove(self, name: str) -> bool:
        """Whether it was there: of all who remove a rule at the same time, one is told True."""
        return await self._changed(partial(_remove, name=name))

    async def use_up(self, name: str) -> bool:
        """The same, and nobody waits until the other processes have heard: their own attempt would be told False."""
        try:
            return await self.database.run(partial(_remove, name=name))
        finally:
            await self._changed_elsewhere()
            self._shared.tell(CHANGED)

    async def remove_all(self) -> None:
        await self._changed(lambda connection: connection.execute(delete(RULES)))

    async def note(self, subject: str, outcome: Mapping[str, Any]) -> None:
        """Keep what came of a message, and forget the oldest ones."""
        row = {"subject": subject, "document": self._seal(outcome)}

        def work(connection: Connection) -> None:
            number = connection.execute(insert(OUTCOMES), row).inserted_primary_key
            if number is not None:
                connection.execute(delete(OUTCOMES).where(OUTCOMES.c.number <= number[0] - MAX_OUTCOMES))

        await self.database.run(work)

    async def outcome(self, subject: str) -> Document | None:
        """What came of the last message of a transaction."""
        query = select(OUTCOMES.c.document).where(OUTCOMES.c.subject == subject).order_by(OUTCOMES.c.number.desc())
        sealed = await self.database.read(lambda connection: connection.execute(query.limit(1)).scalar_one_or_none())
        return None if sealed is None else self._open(sealed)

    async def forget(self) -> None:
        def work(connection: Connection) -> None:
            connection.execute(delete(RULES))
            connection.execute(delete(OUTCOMES))

        await self._changed(work)

    async def _changed(self, work: Callable[[Connection], Result]) -> Result:
        """Carry out what changes the rules, and have them read again, here and everywhere."""
        try:
            return await self.database.run(work)
        finally:
            await self._changed_elsewhere()
            await self._shared.tell_all(CHANGED)

    async def _changed_elsewhere(self, _content: object = None) -> None:
        self._held, self._changes = None, self._changes + 1

    async def _rows(self) -> list[tuple[str, str]]:
        rows = await self.database.read(lambda connection: connection.execute(_ALL).all())
        return [(name, sealed) for name, sealed in rows]

    def _seal(self, document: Mapping[str, Any]) -> str:
        return self._vault.seal(orjson.dumps(document).decode())

    def _open(self, sealed: str) -> Document:
        document: Document = orjson.loads(self._vault.open(sealed))
        return document


def _remove(connection: Connection, name: str) -> bool:
    return connection.execute(delete(RULES).where(RULES.c.name == name)).rowcount == 1
