"""A real PostgreSQL for tests: a throw-away cluster, which the processes of a run share.

A database with its tables is copied from a template (60 ms); one that is given back is emptied (5 ms) and lent again."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import psycopg

from tests.support.ports import free_port

SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=400",
    "shared_buffers=64MB",
    "jit=off",
    "autovacuum=off",  # with a run's many databases a process would start every second to look into one of them
    "unix_socket_directories=",
)
TEMPLATE = "with_tables"
LENT = "lent"
MEMORY = Path("/dev/shm")
ROOM_BYTES = 8 * 1024**3
"""For the some two hundred databases of a run, with plenty to spare."""
_NAMES = count(1)


def program(name: str) -> str:
    """Debian keeps the server's programs out of PATH, in a folder per release."""
    found = shutil.which(name)
    if found:
        return found
    releases = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if not releases:
        raise RuntimeError(f"PostgreSQL's {name} is not installed: `make test` brings it")
    return str(releases[-1])


class Cluster:
    """A running server on a port of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._given_back: list[str] = []
        self._emptying: dict[str, tuple[psycopg.Connection, str]] = {}
        self._one_at_a_time = threading.Lock()
        self._to_all: psycopg.Connection | None = None

    def close(self) -> None:
        """Leave the server, which others may use."""
        kept = [connection for connection, _ in self._emptying.values()]
        for connection in kept if self._to_all is None else [self._to_all, *kept]:
            connection.close()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://tests@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """The address of a new, empty database, without tables."""
        name = _new_name("fresh")
        with self._administered() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def database(self, name: str) -> str:
        """The address of the database of this name, with its tables; made when there is none."""
        with self._administered() as connection:
            if not _exists(connection, name):
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of a database with its tables and nothing in them."""
        if self._given_back:
            name = self._given_back.pop()
        else:
            self.database(name := _new_name(LENT))
        try:
            yield self.url(name)
        finally:
            self._empty(name)
            self._given_back.append(name)

    def contents(self, name: str) -> bytes:
        """Every row of every table."""
        with self.connection(name) as connection:
            return b"".join(
                table.encode() + repr(row).encode()
                for table in self._tables(connection)
                for row in connection.execute(f"SELECT * FROM {table}")
            )

    def connection(self, database: str) -> psycopg.Connection:
        return psycopg.connect(f"postgresql://tests@127.0.0.1:{self.port}/{database}", autocommit=True)

    def _empty(self, name: str) -> None:
        """Over a connection that is kept: a new one would have to learn of every table first."""
        if name not in self._emptying:
            connection = self.connection(name)
            emptied = "".join(f"DELETE FROM {table};" for table in self._tables(connection))
            self._emptying[name] = connection, emptied
        connection, emptied = self._emptying[name]
        connection.execute(emptied)

    @staticmethod
    def _tables(connection: psycopg.Connection) -> list[str]:
        named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%_version'"
        return [row[0] for row in connection.execute(named)]

    @contextmanager
    def _administered(self) -> Iterator[psycopg.Connection]:
        """One connection for all of it; the template is there."""
        with self._one_at_a_time:
            if self._to_all is None:
                self._to_all = self.connection("postgres")
                self._see_to_template(self._to_all)
            yield self._to_all

    def _see_to_template(self, connection: psycopg.Connection) -> None:
        connection.execute("SELECT pg_advisory_lock(1)")  # the run's processes come at the same time
        if not _exists(connection, TEMPLATE):
            connection.execute(f"CREATE DATABASE {TEMPLATE}_draft")
            _make_tables(self.url(f"{TEMPLATE}_draft"))
            connection.execute(f"ALTER DATABASE {TEMPLATE}_draft RENAME TO {TEMPLATE}")
        connection.execute("SELECT pg_advisory_unlock(1)")


def _exists(connection: psycopg.Connection, database: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is not None


def _new_name(kind: str) -> str:
    return f"{kind}_{os.getpid()}_{next(_NAMES)}"


def _make_tables(address: str) -> None:
    from sqlalchemy import create_engine

    from acs_sim.running.data.databases import schemas
    from threedsecure.storage.schema import prepare

    engine = create_engine(address)
    with engine.begin() as connection:
        for schema in schemas():
            prepare(connection, schema)
    engine.dispose()


@contextmanager
def cluster() -> Iterator[Cluster]:
    # The server refuses to run as root, so root hands it to the account that its package made.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="acs-sim-postgresql-", dir=_in_memory()) as folder:
        data = Path(folder) / "data"
        if user:
            shutil.chown(folder, user)
            Path(folder).chmod(0o755)
        run = lambda *command: subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)  # noqa: E731
        run(program("initdb"), "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")
        port = free_port()
        options = " ".join(f"-c {setting}" for setting in (*SETTINGS, "listen_addresses=127.0.0.1", f"port={port}"))
        log = Path(folder) / "log"
        run(program("pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "-t", "600", "start")
        with _stopped_with_us(data, user), closing(Cluster(port)) as running:
            yield running


def _in_memory() -> Path | None:
    """A folder in memory where there is room: tens of thousands of small files are made there, and thrown away, at once."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None


@contextmanager
def _stopped_with_us(data: Path, user: str | None) -> Iterator[None]:
    """The server ends with this process, whatever ends that: a shell waits for the pipe to be closed."""
    stops = ["sh", "-c", 'cat; "$0" -D "$1" -m immediate -w stop; rm -rf "$1"', program("pg_ctl"), str(data)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        stops, stdin=subprocess.PIPE, user=user, cwd=data.parent, start_new_session=True, **quiet
    ) as waits:
        try:
            yield
        finally:
            waits.stdin.close()
            waits.wait()
