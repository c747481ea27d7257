"""A PostgreSQL of one test's own, to be frozen, killed and started again."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg

from tests.support.ports import free_port
from tests.support.postgresql import Cluster, program

# What was committed must be written when the server is killed; a power cut is nobody's business here.
SETTINGS = ("fsync=off", "full_page_writes=off", "max_connections=200", "unix_socket_directories=")

_NUMBERS = count(1)


class OwnServer(Cluster):
    """A running server. Whatever was done to it, it ends with its context."""

    def __init__(self, folder: Path, user: str | None, port: int) -> None:
        super().__init__(port)
        self._folder, self._user = folder, user
        self._frozen: list[int] = []
        self._killed = False

    def fresh_database(self) -> str:
        """Over a connection of its own: one that is kept would not outlive what is done to the server."""
        name = f"fresh_{next(_NUMBERS)}"
        with self.connection("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        self._killed = False
        options = " ".join(f"-c {one}" for one in (*SETTINGS, "listen_addresses=127.0.0.1", f"port={self.port}"))
        self.run("pg_ctl", "-D", self._data, "-o", options, "-l", str(self._folder / "log"), "-w", "-t", "600", "start")

    def kill(self) -> None:
        """Every process at once, without a word."""
        processes = self._processes()
        for pid in processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(map(_lives, processes)):  # or the next start would find them on its folder
            time.sleep(0.01)
        # Where nobody buries the dead, the next start would take its number for one of the living.
        (self._folder / "data" / "postmaster.pid").unlink()
        self._frozen, self._killed = [], True

    def freeze(self) -> None:
        """It keeps its connections, takes new ones, and says nothing."""
        self._frozen = self._processes()
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def bring_back(self) -> None:
        """Running and talking, whatever was done to it."""
        self.thaw()
        if self._killed:
            self.start()

    def end(self) -> None:
        self.thaw()
        with suppress(FileNotFoundError, subprocess.CalledProcessError):
            self.run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def run(self, name: str, *arguments: str) -> None:
        command = (program(name), *arguments)
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self._folder)

    @contextmanager
    def _administered(self) -> Iterator[psycopg.Connection]:
        """A new connection each time: a kept one dies with its server."""
        with self.connection("postgres") as connection:
            yield connection

    @property
    def is_up(self) -> bool:
        """Whether its first process lives."""
        try:
            return _lives(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]))
        except FileNotFoundError:
            return False

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _processes(self) -> list[int]:
        """The server's own first, so that it makes no others meanwhile."""
        first = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def own_server(parent: Path | None = None) -> Iterator[OwnServer]:
    """`parent`: where its folder is made."""
    # The server refuses to run as root, so root hands it to the account that its package made.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="acs-sim-postgresql-", dir=parent) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
            folder.chmod(0o755)
        server = OwnServer(folder, user, free_port())
        server.run("initdb", "-D", str(folder / "data"), "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")
        try:
            server.start()
            yield server
        finally:
            server.end()
