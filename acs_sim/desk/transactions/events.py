"""Messages as they fly: the journal as server-sent events, as JSON for programs and as drawn rows for the desk's own pages."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, Final

import orjson
from aiohttp import web
from msgspec import Meta

from acs_sim.desk.api.calls import Operation
from threedsecure.web.journal import Journal
from threedsecure.web.serving.service import StreamHandler

HEARTBEAT_SECONDS: Final = 15.0
Render = Callable[[dict[str, Any]], str]
EVENTS: Final = Operation(
    "GET",
    "/api/events",
    "events",
    "Every message as it crosses a hop: server-sent events whose data is a Message in JSON",
    (str,),
    query={"transaction": Annotated[str, Meta(description="only this transaction's, by any of its ids")]},
    media="text/event-stream",
)


def as_json(entry: dict[str, Any]) -> str:
    return orjson.dumps(entry).decode()


def event_stream(journal: Journal, render: Render) -> StreamHandler:
    """A stream of what is journalled from now on. `?transaction=` keeps to one transaction, by any of its ids."""

    async def stream(request: web.Request) -> web.StreamResponse:
        identifier = request.query.get("transaction", "")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        with suppress(ConnectionError):  # the listener has gone
            async with journal.subscribed() as queue:
                await response.prepare(request)
                await response.write(b": listening\n\n")
                while True:
                    entry = await _next(queue)
                    if entry is None:
                        await response.write(b": still there\n\n")
                    elif not identifier or await journal.transaction_of(identifier) == entry["transaction_id"]:
                        await response.write(_event(render(entry)))
        return response

    return stream


async def _next(queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            return await queue.get()
    except TimeoutError:
        return None


def _event(text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"{lines}\n".encode()
