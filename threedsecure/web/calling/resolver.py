"""Names of hosts to addresses."""

import socket
from typing import Final

from aiohttp import ThreadedResolver
from aiohttp.abc import ResolveResult

THIS_MACHINE: Final = "127.0.0.1"


class Resolver(ThreadedResolver):
    """The system's, and every name under `localhost` is this machine (RFC 6761, section 6.3): browsers hold to that, the
    resolvers of many systems do not."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if not host.endswith(".localhost"):
            return await super().resolve(host, port, family)
        found = await super().resolve(THIS_MACHINE, port, socket.AF_INET)
        return [ResolveResult(**{**address, "hostname": host}) for address in found]  # the name that TLS asks for
