"""On which engine the tests keep what they keep: SQLite, or with TEST_ENGINE=postgresql a real PostgreSQL.

Tests say what they need (nothing kept, something kept in a folder), and get it on the engine that is in force. A folder stands for
a database of its own, so that what a test starts anew on the same folder finds what was there; processes that a test starts find
the server by the environment.
"""

import atexit
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from functools import cache
from pathlib import Path

import msgspec
import pytest

from acs_sim.running.data import databases
from acs_sim.settings.settings import Settings
from tests.support.once import in_memory
from tests.support.postgresql import Cluster, cluster
from threedsecure.secrets.vault import Vault
from threedsecure.web.sharing.processes import Alone, Shared

ENGINE = os.environ.get("TEST_ENGINE", "sqlite")
ON_POSTGRESQL = ENGINE == "postgresql"
_SERVER = "TEST_POSTGRESQL_PORT"

_asked = 0


def asked() -> int:
    """How often somebody asked here for a place to keep something in: only to those does the engine make a difference."""
    return _asked


def _ask() -> None:
    global _asked
    _asked += 1


def about_sqlite(instead: str) -> pytest.MarkDecorator:
    """Marks a test about SQLite's files themselves; `instead`: what holds the same on PostgreSQL."""
    if not isinstance(instead, str):  # and a test that nobody finds
        raise TypeError("about_sqlite wants to be told what holds on PostgreSQL instead")
    return pytest.mark.skipif(ON_POSTGRESQL, reason=f"about SQLite's files themselves; on PostgreSQL {instead}")


@cache
def server() -> Cluster:
    """The PostgreSQL of this test process and of those it starts."""
    life = ExitStack()
    atexit.register(life.close)
    if _SERVER not in os.environ:
        os.environ[_SERVER] = str(life.enter_context(cluster()).port)
    running = Cluster(int(os.environ[_SERVER]))
    life.callback(running.close)
    return running


@contextmanager
def nothing_kept() -> Iterator[str | None]:
    """The address of a database that nothing is in, until it is given back; None for SQLite in memory."""
    _ask()
    if not ON_POSTGRESQL:
        yield None
        return
    with server().lent() as address:
        yield address


def kept_in(folder: Path) -> str | None:
    """The address of the database that stands for a folder; None for SQLite files in it."""
    _ask()
    return server().database(_name(folder)) if ON_POSTGRESQL else None


def _name(folder: Path) -> str:
    return f"kept_{hashlib.sha256(str(folder).encode()).hexdigest()[:20]}"


async def opened(settings: Settings, vault: Vault, life: AsyncExitStack) -> tuple[databases.OpenDatabase, Shared]:
    """What `acs_sim.running.data.databases.opened` gives, with PostgreSQL in the place of memory and of a folder's files."""
    if settings.database is None:
        address = life.enter_context(nothing_kept()) if settings.fresh else kept_in(Path(settings.data))
        if address is not None:
            settings = msgspec.structs.replace(settings, fresh=False, database=address)
        elif settings.fresh:
            return in_memory(life), Alone()
    return await databases.opened(settings, vault, life)


def written(folder: Path) -> bytes:
    """All that stands in a folder's databases, as it stands there, with the names of the tables."""
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return files + server().contents(_name(folder)) if ON_POSTGRESQL else files


def arguments_of(arguments: tuple[str, ...], life: ExitStack) -> tuple[str, ...]:
    """The flags of `acs-sim up` on the engine that is in force."""
    if "--database" not in arguments and ("--fresh" in arguments or "--data" in arguments):
        _ask()
    if not ON_POSTGRESQL or "--database" in arguments:
        return arguments
    if "--fresh" in arguments:
        address = life.enter_context(nothing_kept())
        more = ("--database", str(address), "--key-file", str(key_file()))
        return (*(one for one in arguments if one != "--fresh"), *more)
    if "--data" in arguments:
        return (*arguments, "--database", str(kept_in(Path(arguments[arguments.index("--data") + 1]))))
    return arguments


@cache
def key_file() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="acs-sim-key-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "key"
    path.write_bytes(bytes(range(32)))
    return path
