"""On which engine a test keeps what it keeps: SQLite, or a real PostgreSQL.

Tests say what they need (nothing kept, something kept in a folder), and get it on the engine that is in force. That is SQLite, and
for a test that is about what is kept, or about who reads and writes it at once, one after the other (`on_both_engines`). A folder
stands for a database of its own, so that what a test starts anew on the same folder finds what was there; processes that a test
starts find the server by the environment.
"""

import atexit
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import pytest

from acs_sim.running.data import databases
from acs_sim.settings.settings import Settings
from tests.support.once import in_memory
from tests.support.postgresql import Cluster, cluster
from threedsecure.secrets.vault import Vault
from threedsecure.web.scheduler import Loops
from threedsecure.web.sharing.processes import Alone, Shared

ENGINES: Final = ("sqlite", "postgresql")
on_both_engines: Final = pytest.mark.usefixtures("engine")
"""For a test or a module of tests. The fixture of a module that keeps something asks for `engine` itself."""
on_sqlite_alone: Final = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
"""For a test of such a module to which PostgreSQL makes no difference, or which is about SQLite's files."""
_IN_FORCE: Final = "TEST_ENGINE"
_SERVER: Final = "TEST_POSTGRESQL_PORT"


@contextmanager
def in_force(name: str) -> Iterator[None]:
    """Here and in the processes that are started meanwhile."""
    if name == "postgresql":
        server()
    os.environ[_IN_FORCE] = name
    try:
        yield
    finally:
        del os.environ[_IN_FORCE]


def _on_postgresql() -> bool:
    return os.environ.get(_IN_FORCE) == "postgresql"


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
    if not _on_postgresql():
        yield None
        return
    with server().lent() as address:
        yield address


def kept_in(folder: Path) -> str | None:
    """The address of the database that stands for a folder; None for SQLite files in it."""
    return server().database(_name(folder)) if _on_postgresql() else None


def _name(folder: Path) -> str:
    return f"kept_{hashlib.sha256(str(folder).encode()).hexdigest()[:20]}"


async def opened(
    settings: Settings, vault: Vault, life: AsyncExitStack, loops: Loops | None = None
) -> tuple[databases.OpenDatabase, Shared]:
    """What `acs_sim.running.data.databases.opened` gives, with PostgreSQL in the place of memory and of a folder's files."""
    if settings.database is None:
        address = life.enter_context(nothing_kept()) if settings.fresh else kept_in(Path(settings.data))
        if address is not None:
            settings = msgspec.structs.replace(settings, fresh=False, database=address)
        elif settings.fresh:
            return in_memory(life), Alone()
    return await databases.opened(settings, vault, life, loops)


def written(folder: Path) -> bytes:
    """All that stands in a folder's databases, as it stands there, with the names of the tables."""
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return files + server().contents(_name(folder)) if _on_postgresql() else files


def arguments_of(arguments: tuple[str, ...], life: ExitStack) -> tuple[str, ...]:
    """The flags of `acs-sim up` on the engine that is in force."""
    if not _on_postgresql() or "--database" in arguments:
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
