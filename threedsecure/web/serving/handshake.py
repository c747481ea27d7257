"""What comes before HTTP where a port speaks TLS: the handshake, counted and bounded as every connection is.

A server of the loop tells of a connection when its handshake is over; until then nothing but the number of open files would bound
those that never come to an end. So connections are taken here, and handed to the loop one by one."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from threedsecure.web.serving.connections import Connections

BACKLOG: Final = 128
PAUSE_SECONDS: Final = 1.0
"""Before others are taken, where the system has no file left for one."""
LEAVE_SECONDS: Final = 2.0
"""How long an end over TLS is to be confirmed (RFC 8446, 6.1) before it is one all the same."""


class SecuredPort:
    """Where TLS is spoken. `speak` makes what speaks HTTP once a handshake is over."""

    def __init__(
        self, context: ssl.SSLContext, connections: Connections, speak: Callable[[], asyncio.Protocol]
    ) -> None:
        self.context = context
        self.connections = connections
        self.speak = speak
        self.under_way: set[Handshake] = set()
        self._loop = asyncio.get_running_loop()
        self._listening: list[socket.socket] = []

    async def listen(self, host: str, port: int, *, reuse_port: bool) -> int:
        """At every address of `host`; returns the port in use, which matters when `port` is 0. Errors: OSError."""
        wanted = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(wanted):
            at = (address[0], port, *address[2:])
            listening = socket.create_server(at, family=family, backlog=BACKLOG, reuse_port=reuse_port)
            listening.setblocking(False)
            self._listening.append(listening)
            port = listening.getsockname()[1]
            self._loop.add_reader(listening, self._take, listening)
        return port

    def close(self) -> None:
        for listening in self._listening:
            self._loop.remove_reader(listening)
            listening.close()
        self._listening.clear()
        for each in list(self.under_way):
            each.cut()

    def _take(self, listening: socket.socket) -> None:
        for _ in range(BACKLOG):
            try:
                taken, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no file is left
                self._loop.remove_reader(listening)
                self._loop.call_later(PAUSE_SECONDS, self._again, listening)
                return
            taken.setblocking(False)
            Handshake(self, taken)

    def _again(self, listening: socket.socket) -> None:
        if listening in self._listening:
            self._loop.add_reader(listening, self._take, listening)


class Handshake:
    """One of them, as one of the connections."""

    is_idle = True

    def __init__(self, port: SecuredPort, taken: socket.socket) -> None:
        self._port = port
        self._taken = taken
        self._is_begun = False
        loop = asyncio.get_running_loop()
        self.last_moment = loop.time() + port.connections.first_seconds
        self._task = loop.create_task(self._shake())
        port.under_way.add(self)
        port.connections.came(self, taken)

    def cut(self) -> None:
        self._task.cancel()
        if not self._is_begun:
            self._taken.close()
            self._went()

    async def _shake(self) -> None:
        self._is_begun = True
        loop, port = asyncio.get_running_loop(), self._port
        try:
            await loop.connect_accepted_socket(
                port.speak,
                self._taken,
                ssl=port.context,
                ssl_handshake_timeout=port.connections.first_seconds,
                ssl_shutdown_timeout=LEAVE_SECONDS,
            )
        except OSError:  # also `ssl.SSLError`, which whoever made the context has heard of
            if loop.time() >= self.last_moment:
                port.connections.ended["timed out"] += 1
        finally:
            self._went()

    def _went(self) -> None:
        self._port.under_way.discard(self)
        self._port.connections.went(self)
