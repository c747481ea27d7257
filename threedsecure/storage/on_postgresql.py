"""PostgreSQL through psycopg 3, in threads."""

import asyncio
from contextlib import nullcontext
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from threedsecure.storage.database import Failed, GroupedCommits, Result, Tables, Waiting, Work, carry_out, tell
from threedsecure.storage.engines import postgresql
from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.errors import DatabaseAway, DatabaseUnusable
from threedsecure.storage.schema import Schema, prepare


class PostgresServer(GroupedCommits):
    """PostgreSQL through psycopg 3, shared by any number of processes, commits grouped; any number of schemas share it.

    One batch at a time is carried out in a thread; what arrives meanwhile forms the next. A unit that reads in order to write
    locks what it reads (`with_for_update`). Units are re-runnable, so a batch that lost a deadlock to another process is run
    again."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool = pool
        self._engine = pool.engine
        self._looked_through = pool.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._carrying_out: asyncio.Task[None] | None = None
        self._reading: set[asyncio.Future[Any]] = set()

    def prepare(self, schema: Schema) -> None:
        """Errors: `DatabaseUnusable`, `SchemaNotSupported`."""
        try:
            with self._engine.begin() as connection:
                # Two processes that start on an empty database must not both create its tables.
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3250)")
                # An older release may be running on the same tables.
                prepare(connection, schema, upgrades=False)
        except OperationalError as error:
            raise DatabaseUnusable(_unreachable(self._engine, error)) from error

    async def read(self, work: Work[Result]) -> Result:
        # A thread cannot be cancelled: when its caller is, `close` still has to wait for it.
        reading = asyncio.ensure_future(self.pool.call(lambda: self._read(work)))
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        return await asyncio.shield(reading)

    async def settle(self) -> None:
        """Return when nothing waits."""
        while self._crowd() or self._carrying_out is not None:
            self._carry_out_waiting()
            if self._carrying_out is not None:
                await self._carrying_out
        if self._reading:
            await asyncio.wait(self._reading)

    async def close(self) -> None:
        await self.settle()
        await self.pool.close()

    def _read(self, work: Work[Result]) -> Result:
        try:
            with self._looked_through.connect() as connection:
                return work(connection)
        except (DBAPIError, PoolTimeoutError) as error:
            raise _away(self._engine, error) or error from error

    def _carry_out_waiting(self) -> None:
        if self._carrying_out is None and (batch := self._take_batch()):
            self._carrying_out = asyncio.create_task(self._carry_out_batch(batch), name="commit")

    async def _carry_out_batch(self, batch: list[Waiting]) -> None:
        carry_out_all = partial(self._carried_out, [work for work, _ in batch], is_one_statement=self._is_along_alone)
        try:
            outcomes = await self.pool.call(carry_out_all)
        except DatabaseAway as error:
            outcomes = [Failed(error)] * len(batch)
        except (DBAPIError, PoolTimeoutError) as error:
            outcomes = [Failed(_away(self._engine, error) or error)] * len(batch)
        self._carrying_out = None
        tell(batch, outcomes)
        self.due()

    def _carried_out(self, units: list[Work[Any]], *, is_one_statement: bool) -> list[Any]:
        """One statement is a transaction as it is."""
        with (self._looked_through if is_one_statement else self._engine).connect() as connection:
            begin = nullcontext if is_one_statement else Connection.begin
            outcomes = carry_out(connection, units, _impatiently if len(units) > 1 else None, begin)
        return [
            _told_plainly(self._engine, outcome) if isinstance(outcome, Failed) else outcome for outcome in outcomes
        ]


class PostgresDatabase(Tables):
    """The tables of one schema on a server that others may share."""

    def __init__(self, server: str | PostgresServer, schema: Schema) -> None:
        """`server`: an address, or the server that several schemas share, which its maker closes. Errors: `DatabaseUnusable`,
        `SchemaNotSupported`."""
        shared = PostgresServer(Pool(server)) if isinstance(server, str) else server
        super().__init__(shared, schema, own=shared is not server)


def _impatiently(connection: Connection) -> None:
    """Two batches that lock the same rows in another order would wait a second to be told of the deadlock. Alone, units take
    their locks in one order, and wait."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")


def _told_plainly(engine: Engine, failed: Failed) -> Failed:
    error = failed.error
    away = _away(engine, error) if isinstance(error, DBAPIError) else None
    return failed if away is None else Failed(away)


def _away(engine: Engine, error: DBAPIError | PoolTimeoutError) -> DatabaseAway | None:
    """The error in our words, where it says that the server is not reached."""
    if isinstance(error, PoolTimeoutError) or error.connection_invalidated or isinstance(error, OperationalError):
        return DatabaseAway(_unreachable(engine, error))
    return None


def _unreachable(engine: Engine, error: DBAPIError | PoolTimeoutError) -> str:
    reason = " ".join(str(error.orig if isinstance(error, DBAPIError) else "every connection is busy").split())
    return f"{postgresql.shown(engine.url)} is not reached: {reason[:300]}"
