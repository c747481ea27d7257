"""How one party calls another: through a socket, or, where both run in one process, straight into the other's endpoint.

The bytes are the same either way; both ends still decode and check them.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from yarl import URL

from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable
from threedsecure.web.broken_answers import carried
from threedsecure.web.calling.limits import Bulkhead
from threedsecure.web.calling.resolver import Resolver
from threedsecure.web.calling.timeouts import Patience
from threedsecure.web.wire import JSON, WireRequest, WireResponse

MAX_ANSWER_BYTES: Final = 1 << 20
_CODINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32
Body = bytes | AsyncIterable[bytes]
"""Whole, or bit by bit; headers then tell the Content-Length."""
Endpoint = Callable[[WireRequest], Awaitable[WireResponse]]


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


class HttpTransport:
    """aiohttp's client with one session: keep-alive, no cookies, no redirects, answers bounded, and calls to one peer, too."""

    def __init__(self, session: aiohttp.ClientSession, bulkhead: Bulkhead | None = None) -> None:
        self._session = session
        self._bulkhead = bulkhead or Bulkhead()

    @staticmethod
    def session(tls: ssl.SSLContext | None = None) -> aiohttp.ClientSession:
        """`tls`: whom to trust, and what to show, where an address is https; the system's authorities without it."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=tls or True, resolver=Resolver()),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        )

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
            with self._bulkhead.entered(url):
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
        self._patience = Patience()

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

    def unregister(self, base_url: str) -> None:
        self._endpoints.pop(base_url, None)

    async def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        base, path, query = _parts(url)
        endpoint = self._endpoints.get(base, {}).get(path)
        if endpoint is None:
            return await self._elsewhere.post(url, body, timeout=timeout, content_type=content_type, headers=headers)
        sent = {"content-type": content_type, **{name.lower(): value for name, value in (headers or {}).items()}}
        asked = dict(parse_qsl(query)) if query else {}
        request = WireRequest("POST", path, b"", sent, query=asked, peer=self._caller)
        try:
            with self._patience.until(timeout):
                request.body = body if isinstance(body, bytes) else b"".join([piece async for piece in body])
                answer = await endpoint(request)
        except TimeoutError as error:
            raise PeerTimedOut(url, f"no answer within {timeout:g} seconds") from error
        return answer if answer.conduct is None else await carried(answer, answer.conduct, url, timeout)


@lru_cache(maxsize=256)
def _parts(url: str) -> tuple[str, str, str]:
    """The base of an address, its path and its query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.path, parts.query
