"""The ports that a simulator listens on."""

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from errno import EADDRINUSE

import msgspec
from aiohttp import web

from acs_sim.settings.addresses import PORT_OFFSETS
from acs_sim.settings.settings import Settings
from threedsecure.web.serving.application import serving

Served = tuple[str, int, web.Application, ssl.SSLContext | None]
"""A title for people, a port, and what answers there."""


class CannotStart(RuntimeError):
    """The simulator cannot start here; the message says why, in one line."""


def with_free_ports(settings: Settings) -> Settings:
    """The same settings on ports that nobody uses now, so that several simulators run beside one another."""
    with ExitStack() as held:
        sockets = {party: held.enter_context(socket.create_server((settings.host, 0))) for party in PORT_OFFSETS}
        addresses = {
            f"{party}_url": f"{settings.scheme}://{settings.host}:{s.getsockname()[1]}" for party, s in sockets.items()
        }
    return msgspec.structs.replace(settings, **addresses)


@asynccontextmanager
async def listening(settings: Settings, served: Served) -> AsyncIterator[None]:
    """Errors: `CannotStart`."""
    (title, port, app, tls), host = served, settings.host
    several = settings.workers > 1
    also = ("::1",) if host == "127.0.0.1" else ()  # both are localhost, and callers try either first
    async with AsyncExitStack() as life:
        try:
            await life.enter_async_context(serving(app, host, port, reuse_port=several, tls=tls, also=also))
        except OSError as error:
            reason = "is in use" if error.errno == EADDRINUSE else f"cannot be used: {error.strerror}"
            raise CannotStart(f"{title}: port {port} of {host} {reason}. Try another --port-base.") from error
        yield
