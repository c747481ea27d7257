"""Server-sent events (HTML Living Standard, section 9.2)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiohttp import web

_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


async def stream_events(
    request: web.Request,
    next_event: Callable[[], Awaitable[bytes]],
    *,
    first: bytes = b": listening\n\n",
    heartbeat_seconds: float,
    goes_on: Callable[[], bool] = lambda: True,
) -> web.StreamResponse:
    """Write what `next_event` gives (nothing where it is empty) for as long as it goes on and the reader is there, and a comment
    when there is nothing to tell. From `first` on nothing is missed."""
    response = web.StreamResponse(headers=_HEADERS)
    with suppress(ConnectionError):  # the reader has gone
        await response.prepare(request)
        await response.write(first)
        while goes_on():
            try:
                async with asyncio.timeout(heartbeat_seconds):
                    event = await next_event()
            except TimeoutError:
                event = b": still here\n\n"
            await response.write(event)
    return response
