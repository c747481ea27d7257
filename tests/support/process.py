"""The simulator as users run it: a process of its own, on free ports, killed when the test says so."""

import os
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.support.engine import arguments_of
from tests.support.forked import Forked
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port_base


@dataclass
class Simulator:
    """A running simulator; `base` is the desk's port and the addresses follow from it."""

    process: subprocess.Popen[str] | Forked
    base: int
    output: list[str]
    life: ExitStack
    scheme: str = "http"

    def url(self, offset: int) -> str:
        return f"{self.scheme}://127.0.0.1:{self.base + offset}"

    @property
    def desk(self) -> str:
        return self.url(0)

    @property
    def directory_server(self) -> str:
        return self.url(100)

    @property
    def acs(self) -> str:
        return self.url(200)

    @property
    def phone(self) -> str:
        return self.url(300)

    @property
    def gateway(self) -> str:
        return self.url(400)

    def kill(self) -> None:
        """As a crash would: no warning, nothing finished."""
        self.process.kill()
        self._ended()

    def stop(self) -> int:
        """As Ctrl-C would; returns the exit code."""
        self.process.terminate()
        return self._ended()

    def _ended(self) -> int:
        code = self.process.wait(PATIENCE_SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.life.close()
        return code


def start(
    *arguments: str, base: int | None = None, log: IO[str] | None = None, checkout: Path | None = None
) -> Simulator:
    """Run `acs-sim up` with `arguments`, and return once it prints `ready`. `checkout`: as users do, by a Python that starts in
    this folder and has imported nothing yet."""
    base = base or free_port_base()
    life = ExitStack()
    up = ("up", "--port-base", str(base), *arguments_of(arguments, life))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACS_SIM_")}
    process = (
        _as_users_do(checkout, up, environment, log)
        if checkout
        else Forked("acs_sim", *up, env=environment, stderr=log)
    )
    simulator = Simulator(process, base, [], life, "https" if "--tls" in arguments else "http")
    try:
        _wait_until_ready(simulator)
    except BaseException:
        simulator.kill()
        raise
    return simulator


def _as_users_do(
    checkout: Path, arguments: tuple[str, ...], environment: dict[str, str], log: IO[str] | None
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "acs_sim", *arguments],
        stdout=subprocess.PIPE,
        stderr=log or subprocess.STDOUT,
        text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        cwd=checkout,
    )


@contextmanager
def simulator(
    *arguments: str, base: int | None = None, log: IO[str] | None = None, checkout: Path | None = None
) -> Iterator[Simulator]:
    """What `start` gives, ended in any case."""
    running = start(*arguments, base=base, log=log, checkout=checkout)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()


def _wait_until_ready(simulator: Simulator) -> None:
    """Reads the pipe itself: lines that came together would wait unseen in a text stream's buffer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    assert simulator.process.stdout is not None
    pipe, begun = simulator.process.stdout.fileno(), b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while time.monotonic() < deadline:
            if not selector.select(timeout=0.5):
                continue
            read = os.read(pipe, 65536)
            *lines, begun = (begun + read).split(b"\n")
            simulator.output.extend(line.decode() + "\n" for line in lines)
            if b"ready" in lines:
                return
            if not read:
                raise RuntimeError("the simulator ended before it was ready:\n" + "".join(simulator.output))
    raise RuntimeError("the simulator was not ready in time:\n" + "".join(simulator.output))
