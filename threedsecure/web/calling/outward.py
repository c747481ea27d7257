"""How a party calls addresses that others told it: anybody's but the simulator's own controls."""

from collections.abc import Awaitable, Mapping
from typing import Any, Final

from threedsecure.errors import PeerUnreachable
from threedsecure.storage.ledger import More
from threedsecure.web.calling.names import MOST_KNOWN, Names
from threedsecure.web.calling.transport import Body, Transport
from threedsecure.web.wire import JSON, WireResponse

REASON: Final = "this address controls the simulator, which does not call it for others"


class OutwardTransport:
    """`own`: the addresses of the controls that this party calls by itself."""

    def __init__(self, transport: Transport, names: Names, own: frozenset[str] = frozenset()) -> None:
        self._transport = transport
        self._names = names
        self._open: set[str] = set(own)

    async def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        if not self._may_call(url):
            raise PeerUnreachable(url, REASON)
        return await self._transport.post(url, body, timeout=timeout, content_type=content_type, headers=headers)

    async def get(self, url: str, *, timeout: float) -> WireResponse:
        if not self._may_call(url):
            raise PeerUnreachable(url, REASON)
        return await self._transport.get(url, timeout=timeout)

    def hand_over(
        self, url: str, message: dict[str, Any], more: More | None, *, timeout: float, headers: Mapping[str, str]
    ) -> WireResponse | Awaitable[WireResponse] | None:
        if not self._may_call(url):
            return None
        return self._transport.hand_over(url, message, more, timeout=timeout, headers=headers)

    def _may_call(self, url: str) -> bool:
        if url in self._open:
            return True
        if self._names.is_control(url):
            return False
        if len(self._open) < MOST_KNOWN:
            self._open.add(url)
        return True
