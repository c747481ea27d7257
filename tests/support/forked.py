"""Processes of the product that begin where another one has imported it already.

To start Python and import the simulator takes longer than what most tests do with it. So a test process starts one mother
(`python -m tests.support.forked`), which imports and then forks whoever is asked for: a process of its own that can be killed like
any other, with the arguments, environment and folder it was given. What a start from nothing does is tested in
tests/acs_sim/test_cli.py, and by every worker of a simulator that has several.
"""

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NoReturn

from acs_sim.running.process.loop import loop_factory

ROOT = Path(__file__).parents[2]
IMPORTED = ("acs_sim.commands.cli", "acs_sim.running.serve", "tests.support.simulator")
MOST_BYTES = 1 << 20
_ONE_AT_A_TIME = threading.Lock()


class Forked:
    """`python -m MODULE ARGUMENTS`; as much of a `subprocess.Popen[str]` as tests use. `stderr`: None for where `stdout` goes."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str], stderr: IO[str] | None = None) -> None:
        wish = json.dumps([module, arguments, dict(env)]).encode()
        reading, writing = os.pipe()
        self._told, telling = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with telling, _ONE_AT_A_TIME:
            complaints = writing if stderr is None else stderr.fileno()
            socket.send_fds(_mother(), [wish], [writing, complaints, telling.fileno()])
        os.close(writing)
        self.stdout = os.fdopen(reading)
        self.pid = int(self._told.recv(MOST_BYTES))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._told.settimeout(timeout)
            try:
                self.returncode = int(self._told.recv(MOST_BYTES))
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0) from error
            self._told.close()
        return self.returncode

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


@cache
def _mother() -> socket.socket:
    """Where it is asked. It ends when this process does, which closes this."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.support.forked", str(its.fileno())]
    with its:
        mother = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=ROOT,
            pass_fds=(its.fileno(),),
        )
    mother.returncode = 0  # nobody waits for it, and nobody is to be warned that nobody did
    return ours


def main(asked: socket.socket) -> None:
    for module in IMPORTED:
        import_module(module)
    loop_factory()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        wish, files, _, _ = socket.recv_fds(asked, MOST_BYTES, 3)
        if not wish:
            return
        if not os.fork():
            asked.close()
            _see_to(wish, *files)
            return
        for file in files:
            os.close(file)


def _see_to(wish: bytes, stdout: int, stderr: int, telling: int) -> None:
    """Returns in the process that was asked for, where it has ended; the one that waits for it, because the mother cannot, is left
    behind."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if pid := os.fork():
        os.close(stdout)
        os.close(stderr)
        _tell_of(pid, telling)
    os.close(telling)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    if stderr != stdout:
        os.close(stderr)
    module, arguments, environment = json.loads(wish)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _tell_of(pid: int, telling: int) -> NoReturn:
    os.write(telling, str(pid).encode())
    _, status = os.waitpid(pid, 0)
    os.write(telling, str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
