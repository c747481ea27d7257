"""Another program that has a SQLite file for itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def locked(file: Path, how: str = "IMMEDIATE") -> Iterator[None]:
    """`how`: IMMEDIATE keeps writers out, EXCLUSIVE readers too."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute(f"BEGIN {how}")
        yield
        other.execute("ROLLBACK")
