"""How an answer breaks off or dawdles on purpose: through a socket, and alike where both ends are in one process."""

import socket
import struct
from contextlib import suppress
from typing import Final

from aiohttp import web

from threedsecure.errors import ExchangeBroken, PeerTimedOut
from threedsecure.web.wire import Disruption, WireResponse

PIECES: Final = 10
_HARD_CLOSE: Final = struct.pack("ii", 1, 0)


async def carried(response: WireResponse, disruption: Disruption, url: str, timeout: float) -> WireResponse:
    """What a caller in this process gets. Errors: `PeerTimedOut`, `ExchangeBroken`."""
    await disruption.pause(min(disruption.seconds, timeout))
    if disruption.seconds >= timeout:
        raise PeerTimedOut(url, f"no answer within {timeout:g} seconds")
    if disruption.ends in {"whole", "dribbled"}:
        return response
    raise ExchangeBroken(url, f"the exchange broke off: {_REASONS[disruption.ends]}")


_REASONS: Final = {
    "silent": "server disconnected",
    "reset": "connection reset by peer",
    "cut": "the body is shorter than its Content-Length",
}


async def misbehaved(request: web.Request, response: WireResponse, disruption: Disruption) -> web.StreamResponse:
    """What a caller behind a socket gets."""
    if disruption.ends == "dribbled":
        return await _dribbled(request, response, disruption)
    await disruption.pause(disruption.seconds)
    match disruption.ends:
        case "cut":
            return await _cut(request, response, disruption.keep)
        case "reset":
            _reset(request)
        case "silent":
            _close(request)
    return web.Response(
        status=response.status, body=response.body, headers={"Content-Type": response.content_type, **response.headers}
    )


async def _dribbled(request: web.Request, response: WireResponse, disruption: Disruption) -> web.StreamResponse:
    stream = await _begun(request, response)
    for piece in pieces(response.body):
        await disruption.pause(disruption.seconds / PIECES)
        await stream.write(piece)
    await stream.write_eof()
    return stream


async def _cut(request: web.Request, response: WireResponse, keep: float) -> web.StreamResponse:
    stream = await _begun(request, response)
    await stream.write(response.body[: int(len(response.body) * keep)])
    _close(request)
    return stream


async def _begun(request: web.Request, response: WireResponse) -> web.StreamResponse:
    stream = web.StreamResponse(
        status=response.status, headers={"Content-Type": response.content_type, **response.headers}
    )
    stream.content_length = len(response.body)
    await stream.prepare(request)
    return stream


def pieces(body: bytes) -> list[bytes]:
    """`body` in at most PIECES pieces."""
    length = max(1, -(-len(body) // PIECES))
    return [body[start : start + length] for start in range(0, len(body), length)] or [b""]


def _reset(request: web.Request) -> None:
    """So that the peer sees a reset, and not an orderly end."""
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    with suppress(AttributeError, OSError, TypeError):  # not every event loop lets its sockets be touched
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HARD_CLOSE)
    request.transport.abort()


def _close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()
