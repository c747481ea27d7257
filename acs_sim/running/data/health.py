"""What `/readyz` looks at before it says yes: whether each database takes writes, in time."""

import asyncio
from collections.abc import Callable
from typing import Final

from threedsecure.storage.database import Database
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.schema import Schema, prove_writable
from threedsecure.web.metrics import Measured

ANSWER_SECONDS: Final = 2.0
OpenDatabase = Callable[[Schema], Database]


class Health:
    """The databases of one party, as it opens them."""

    def __init__(self, open_database: OpenDatabase, *others: tuple[Schema, Database]) -> None:
        """`others`: what is looked after and opened by somebody else."""
        self._open_database = open_database
        self._opened = {schema.name: (schema, database) for schema, database in others}

    def open_database(self, schema: Schema) -> Database:
        """Open it, and look after it from now on."""
        database = self._open_database(schema)
        self._opened[schema.name] = (schema, database)
        return database

    def waiting(self) -> Measured:
        """How much waits for each."""
        waiting = {name: database.waiting for name, (_, database) in self._opened.items()}
        return Measured(
            "database_waiting", "Units of work that wait for their turn", "database", waiting, of_process=True
        )

    async def check(self) -> str | None:
        """What is wrong, in words."""
        for schema, database in self._opened.values():
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await database.run(lambda connection, schema=schema: prove_writable(connection, schema))  # type: ignore[misc]
            except TimeoutError:
                return f"the {schema.name} database does not answer"
            except DatabaseAway as error:
                return f"the {schema.name} database cannot be written: {error}"
            except Exception as error:  # noqa: BLE001 - whatever it is, the database cannot be written
                return f"the {schema.name} database cannot be written: {type(error).__name__}"
        return None
