"""One database per service, with grouped commits.

A unit of work is a plain function of a SQLAlchemy Core connection: it reads, decides and writes, and must be safe to run again.
All units handed in during one turn of the event loop share one transaction, and each caller is resumed only after the commit:
nothing is answered before its row is safe, and many requests share one commit.

SQLite runs on the loop itself, through one connection: a unit costs tens of microseconds, less than handing it to a thread
(which would also wait for the interpreter lock). Checkpoints, which do block, run in a thread.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import StaticPool

from threedsecure.storage.schema import Schema, prepare

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

MAX_UNITS_PER_COMMIT: Final = 256
CHECKPOINT_EVERY_SECONDS: Final = 0.5


class Database(Protocol):
    """What a service's storage module asks of its engine."""

    async def run(self, work: Work[Result]) -> Result:
        """Run `work` in the next shared transaction; return after the commit. What `work` raises, its caller gets, and
        nothing of that unit stands."""
        ...

    async def read(self, work: Work[Result]) -> Result:
        """Run `work`, which only reads, and sees everything committed."""
        ...

    async def close(self) -> None: ...


class SqliteDatabase:
    """SQLite in WAL mode, one writer connection, commits grouped by loop turn."""

    def __init__(self, path: Path | None, schema: Schema, *, durable: bool = False) -> None:
        """`path=None` keeps everything in memory and forgets it at close. `durable` makes a commit survive a power cut
        (synchronous=FULL); without it a commit survives the death of the process."""
        self._path = path
        self._engine = _sqlite_engine(path, durable=durable)
        self._connection = self._engine.connect()
        with self._connection.begin():
            prepare(self._connection, schema)
        self._waiting: list[tuple[Work[Any], asyncio.Future[Any]]] = []
        self._checkpoints: asyncio.Task[None] | None = None

    async def run(self, work: Work[Result]) -> Result:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._commit_waiting)
        self._waiting.append((work, future))
        if self._path is not None and self._checkpoints is None:
            self._checkpoints = loop.create_task(self._checkpoint_forever())
        return await future

    async def read(self, work: Work[Result]) -> Result:
        with self._connection.begin():
            return work(self._connection)

    async def close(self) -> None:
        self._commit_waiting()
        if self._checkpoints is not None:
            self._checkpoints.cancel()
            with suppress(asyncio.CancelledError):
                await self._checkpoints
        self._connection.close()
        self._engine.dispose()

    def _commit_waiting(self) -> None:
        batch, self._waiting = self._waiting[:MAX_UNITS_PER_COMMIT], self._waiting[MAX_UNITS_PER_COMMIT:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._commit_waiting)
        if not batch:
            return
        try:
            with self._connection.begin():
                results = [work(self._connection) for work, _ in batch]
        except Exception:  # noqa: BLE001 - one unit failed: the others must not suffer, so each runs on its own
            self._commit_one_by_one(batch)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)

    def _commit_one_by_one(self, batch: list[tuple[Work[Any], asyncio.Future[Any]]]) -> None:
        for work, future in batch:
            try:
                with self._connection.begin():
                    result = work(self._connection)
            except Exception as error:  # noqa: BLE001 - handed to the caller who owns it
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

    async def _checkpoint_forever(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_EVERY_SECONDS)
            await asyncio.to_thread(_checkpoint, str(self._path))


def _checkpoint(path: str) -> None:
    connection = sqlite3.connect(path, timeout=0.1)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.OperationalError:
        pass  # busy: the next round will do it
    finally:
        connection.close()


def _sqlite_engine(path: Path | None, *, durable: bool) -> Engine:
    engine = create_engine(
        "sqlite://" if path is None else f"sqlite:///{path}",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "wal_autocheckpoint=0",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    # The driver's own transaction control begins late and only for writes; a read-step-write unit needs its lock from the start.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
