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
    is_behind: Callable[[], bool] = lambda: False,
) -> web.StreamResponse:
    """Write what `next_event` gives (nothing where it is empty) for as long as the reader is there and keeps up, and a comment
    when there is nothing to tell. A reader that falls behind (`is_behind`) is told so and cut off."""
    response = web.StreamResponse(headers=_HEADERS)
    with suppress(ConnectionError):  # the reader has gone
        await response.prepare(request)
        await response.write(first)
        while not is_behind():
            try:
                async with asyncio.timeout(heartbeat_seconds):
                    event = await next_event()
            except TimeoutError:
                event = b": still here\n\n"
            await response.write(event)
        await response.write(b": cut off, because this was read too slowly; connect anew\n\n")
    return response
