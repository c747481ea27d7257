"""What comes before HTTP where a port speaks TLS: the handshake, counted and bounded as every connection is.

A server that leaves it to the loop learns of a connection only when its handshake is over, and until then nothing but the number of
open files would bound those that never come to an end."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final

from threedsecure.web.serving.connections import Connections

LEAVE_SECONDS: Final = 2.0
"""How long an end over TLS is to be confirmed (RFC 8446, 6.1) before it is one all the same."""


class Handshakes:
    """Those of one port. `speak` makes what speaks HTTP once a handshake is over."""

    def __init__(
        self, context: ssl.SSLContext, connections: Connections, speak: Callable[[], asyncio.Protocol]
    ) -> None:
        self.context = context
        self.connections = connections
        self.speak = speak
        self.under_way: set[Handshake] = set()

    def end(self) -> None:
        for each in list(self.under_way):
            each.cut()


class Handshake(asyncio.Protocol):
    """One of them."""

    is_idle = True

    def __init__(self, port: Handshakes) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.BaseTransport | None = None
        self.last_moment = self._loop.time() + port.connections.first_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._port.under_way.add(self)
        self._port.connections.came(self, transport)
        if not transport.is_closing():
            self._task = self._loop.create_task(self._shake(transport))  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        self._went()

    def cut(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()

    async def _shake(self, transport: asyncio.Transport) -> None:
        early, port = _Early(), self._port
        try:
            secured = await self._loop.start_tls(
                transport,
                early,
                port.context,
                server_side=True,
                ssl_handshake_timeout=max(0.001, self.last_moment - self._loop.time()),
                ssl_shutdown_timeout=LEAVE_SECONDS,
            )
        except OSError:  # also `ssl.SSLError`, which whoever made the context has heard of
            if self._loop.time() >= self.last_moment:
                port.connections.ended["timed out"] += 1
            return
        finally:
            self._went()
        if secured is None:  # it was lost the moment it was secured
            return
        protocol = port.speak()
        secured.set_protocol(protocol)
        protocol.connection_made(secured)
        early.hand_over(protocol)

    def _went(self) -> None:
        self._port.under_way.discard(self)
        self._port.connections.went(self)


class _Early(asyncio.Protocol):
    """Keeps what comes between the end of the handshake and the moment that somebody learns of it."""

    def __init__(self) -> None:
        self._said: list[bytes] = []
        self._is_over = False
        self._is_lost: tuple[Exception | None] | None = None

    def data_received(self, data: bytes) -> None:
        self._said.append(data)

    def eof_received(self) -> None:
        self._is_over = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = (exc,)

    def hand_over(self, protocol: asyncio.Protocol) -> None:
        if self._said:
            protocol.data_received(b"".join(self._said))
        if self._is_over:
            protocol.eof_received()
        if self._is_lost is not None:
            protocol.connection_lost(*self._is_lost)
