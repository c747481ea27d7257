"""How one party calls another: through a socket, or, where both run in one process, straight into the other's endpoint.

The bytes are the same either way; both ends still decode and check them.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from yarl import URL

from threedsecure.addresses import split_namespace
from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable
from threedsecure.secrets.remembering import remembering
from threedsecure.storage.ledger import More
from threedsecure.web.broken_answers import carried
from threedsecure.web.calling.limits import PeerLimits
from threedsecure.web.calling.resolver import Resolver
from threedsecure.web.calling.timeouts import Timeouts
from threedsecure.web.straight import waits
from threedsecure.web.wire import JSON, WireRequest, WireResponse

MAX_ANSWER_BYTES: Final = 1 << 20
_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
Body = bytes | AsyncIterable[bytes]
"""Whole, or bit by bit; headers then tell the Content-Length."""


class Endpoint(NamedTuple):
    """What answers a POST within the process. `straight`: as soon as it can; `safely`: once what its answer promises is safe."""

    straight: Callable[[WireRequest], WireResponse | Awaitable[WireResponse]]
    safely: Callable[[WireRequest], Awaitable[WireResponse]]


class Transport(Protocol):
    """Posts bytes to an address and returns the answer, whatever its HTTP status."""

    async def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        """`timeout` in real seconds, over the whole exchange. Errors: `PeerUnreachable`, also where as many calls to this peer are
        under way as may be; `PeerTimedOut`."""
        ...

    async def get(self, url: str, *, timeout: float) -> WireResponse:
        """The same without a body, for a peer beyond this process that takes what it is told in the address."""
        ...

    def hand_over(
        self, url: str, message: dict[str, Any], more: More | None, *, timeout: float, headers: Mapping[str, str]
    ) -> WireResponse | Awaitable[WireResponse] | None:
        """Like `post`, of a message that its receiver in this process takes as it is: where nothing can touch it on its way, the
        bytes would say the same. None where it has to be posted. `more`: how the ledger has it."""
        ...


class HttpTransport:
    """aiohttp's client with one session: keep-alive, no cookies, no redirects, answers bounded, and calls to one peer, too."""

    def __init__(self, session: aiohttp.ClientSession, peer_limits: PeerLimits | None = None) -> None:
        self._session = session
        self._peer_limits = peer_limits or PeerLimits()

    @staticmethod
    def session(tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
        """`tls`: whom to trust, and what to show, where an address is https; the system's authorities without it."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=tls or True, resolver=Resolver()),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )

    def hand_over(
        self, url: str, message: dict[str, Any], more: More | None, *, timeout: float, headers: Mapping[str, str]
    ) -> None:
        """Nobody out there takes anything but bytes."""

    async def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        return await self._asked("POST", url, body, {"Content-Type": content_type, **(headers or {})}, timeout)

    async def get(self, url: str, *, timeout: float) -> WireResponse:
        # As it is written: what an address tells may be signed, and another spelling of it is another text.
        try:
            address = URL(url, encoded=True)
        except ValueError as error:
            raise PeerUnreachable(url, f"not an address to call: {error}") from error
        return await self._asked("GET", address, None, {}, timeout)

    async def _asked(
        self, method: str, address: str | URL, body: Body | None, headers: Mapping[str, str], timeout: float
    ) -> WireResponse:
        url = str(address)
        try:
            with self._peer_limits.entered(url):
                async with (
                    asyncio.timeout(timeout),
                    self._session.request(method, address, data=body, headers=headers, allow_redirects=False) as answer,
                ):
                    content = await _read_bounded(answer.content, url)
                    content = _unpacked(content, answer.headers.get("Content-Encoding", ""), url)
                    return WireResponse(answer.status, content, answer.headers.get("Content-Type", ""))
        except TimeoutError as error:
            raise PeerTimedOut(url, f"no answer within {timeout:g} seconds") from error
        except aiohttp.ClientConnectorCertificateError as error:
            raise PeerUnreachable(url, f"its certificate is not trusted: {error.certificate_error}") from error
        except aiohttp.ClientConnectorError as error:
            raise PeerUnreachable(url, f"no connection: {error.os_error.strerror or error}") from error
        except ValueError as error:
            raise PeerUnreachable(url, f"not an address to call: {error}") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ExchangeBroken(url, f"the exchange broke off: {error}") from error


async def _read_bounded(content: aiohttp.StreamReader, url: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in content.iter_any():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise ExchangeBroken(url, f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _unpacked(content: bytes, coding: str, url: str) -> bytes:
    """The answer without its content coding (RFC 9110, 8.4.1), which nobody asked for and some servers use all the same. One that
    is not what it says stays as it came, for its reader to judge."""
    if coding.strip().lower() not in _CODINGS:
        return content
    for window in (_GZIP_OR_ZLIB, -zlib.MAX_WBITS):  # some servers call raw deflate "deflate", against the RFC
        stream = zlib.decompressobj(window)
        try:
            plain = stream.decompress(content, MAX_ANSWER_BYTES + 1)
        except zlib.error:
            continue
        if len(plain) > MAX_ANSWER_BYTES:
            raise ExchangeBroken(url, f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
        if stream.eof:
            return plain
    return content


class InProcessTransport:
    """Calls the endpoints of services in this process; every other address goes to `elsewhere`."""

    def __init__(self, elsewhere: Transport) -> None:
        self._elsewhere = elsewhere
        self._endpoints: dict[str, dict[str, Endpoint]] = {}
        self._caller: str | None = None
        self._timeouts = Timeouts()

    def of(self, caller: str, elsewhere: Transport) -> "InProcessTransport":
        """The same services, called by a party that has a way of its own to call all others: its certificate."""
        own = InProcessTransport(elsewhere)
        own._endpoints, own._caller = self._endpoints, caller
        return own

    async def get(self, url: str, *, timeout: float) -> WireResponse:
        return await self._elsewhere.get(url, timeout=timeout)

    def register(self, base_url: str, endpoints: Mapping[str, Endpoint]) -> None:
        """`base_url` without a trailing slash; `endpoints` maps exact paths to what answers a POST there."""
        self._endpoints[base_url] = dict(endpoints)

    async def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        endpoint, path, query = self._at(url)
        if endpoint is None:
            return await self._elsewhere.post(url, body, timeout=timeout, content_type=content_type, headers=headers)
        sent = {"content-type": content_type, **{name.lower(): value for name, value in (headers or {}).items()}}
        asked = dict(parse_qsl(query)) if query else {}
        request = WireRequest("POST", path, b"", sent, query=asked, peer=self._caller)

        async def answered() -> WireResponse:
            request.body = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
            return await endpoint.safely(request)

        return await self._within(answered(), url, timeout)

    def hand_over(
        self, url: str, message: dict[str, Any], more: More | None, *, timeout: float, headers: Mapping[str, str]
    ) -> WireResponse | Awaitable[WireResponse] | None:
        endpoint, path, query = self._at(url)
        if endpoint is None or query:
            return None
        sent = {**headers, "content-type": JSON} if headers else _JSON_ALONE
        request = WireRequest("POST", path, b"", sent, peer=self._caller, handed=message, more=more)
        found = endpoint.straight(request)
        return self._within(found, url, timeout) if waits(found) else found

    def _at(self, url: str) -> tuple[Endpoint | None, str, str]:
        """What answers at an address, with its path and its query."""
        base, path, query = _parts(url)
        return self._endpoints.get(base, {}).get(path), path, query

    async def _within(self, found: Awaitable[WireResponse], url: str, timeout: float) -> WireResponse:
        """Errors: `PeerTimedOut`, and those of a fault on the way back."""
        try:
            with self._timeouts.until(timeout):
                answer = await found
        except TimeoutError as error:
            raise PeerTimedOut(url, f"no answer within {timeout:g} seconds") from error
        return answer if answer.disruption is None else await carried(answer, answer.disruption, url, timeout)


_JSON_ALONE: Final[Mapping[str, str]] = MappingProxyType({"content-type": JSON})


@remembering(256, 2048)
def _parts(url: str) -> tuple[str, str, str]:
    """The base of an address, with its namespace; its path there, and its query."""
    parts = urlsplit(url)
    namespace, path = split_namespace(parts.path)
    return f"{parts.scheme}://{parts.netloc}{namespace}", path, parts.query
