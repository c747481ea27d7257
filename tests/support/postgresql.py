"""A real PostgreSQL for tests: one throw-away cluster per test process.

A database with its tables is copied from a template (60 ms); one that is given back is emptied (5 ms) and lent again."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from tests.support.ports import free_port

SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=200",
    "unix_socket_directories=",
)
TEMPLATE = "with_tables"
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

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://tests@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """The address of a new, empty database, without tables."""
        name = _new_name()
        with self.connection("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def database(self, name: str) -> str:
        """The address of the database of this name, with its tables; made when there is none."""
        self._see_to_template()
        with self.connection("postgres") as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return self.url(name)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of a database with its tables and nothing in them."""
        name = self._given_back.pop() if self._given_back else _new_name()
        address = self.database(name)
        yield address
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
        with self.connection(name) as connection:
            connection.execute("".join(f"DELETE FROM {table};" for table in self._tables(connection)))

    @staticmethod
    def _tables(connection: psycopg.Connection) -> list[str]:
        named = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '%_version'"
        return [row[0] for row in connection.execute(named)]

    def _see_to_template(self) -> None:
        with self.connection("postgres") as connection:
            connection.execute("SELECT pg_advisory_lock(1)")
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone():
                return
            connection.execute(f"CREATE DATABASE {TEMPLATE}_draft")
            _make_tables(self.url(f"{TEMPLATE}_draft"))
            connection.execute(f"ALTER DATABASE {TEMPLATE}_draft RENAME TO {TEMPLATE}")


def _new_name() -> str:
    return f"test_{os.getpid()}_{next(_NAMES)}"


def _make_tables(address: str) -> None:
    from sqlalchemy import create_engine

    from acs_sim.databases import schemas
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
    with tempfile.TemporaryDirectory(prefix="acs-sim-postgresql-") as folder:
        data = Path(folder) / "data"
        if user:
            shutil.chown(folder, user)
            Path(folder).chmod(0o755)
        run = lambda *command: subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)  # noqa: E731
        run(program("initdb"), "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")
        port = free_port()
        options = " ".join(f"-c {setting}" for setting in (*SETTINGS, "listen_addresses=127.0.0.1", f"port={port}"))
        log = Path(folder) / "log"
        run(program("pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "-t", "60", "start")
        try:
            yield Cluster(port)
        finally:
            run(program("pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
