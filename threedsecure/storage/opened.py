"""Tables for as long as the party lives that they are of."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from threedsecure.storage.database import Database
from threedsecure.storage.schema import Schema


class Opened:
    """Those of one schema, open between entering and leaving `opened`."""

    def __init__(self, schema: Schema, open_database: Callable[[Schema], Database]) -> None:
        self._schema = schema
        self._open_database = open_database
        self._database: Database | None = None

    @property
    def is_open(self) -> bool:
        return self._database is not None

    @property
    def database(self) -> Database:
        if self._database is None:
            raise RuntimeError(f"the tables {self._schema.name} are not open")
        return self._database

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        self._database = self._open_database(self._schema)
        try:
            yield
        finally:
            database, self._database = self._database, None
            await database.close()
