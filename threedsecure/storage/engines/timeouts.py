"""How long a database may keep anybody waiting. What it has not done by then is answered as if it were away."""

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError

SECONDS: float = 20.0
"""Real seconds. Longer than what a busy machine needs for a full batch, shorter than for ever."""
WHILE_SILENT: Final = 0.1
"""The share of it that is left to the next ones, until one of them is answered."""
MOST_WAITING: Final = 10_000
"""How many units of work may wait for one database; who comes then is asked to come back."""
LOOK_AGAIN_SECONDS: Final = 0.01
"""After which a file that another program has locked is tried again."""

_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_MACHINE: Final = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM}
)
_PRIMARY: Final = 0xFF


class Locked(Exception):
    """Another program writes to the SQLite file; nothing was begun."""


def machine_failed(error: BaseException) -> bool:
    """Whether SQLite says that it is the machine that does not let it work: a full disk, one that cannot be written or read."""
    told = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(told, sqlite3.Error) and getattr(told, "sqlite_errorcode", 0) & _PRIMARY in _MACHINE


def is_locked(error: BaseException) -> bool:
    """Whether SQLite says that another program has the file."""
    told = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(told, sqlite3.OperationalError) and told.sqlite_errorcode & _PRIMARY in _LOCKED
