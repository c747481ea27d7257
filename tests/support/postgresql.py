"""A real PostgreSQL for tests: one throw-away cluster per test process, one fresh database per test."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

SETTINGS = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=100",
    "unix_socket_directories=",
)


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
        self._port = port
        self._numbers = count(1)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://tests@127.0.0.1:{self._port}/{database}"

    def fresh_database(self) -> str:
        """The address of a new, empty database."""
        import psycopg

        name = f"test_{next(self._numbers)}"
        with psycopg.connect(f"postgresql://tests@127.0.0.1:{self._port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)


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
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = " ".join(f"-c {setting}" for setting in (*SETTINGS, "listen_addresses=127.0.0.1", f"port={port}"))
        log = Path(folder) / "log"
        run(program("pg_ctl"), "-D", str(data), "-o", options, "-l", str(log), "-w", "-t", "60", "start")
        try:
            yield Cluster(port)
        finally:
            run(program("pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
