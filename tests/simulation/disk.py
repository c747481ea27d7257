"""The disk of a simulated machine: real SQLite, and what goes wrong with it.

`read-only` is SQLite's own doing, `locked` is another connection's; a full disk, an I/O error and a slow disk strike single
statements: how much is free in the pages that are there would depend on what else the process has done. A process may die in the
middle of a commit: what it wrote is there, or it is not, and nobody was told.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any, Final

from sqlalchemy import Engine, event

from tests.simulation.loop import OWNER, DrawnLoop, Killed

TROUBLES: Final = ("full", "read-only", "locked", "io", "slow")
IO_SHARE: Final = 0.3
_PATIENCE: Final = "PRAGMA busy_timeout="
FULL_SHARE: Final = 0.7
SLOW_SECONDS: Final = (0.05, 0.5, 3.0)


class Disk:
    """What the folder of a simulator lies on."""

    def __init__(self, source: Random, loop: DrawnLoop) -> None:
        self._source = source
        self._loop = loop
        self._connections: list[_Connection] = []
        self._locking: sqlite3.Connection | None = None
        self.path: Path | None = None
        self.trouble: str | None = None
        self.deadly: str | None = None
        """Where in the next commit the process dies: `before` it is done, or `after`."""
        self.faults = 0

    def opened(self, connection: "_Connection") -> None:
        """A process has opened its database."""
        self._connections.append(connection)
        self._apply(connection)

    def goes_wrong(self, trouble: str) -> None:
        self.is_well()
        self.trouble = trouble
        self.faults += 1
        if trouble == "locked" and self.path is not None and self.path.exists():
            self._locking = sqlite3.connect(self.path, isolation_level=None, timeout=0)
            with suppress(sqlite3.OperationalError):
                self._locking.execute("BEGIN IMMEDIATE")
        for connection in self._connections:
            self._apply(connection)

    def is_well(self) -> None:
        self.trouble = None
        if self._locking is not None:
            self._locking.close()
            self._locking = None
        for connection in self._connections:
            connection.heal()

    def let_go(self) -> None:
        """The process that has it open does nothing more to it."""
        for connection in self._connections:
            connection.is_dead = True

    def dies(self) -> None:
        """The process that had it open is no more: what was not committed is gone."""
        for connection in list(self._connections):
            connection.close()
        self._connections.clear()
        self.deadly = None

    def closed(self, connection: "_Connection") -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    def strike(self, connection: "_Connection", statement: str) -> None:
        """Before each statement. Errors: `sqlite3.OperationalError`, `Killed`."""
        if connection.is_dead:
            raise Killed
        if self.trouble == "io" and not statement.startswith(("PRAGMA", "ROLLBACK")):
            if self._source.random() < IO_SHARE:
                raise _error("disk I/O error", sqlite3.SQLITE_IOERR)
        elif self.trouble == "full" and statement.lstrip().startswith(("INSERT", "UPDATE", "WITH")):
            if self._source.random() < FULL_SHARE:
                raise _error("database or disk is full", sqlite3.SQLITE_FULL)
        elif self.trouble == "locked" and connection.patience_seconds and statement.startswith("BEGIN"):
            self._loop.leap(connection.patience_seconds)
        elif self.trouble == "slow" and statement == "COMMIT":
            self._loop.leap(self._source.choice(SLOW_SECONDS))
        if self.deadly == "before" and statement == "COMMIT":
            connection.is_dead = True
            raise Killed

    def committed(self, connection: "_Connection") -> None:
        """Errors: `Killed`."""
        if self.deadly == "after":
            connection.is_dead = True
            raise Killed

    def _apply(self, connection: "_Connection") -> None:
        if self.trouble == "read-only":
            connection.suffer()


class _Cursor(sqlite3.Cursor):
    def execute(self, statement: str, *given: Any) -> "_Cursor":
        connection: _Connection = self.connection  # type: ignore[assignment]
        disk = connection.disk
        if statement.startswith(_PATIENCE):  # nobody really waits
            connection.patience_seconds = int(statement.removeprefix(_PATIENCE)) / 1000
            return super().execute("PRAGMA busy_timeout")
        if not disk.trouble and not disk.deadly and not connection.is_dead:
            return super().execute(statement, *given)
        disk.strike(connection, statement)
        result = super().execute(statement, *given)
        if statement == "COMMIT":
            disk.committed(connection)
        return result

    def executemany(self, statement: str, given: Any) -> "_Cursor":
        connection: _Connection = self.connection  # type: ignore[assignment]
        connection.disk.strike(connection, statement)
        return super().executemany(statement, given)


class _Connection(sqlite3.Connection):
    disk: Disk
    is_dead = False
    patience_seconds = 0.0

    def cursor(self, factory: Any = _Cursor) -> sqlite3.Cursor:
        return super().cursor(factory)

    def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:
        return self.cursor().execute(statement, *given)

    def executemany(self, statement: str, given: Any) -> sqlite3.Cursor:
        return self.cursor().executemany(statement, given)

    def commit(self) -> None:
        if self.in_transaction:
            self.disk.strike(self, "COMMIT")
            super().commit()
            self.disk.committed(self)

    def rollback(self) -> None:
        if not self.is_dead:  # else closing it does the same
            super().rollback()

    def close(self) -> None:
        self.is_dead = True
        self.disk.closed(self)
        super().close()

    def suffer(self) -> None:
        self._pragma("query_only=ON")

    def heal(self) -> None:
        self._pragma("query_only=OFF")

    def _pragma(self, words: str) -> None:
        super().cursor(sqlite3.Cursor).execute(f"PRAGMA {words}").fetchall()


def _error(words: str, code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


@contextmanager
def drawn_connections() -> Iterator[None]:
    """Whatever a simulated process opens, it opens on its machine's disk."""

    def connect(_dialect: Any, _record: Any, given: Any, named: Any) -> sqlite3.Connection | None:
        disk = getattr(OWNER.get(), "disk", None)
        if disk is None:
            return None
        connection: _Connection = sqlite3.connect(*given, factory=_Connection, **{**named, "timeout": 0})
        connection.disk = disk
        disk.opened(connection)
        return connection

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)
