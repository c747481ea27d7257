"""The event loop of the tests: its clock leaves out the time in which the loop could not run.

A machine that stops for a second would end every wait of less than a second before anybody had the chance to answer. Here a wait
ends only when the loop has had its turns: whoever is ready answers, and only who is really silent is given up.
"""

import asyncio
import selectors
import socket
import time
from collections.abc import Sequence
from typing import Any

TURN_SECONDS = 0.001
WAIT_SECONDS = 0.01
"""So much passes at most in a turn in which somebody was ready, and in one in which nobody was."""


class _WatchedSelector(selectors.DefaultSelector):
    """Knows how much time has passed, however long it took."""

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0
        self._looked_at = time.monotonic()

    def time(self) -> float:
        return self._passed + min(time.monotonic() - self._looked_at, TURN_SECONDS)

    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:
        self._pass(TURN_SECONDS)
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        found = super().select(None if timeout is None else min(timeout, WAIT_SECONDS))
        self._pass(WAIT_SECONDS)
        return found

    def _pass(self, at_most: float) -> None:
        now = time.monotonic()
        self._passed += min(now - self._looked_at, at_most)
        self._looked_at = now


class SteadyLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, whose timers count the time in which it ran."""

    def __init__(self) -> None:
        self._watched = _WatchedSelector()
        super().__init__(self._watched)

    def time(self) -> float:
        return self._watched.time()

    def _make_socket_transport(self, sock: socket.socket, *how: Any, **more: Any) -> asyncio.Transport:
        """Who is accepted while the server is being closed is hung up on. asyncio leaves such a socket open, to be warned about
        in whatever test comes next (`_SelectorTransport.__init__`: `_attach` refuses, and nobody has the transport to close it)."""
        server = more.get("server")
        if server is not None and server.sockets == ():
            sock.close()
            raise ConnectionAbortedError("the server was closed")
        return super()._make_socket_transport(sock, *how, **more)
