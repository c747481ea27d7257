"""SQLite as `threedsecure.storage.on_sqlite` uses it: how its connection is set up, its transactions, its checkpoints."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from threedsecure.storage.engines import postgresql, timeouts

CHECKPOINT_AFTER_SECONDS: Final = 1.0
"""Pages that are written again meanwhile are copied once."""
OWNER_ALONE: Final = 0o600
MAX_WAL_BYTES: Final = 32 << 20
BUSY_AT_START_MILLISECONDS: Final = 5_000
_BEGINS: Final = "how transactions begin that SQLAlchemy begins"


def engine(path: Path | None, *, durable: bool) -> Engine:
    """One connection, to a file in WAL mode that its owner alone reads, or to a database in memory (`path=None`)."""
    if path is not None:
        _keep_to_its_owner(path)
    made = create_engine(
        "sqlite://" if path is None else f"sqlite:///{path}",
        poolclass=StaticPool,
        connect_args={"check_same_thread": False, "isolation_level": None},
        **postgresql.JSON_BY_ORJSON,
    )

    @event.listens_for(made, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'NORMAL'}",
            f"busy_timeout={BUSY_AT_START_MILLISECONDS}",
            "foreign_keys=ON",
            "wal_autocheckpoint=0",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    # The driver's own transaction control begins late and only for writes; a read-step-write unit needs its lock from the start.
    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        driver = _driver(connection)
        if not driver.in_transaction:  # SQLAlchemy joins a `Transaction` that has begun already
            _begun(driver, connection.info.get(_BEGINS, "BEGIN IMMEDIATE"))

    return made


def _keep_to_its_owner(path: Path) -> None:
    """The files beside it are made with the rights that it has."""
    with suppress(OSError):  # whoever cannot be kept out here is told by opening it
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, OWNER_ALONE))
        path.chmod(OWNER_ALONE)


def on_the_loop(connection: Connection) -> None:
    """From now on units of work begin as a `Transaction` and SQLAlchemy's own transactions only read, so that they need not wait
    for another program that writes; a lock is told at once, since waiting for it would hold up the loop."""
    connection.info[_BEGINS] = "BEGIN"
    _driver(connection).execute("PRAGMA busy_timeout=0").fetchall()


@contextmanager
def patient(connection: Connection) -> Iterator[None]:
    """Before anybody else needs the loop, a lock is waited for."""
    driver = _driver(connection)
    driver.execute(f"PRAGMA busy_timeout={BUSY_AT_START_MILLISECONDS}").fetchall()
    try:
        yield
    finally:
        driver.execute("PRAGMA busy_timeout=0").fetchall()


def _begun(driver: sqlite3.Connection, statement: str) -> None:
    """Errors: `patience.Locked`."""
    try:
        driver.execute(statement)
    except sqlite3.OperationalError as error:
        if not timeouts.is_locked(error):
            raise
        raise timeouts.Locked(str(error)) from error


class Transaction:
    """What `Connection.begin` does, on the driver's own connection. SQLAlchemy takes part in it only where a unit of work executes
    something through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        _begun(_driver(self._connection), "BEGIN IMMEDIATE")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._commit()
        else:
            self._roll_back()

    def _commit(self) -> None:
        try:
            if self._connection.in_transaction():
                self._connection.commit()
            else:
                _driver(self._connection).execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            if isinstance(error, sqlite3.Error):
                raise _as_sqlalchemy_has_it(self._connection, error) from error
            raise

    def _roll_back(self) -> None:
        self._connection.rollback()
        driver = _driver(self._connection)
        if driver.in_transaction:
            driver.execute("ROLLBACK")


def _driver(connection: Connection) -> sqlite3.Connection:
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    return driver


def _as_sqlalchemy_has_it(connection: Connection, error: sqlite3.Error) -> BaseException:
    return DBAPIError.instance("COMMIT", None, error, sqlite3.Error, dialect=connection.dialect)


class Checkpoints:
    """Copies what was committed from the log into the database, in a thread, some time after something was written."""

    def __init__(self, path: Path, connection: Connection) -> None:
        self._path = path
        self._connection = connection
        self._due: asyncio.TimerHandle | None = None
        self._copying: asyncio.Task[None] | None = None
        self._more = False

    def written(self) -> None:
        if self._copying is not None:
            self._more = True
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(CHECKPOINT_AFTER_SECONDS, self._begin)

    async def close(self) -> None:
        if self._due is not None:
            self._due.cancel()
        if self._copying is not None:
            self._copying.cancel()
            with suppress(asyncio.CancelledError):
                await self._copying

    def _begin(self) -> None:
        self._due = None
        self._copying = asyncio.create_task(self._copy(), name="checkpoint")

    async def _copy(self) -> None:
        try:
            await asyncio.to_thread(_checkpoint, str(self._path))
            if _size(f"{self._path}-wal") > MAX_WAL_BYTES:
                # Under endless load there is always a writer ahead of the checkpoint in the thread, and the file would never
                # begin anew. Little is left to copy here, where nobody writes meanwhile.
                _driver(self._connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._copying = None
        if self._more:
            self._more = False
            self.written()


def _checkpoint(path: str) -> None:
    connection = sqlite3.connect(path, timeout=0.1)
    try:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.OperationalError:
        pass  # busy: the next round will do it
    finally:
        connection.close()


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
