"""SQLite, on the loop itself and through one connection: a unit costs tens of microseconds, less than handing it to a thread (which
would also wait for the interpreter lock). Checkpoints, which do block, run in a thread."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DatabaseError, DBAPIError

from threedsecure.storage.database import Failed, GroupedCommits, Result, Tables, Waiting, Work, carry_out, tell
from threedsecure.storage.engines import sqlite, timeouts
from threedsecure.storage.errors import DatabaseAway, DatabaseUnusable
from threedsecure.storage.schema import Schema, SchemaNotSupported, prepare


class SqliteFile(GroupedCommits):
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
            self.give_up()
            reason = error.orig if isinstance(error, DatabaseError) else error
            raise DatabaseUnusable(f"{self._path} cannot be used as a database: {reason}") from error

    def give_up(self) -> None:
        """Close what was never used."""
        self._engine.dispose()

    async def read(self, work: Work[Result]) -> Result:
        asked = time.monotonic()
        while True:
            try:
                return self._read(work)
            except (DBAPIError, sqlite3.Error) as error:
                if timeouts.machine_failed(error):
                    raise self._failed(error) from error
                if not timeouts.is_locked(error):
                    raise
                if time.monotonic() - asked >= timeouts.SECONDS:
                    raise self._away() from error
            await asyncio.sleep(timeouts.LOOK_AGAIN_SECONDS)

    def look(self, work: Work[Result]) -> Result:
        """Like `read`, at once. Errors: `DatabaseAway` where the file is locked against readers, too."""
        try:
            return self._read(work)
        except (DBAPIError, sqlite3.Error) as error:
            if timeouts.machine_failed(error):
                raise self._failed(error) from error
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

    def _carry_out_waiting(self) -> None:
        while batch := self._take_batch():
            outcomes = carry_out(self._connection, [work for work, _ in batch], begin=sqlite.Transaction)
            if any(map(_met_a_lock, outcomes)):
                self._try_again(batch, outcomes)
                return
            self._locked_since = None
            if self._checkpoints is not None:
                self._checkpoints.written()
            tell(batch, [self._in_our_words(outcome) for outcome in outcomes])

    def _in_our_words(self, outcome: Any) -> Any:
        if isinstance(outcome, Failed) and timeouts.machine_failed(outcome.error):
            return Failed(self._failed(outcome.error))
        return outcome

    def _failed(self, error: BaseException) -> DatabaseAway:
        reason = error.orig if isinstance(error, DBAPIError) else error
        return DatabaseAway(f"{self._path or 'the memory'} cannot be used: {reason}")

    def _try_again(self, batch: list[Waiting], outcomes: list[Any]) -> None:
        """Those of the batch that met a lock are the first of the next one, until patience is at its end."""
        both = list(zip(batch, outcomes, strict=True))
        self._waiting[:0] = [entry for entry, outcome in both if _met_a_lock(outcome)]
        done = [(entry, outcome) for entry, outcome in both if not _met_a_lock(outcome)]
        tell([entry for entry, _ in done], [self._in_our_words(outcome) for _, outcome in done])
        now = time.monotonic()
        self._locked_since = now if self._locked_since is None or done else self._locked_since
        if now - self._locked_since >= timeouts.SECONDS:
            given_up, self._waiting = self._waiting, []
            tell(given_up, [Failed(self._away())] * len(given_up))
        else:
            self._is_due = True
            asyncio.get_running_loop().call_later(timeouts.LOOK_AGAIN_SECONDS, self._batch_is_due)

    def _away(self) -> DatabaseAway:
        return DatabaseAway(f"{self._path} is locked by another program")


class SqliteDatabase(Tables):
    """The tables of one schema in a file that others may share."""

    def __init__(self, file: SqliteFile | Path | None, schema: Schema, *, durable: bool = False) -> None:
        """`file`: its path, None for memory, or the file that several schemas share, which its maker closes.
        Errors: `DatabaseUnusable`, `SchemaNotSupported`."""
        self.file = file if isinstance(file, SqliteFile) else SqliteFile(file, durable=durable)
        own = self.file is not file
        try:
            super().__init__(self.file, schema, own=own)
        except SchemaNotSupported:
            if own:
                self.file.give_up()
            raise
        self.look = self.file.look


def _met_a_lock(outcome: object) -> bool:
    return isinstance(outcome, Failed) and isinstance(outcome.error, timeouts.Locked)
