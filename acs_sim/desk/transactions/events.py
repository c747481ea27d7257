"""Messages as they fly: the journal as server-sent events, as JSON for programs and as drawn rows for the desk's own pages."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

import orjson
from aiohttp import web
from msgspec import Meta

from acs_sim.desk.api.calls import Operation
from threedsecure.web.journal import LEFT_OUT, Journal
from threedsecure.web.serving.event_stream import stream_events
from threedsecure.web.serving.service import StreamHandler

HEARTBEAT_SECONDS: Final = 15.0
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
"""Those of a stream; JSON may hold others that Unicode knows."""
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
        async with journal.subscribed() as listener:

            async def next_event() -> bytes:
                while True:
                    entry = await listener.get()
                    if (
                        not identifier
                        or entry["kind"] == LEFT_OUT
                        or await journal.transaction_of(identifier) == entry["transaction_id"]
                    ):
                        return _event(render(entry))

            return await stream_events(request, next_event, heartbeat_seconds=HEARTBEAT_SECONDS)

    return stream


def _event(text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in _LINE_ENDS.split(text))
    return f"{lines}\n".encode()
