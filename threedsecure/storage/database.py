"""Grouped commits.

A unit of work is a plain function of a SQLAlchemy Core connection: it reads, decides and writes, and must be safe to run again.
All units handed in during one turn of the event loop share one transaction, whichever party of the process they come from, and
each caller is told only after the commit: nothing is answered before its row is safe, and many requests share one commit.
What accompanies the units (`Companion`, the ledger) is written in the same transaction.

SQLite runs on the loop itself, through one connection: a unit costs tens of microseconds, less than handing it to a thread
(which would also wait for the interpreter lock). Checkpoints, which do block, run in a thread.
Under load a batch waits for a few turns of the loop as long as others join it: a commit costs about as much as the rows of four.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from threedsecure.storage.engines import postgresql, sqlite, timeouts
from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.errors import DatabaseAway, DatabaseUnusable
from threedsecure.storage.schema import Schema, prepare

__all__ = [
    "Companion",
    "Database",
    "DatabaseAway",
    "DatabaseUnusable",
    "Failed",
    "PostgresDatabase",
    "PostgresServer",
    "SqliteDatabase",
    "SqliteFile",
]

Result = TypeVar("Result")
Work = Callable[[Connection], Result]
Done = Callable[[Any], None]
"""Told after the commit what a unit returned, or that it `Failed`."""
_Waiting = tuple[Work[Any], Done]

MAX_UNITS_PER_COMMIT: Final = 256
MAX_RUNS_OF_A_UNIT: Final = 5
MAX_TURNS_WAITED: Final = 4
"""Of the loop, for others to join a batch."""


class Database(Protocol):
    """What a service's storage module asks of its engine."""

    async def run(self, work: Work[Result]) -> Result:
        """Run `work` in the next shared transaction; return after the commit. What `work` raises, its caller gets, and
        nothing of that unit stands."""
        ...

    async def read(self, work: Work[Result]) -> Result:
        """Run `work`, which only reads, and sees everything committed."""
        ...

    @property
    def waiting(self) -> int:
        """How many units of work wait for their turn."""
        ...

    async def close(self) -> None: ...

    def put(self, work: Work[Any], done: Done) -> None:
        """Like `run`, for a caller that is no coroutine. Errors: `DatabaseAway` where too many wait already."""
        ...

    def due(self) -> None:
        """Have a transaction at the end of this turn of the loop, for what accompanies."""
        ...

    def accompany(self, companion: "Companion") -> None:
        """From now on `companion` is asked what goes along with each transaction."""
        ...


class Companion(Protocol):
    """What is written along with whatever is written."""

    @property
    def crowd(self) -> int:
        """How many wait for it to be written."""
        ...

    def take(self) -> "_Waiting | None":
        """The unit that writes what there is now; None where there is nothing."""
        ...


class _GroupedCommits:
    """Collects the units handed in during one turn of the loop; a subclass says how a batch is carried out."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._companion: Companion | None = None
        self._is_due = False

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def accompany(self, companion: Companion) -> None:
        self._companion = companion

    def put(self, work: Work[Any], done: Done) -> None:
        if len(self._waiting) >= timeouts.MOST_WAITING:
            raise DatabaseAway(f"{len(self._waiting)} units of work wait for the database, as many as may")
        self._waiting.append((work, done))
        self.due()

    def due(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._batch_is_due)

    async def run(self, work: Work[Result]) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.put(work, partial(_resolve, future))
        return await future

    def _batch_is_due(self) -> None:
        raise NotImplementedError

    def _crowd(self) -> int:
        return len(self._waiting) + (0 if self._companion is None else self._companion.crowd)

    def _take_batch(self) -> list[_Waiting]:
        batch, self._waiting = self._waiting[:MAX_UNITS_PER_COMMIT], self._waiting[MAX_UNITS_PER_COMMIT:]
        # What accompanies speaks of everything written before it, and goes with the last.
        along = None if self._companion is None or self._waiting else self._companion.take()
        return batch if along is None else [*batch, along]


class SqliteFile(_GroupedCommits):
    """SQLite in WAL mode, one writer connection, commits grouped by loop turn; any number of schemas share it.

    A file that another program has locked is tried again and again without holding up the loop; readers need not wait for it."""

    def __init__(self, path: Path | None, *, durable: bool = False) -> None:
        """`path=None` keeps everything in memory and forgets it at close. `durable` makes a commit survive a power cut
        (synchronous=FULL); without it a commit survives the death of the process. Errors: `DatabaseUnusable`."""
        super().__init__()
        self._path = path
        self._engine = sqlite.engine(path, durable=durable)
        with self._usable():
            self._connection = self._engine.connect()
            sqlite.on_the_loop(self._connection)
        self._checkpoints = None if path is None else sqlite.Checkpoints(path, self._connection)
        self._crowded, self._seen, self._turns = False, 0, 0
        self._locked_since: float | None = None

    def prepare(self, schema: Schema) -> None:
        """Errors: `DatabaseUnusable`, `SchemaNotSupported`."""
        with self._usable(), sqlite.patient(self._connection), sqlite.Transaction(self._connection):
            prepare(self._connection, schema)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseError, timeouts.Locked) as error:
            self._engine.dispose()
            reason = error.orig if isinstance(error, DatabaseError) else error
            raise DatabaseUnusable(f"{self._path} cannot be used as a database: {reason}") from error

    async def read(self, work: Work[Result]) -> Result:
        asked = time.monotonic()
        while True:
            try:
                return self._read(work)
            except (DBAPIError, sqlite3.OperationalError) as error:
                if not timeouts.is_locked(error):
                    raise
                if time.monotonic() - asked >= timeouts.SECONDS:
                    raise self._away() from error
            await asyncio.sleep(timeouts.LOOK_AGAIN_SECONDS)

    def look(self, work: Work[Result]) -> Result:
        """Like `read`, at once. Errors: `DatabaseAway` where the file is locked against readers, too."""
        try:
            return self._read(work)
        except (DBAPIError, sqlite3.OperationalError) as error:
            if timeouts.is_locked(error):
                raise self._away() from error
            raise

    def _read(self, work: Work[Result]) -> Result:
        # A prepared statement reads what is committed without a transaction; everything else begins its own.
        try:
            return work(self._connection)
        finally:
            if self._connection.in_transaction():
                self._connection.rollback()

    async def settle(self) -> None:
        """Return when nothing waits."""
        self._carry_out_waiting()
        while self._waiting:  # noqa: ASYNC110 - for a lock of another program, which tells nobody
            await asyncio.sleep(timeouts.LOOK_AGAIN_SECONDS)

    async def close(self) -> None:
        await self.settle()
        if self._checkpoints is not None:
            await self._checkpoints.close()
        self._connection.close()
        self._engine.dispose()

    def _batch_is_due(self) -> None:
        """Where units come alone each is committed at once; where they crowd, others may be about to join them."""
        waiting = self._crowd()
        if self._crowded and waiting > self._seen and self._turns < MAX_TURNS_WAITED:
            self._seen, self._turns = waiting, self._turns + 1
            asyncio.get_running_loop().call_soon(self._batch_is_due)
            return
        self._crowded, self._seen, self._turns = waiting > 1, 0, 0
        self._carry_out_waiting()

    def _carry_out_waiting(self) -> None:
        self._is_due = False
        while batch := self._take_batch():
            outcomes = _carry_out(self._connection, [work for work, _ in batch], begin=sqlite.Transaction)
            if any(map(_met_a_lock, outcomes)):
                self._try_again(batch, outcomes)
                return
            self._locked_since = None
            if self._checkpoints is not None:
                self._checkpoints.written()
            _tell(batch, outcomes)

    def _try_again(self, batch: list[_Waiting], outcomes: list[Any]) -> None:
        """Those of the batch that met a lock are the first of the next one, until patience is at its end."""
        both = list(zip(batch, outcomes, strict=True))
        self._waiting[:0] = [entry for entry, outcome in both if _met_a_lock(outcome)]
        done = [(entry, outcome) for entry, outcome in both if not _met_a_lock(outcome)]
        _tell([entry for entry, _ in done], [outcome for _, outcome in done])
        now = time.monotonic()
        self._locked_since = now if self._locked_since is None or done else self._locked_since
        if now - self._locked_since >= timeouts.SECONDS:
            given_up, self._waiting = self._waiting, []
            _tell(given_up, [Failed(self._away())] * len(given_up))
        else:
            self._is_due = True
            asyncio.get_running_loop().call_later(timeouts.LOOK_AGAIN_SECONDS, self._carry_out_waiting)

    def _away(self) -> DatabaseAway:
        return DatabaseAway(f"{self._path} is locked by another program")


class PostgresServer(_GroupedCommits):
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
        self._batch_is_due()
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

    def _batch_is_due(self) -> None:
        self._is_due = False
        if self._carrying_out is None or self._carrying_out.done():
            self._carrying_out = asyncio.create_task(self._carry_out_waiting())

    async def _carry_out_waiting(self) -> None:
        while batch := self._take_batch():
            try:
                outcomes = await self._outcomes([work for work, _ in batch])
            except DatabaseAway as error:
                outcomes = [Failed(error)] * len(batch)
            except (DBAPIError, PoolTimeoutError) as error:
                outcomes = [Failed(_away(self._engine, error) or error)] * len(batch)
            _tell(batch, outcomes)

    async def _outcomes(self, units: list[Work[Any]]) -> list[Any]:
        return await self.pool.call(lambda: self._carry_out(units))

    def _carry_out(self, units: list[Work[Any]]) -> list[Any]:
        with self._engine.connect() as connection:
            outcomes = _carry_out(connection, units, _impatiently if len(units) > 1 else None)
        return [
            _told_plainly(self._engine, outcome) if isinstance(outcome, Failed) else outcome for outcome in outcomes
        ]


class _Tables:
    """Those of one schema, where others may have theirs."""

    def __init__(self, where: SqliteFile | PostgresServer, schema: Schema, *, own: bool) -> None:
        self._where = where
        self._own = own
        where.prepare(schema)
        self.run, self.read, self.put, self.due = where.run, where.read, where.put, where.due
        self.accompany = where.accompany

    @property
    def waiting(self) -> int:
        return self._where.waiting

    async def close(self) -> None:
        await (self._where.close() if self._own else self._where.settle())


class SqliteDatabase(_Tables):
    """The tables of one schema in a file that others may share."""

    def __init__(self, file: SqliteFile | Path | None, schema: Schema, *, durable: bool = False) -> None:
        """`file`: its path, None for memory, or the file that several schemas share, which its maker closes.
        Errors: `DatabaseUnusable`, `SchemaNotSupported`."""
        self.file = file if isinstance(file, SqliteFile) else SqliteFile(file, durable=durable)
        super().__init__(self.file, schema, own=self.file is not file)
        self.look = self.file.look


class PostgresDatabase(_Tables):
    """The tables of one schema on a server that others may share."""

    def __init__(self, server: str | PostgresServer, schema: Schema) -> None:
        """`server`: an address, or the server that several schemas share, which its maker closes. Errors: `DatabaseUnusable`,
        `SchemaNotSupported`."""
        shared = PostgresServer(Pool(server)) if isinstance(server, str) else server
        super().__init__(shared, schema, own=shared is not server)


@dataclass(frozen=True, slots=True)
class Failed:
    """What a unit came to that raised `error`, or could not be carried out."""

    error: Exception


def _met_a_lock(outcome: object) -> bool:
    return isinstance(outcome, Failed) and isinstance(outcome.error, timeouts.Locked)


def _impatiently(connection: Connection) -> None:
    """Two batches that lock the same rows in another order would wait a second to be told of the deadlock. Alone, units take
    their locks in one order, and wait."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = '200ms'")


def _told_plainly(engine: Engine, failed: Failed) -> Failed:
    error = failed.error
    away = _away(engine, error) if isinstance(error, DBAPIError) else None
    return failed if away is None else Failed(away)


def _carry_out(
    connection: Connection,
    units: list[Work[Any]],
    first: Work[None] | None = None,
    begin: Callable[[Connection], AbstractContextManager[Any]] = Connection.begin,
) -> list[Any]:
    """What each unit returned, or `Failed`. All in one transaction, which begins with `first`; when one fails, each in its own,
    so that the others do not suffer."""
    try:
        with begin(connection):
            if first is not None:
                first(connection)
            return [unit(connection) for unit in units]
    except Exception as error:  # noqa: BLE001 - handed to the caller whose unit it was
        # Where the connection broke, nobody knows what of the transaction stands: nothing is run again.
        whole = isinstance(error, timeouts.Locked) or connection.invalidated
        if whole or (len(units) == 1 and not _lost_a_deadlock(error)):
            return [Failed(error)] * len(units)
    return [_carry_out_alone(connection, unit, begin) for unit in units]


def _carry_out_alone(
    connection: Connection, unit: Work[Any], begin: Callable[[Connection], AbstractContextManager[Any]]
) -> Any:
    for attempts_left in range(MAX_RUNS_OF_A_UNIT - 1, -1, -1):
        try:
            with begin(connection):
                return unit(connection)
        except Exception as error:  # noqa: BLE001 - handed to the caller whose unit it was
            if not attempts_left or not _lost_a_deadlock(error):
                return Failed(error)
    raise AssertionError("a unit is carried out at least once")


def _away(engine: Engine, error: DBAPIError | PoolTimeoutError) -> DatabaseAway | None:
    """The error in our words, where it says that the server is not reached."""
    if isinstance(error, PoolTimeoutError) or error.connection_invalidated or isinstance(error, OperationalError):
        return DatabaseAway(_unreachable(engine, error))
    return None


def _unreachable(engine: Engine, error: DBAPIError | PoolTimeoutError) -> str:
    reason = " ".join(str(error.orig if isinstance(error, DBAPIError) else "every connection is busy").split())
    return f"{postgresql.shown(engine.url)} is not reached: {reason[:300]}"


def _lost_a_deadlock(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in {"40P01", "40001"}


def _tell(batch: list[_Waiting], outcomes: list[Any]) -> None:
    for (_, done), outcome in zip(batch, outcomes, strict=True):
        done(outcome)


def _resolve(future: asyncio.Future[Any], outcome: Any) -> None:
    if future.done():
        return
    if isinstance(outcome, Failed):
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome)
