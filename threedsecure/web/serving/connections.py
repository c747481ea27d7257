"""The connections that others hold to this process: how many there may be, and how long each may keep it waiting."""

import socket
from typing import Final, Protocol

from threedsecure.web.metrics import Measured

try:
    import resource
except ImportError:  # pragma: no cover - Windows counts otherwise
    resource = None  # type: ignore[assignment]

MOST: Final = 10_000
FIRST_REQUEST_SECONDS: Final = 20.0
"""For the whole head of a connection's first request."""
IDLE_SECONDS: Final = 75.0
"""From an answer to the whole head of the next request; longer than proxies keep a connection that they do not use."""
UNREAD_MILLISECONDS: Final = 30_000
"""How long what was sent may stay unread."""


class Connection(Protocol):
    """One of them. `last_moment`: when it is closed that says nothing, on the loop's clock."""

    @property
    def is_idle(self) -> bool: ...

    @property
    def last_moment(self) -> float: ...

    def cut(self) -> None:
        """End it now: its file is needed, and its peer may not even take leave."""


class Connections:
    """Those of one process, on all its ports."""

    def __init__(
        self, most: int | None = None, first_seconds: float = FIRST_REQUEST_SECONDS, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        """`most`: as many as the files that may be open leave room for, when it is left out."""
        self.most = most_connections() if most is None else most
        self.first_seconds = first_seconds
        self.idle_seconds = idle_seconds
        self._open: set[Connection] = set()
        self.ended = {"turned away": 0, "timed out": 0, "not HTTP": 0, "hung up": 0}
        """How many ended so, since the start."""

    def came(self, connection: Connection, own: socket.socket | None) -> None:
        """Where there are too many, the one goes that has been silent longest; where none is silent, the new one."""
        if own is not None:
            _end_when_unread(own)
        if len(self._open) >= self.most:
            self.ended["turned away"] += 1
            silent = [each for each in self._open if each.is_idle]
            leaving = min(silent, key=lambda each: each.last_moment, default=connection)
            self._open.discard(leaving)
            leaving.cut()
            if leaving is connection:
                return
        self._open.add(connection)

    def went(self, connection: Connection) -> None:
        self._open.discard(connection)

    def measured(self) -> Measured:
        values = {"open": len(self._open), **self.ended}
        words = "Connections of this process: open, and how they ended otherwise than in order since the start"
        return Measured("connections", words, "state", values, of_process=True)


def most_connections() -> int:
    """A quarter of the files, and 64 at least, is left to databases and to calls to others."""
    if resource is not None:
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY:
            return max(16, min(MOST, soft - max(64, soft // 4)))
    return MOST


def _end_when_unread(own: socket.socket) -> None:
    """Have the system end a connection whose peer reads nothing; where it knows how."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None and own.family in (socket.AF_INET, socket.AF_INET6):
        own.setsockopt(socket.IPPROTO_TCP, option, UNREAD_MILLISECONDS)
