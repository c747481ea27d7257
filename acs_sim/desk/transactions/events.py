"""Messages as they fly: the journal as server-sent events, as JSON for programs and as drawn rows for the desk's own pages."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import orjson
from aiohttp import web
from msgspec import Meta

from acs_sim.desk.api.calls import Operation
from threedsecure.web.clock import monotonic
from threedsecure.web.journal import LEFT_OUT, Journal, Listener
from threedsecure.web.serving.event_stream import stream_events
from threedsecure.web.serving.service import StreamHandler

HEARTBEAT_SECONDS: Final = 15.0
BEAT_SECONDS: Final = 0.25
"""At least, from one beat to the next."""
MOST_PARTS: Final = 4
"""Of one page."""
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
"""Those of a stream; JSON may hold others that Unicode knows."""
Render = Callable[[dict[str, Any]], str]
Concerns = Callable[[dict[str, Any]], Awaitable[bool]]
Listening = Callable[[web.Request], tuple[Concerns, Render]]
"""What a listener wants to hear, and how it is told."""
EVENTS: Final = Operation(
    "GET",
    "/api/events",
    "events",
    "Every message as it crosses a hop: server-sent events whose data is a Message in JSON",
    (str,),
    query={"transaction": Annotated[str, Meta(description="only this transaction's, by any of its ids")]},
    media="text/event-stream",
)


class Drawn:
    """What pages follow, drawn once for all that look at the same, and at most once a beat.

    Pages are told at the same moments, so that fifty of them see one drawing and not fifty, a message apart."""

    def __init__(self, draw: Callable[[str], Awaitable[str | None]]) -> None:
        """`draw`: the HTML of a part by its address; None for what its page has to ask for itself."""
        self._draw = draw
        self._held: dict[tuple[str, ...], bytes] = {}
        self._at = -BEAT_SECONDS
        self._one = asyncio.Lock()

    async def of(self, parts: tuple[str, ...]) -> bytes:
        """An event with an object of the parts that are drawn, by their addresses; of a drawing that begins no earlier than now, so
        that nothing that came before is missing in it."""
        asked = monotonic()
        await asyncio.sleep(max(0.0, self._at + BEAT_SECONDS - asked))
        async with self._one:
            if self._at < asked:
                self._held, self._at = {}, monotonic()
            if parts not in self._held:
                drawn = {part: html for part in parts if (html := await self._draw(part)) is not None}
                self._held[parts] = b"data: %b\n\n" % orjson.dumps(drawn)
            return self._held[parts]


def as_json(entry: dict[str, Any]) -> str:
    return orjson.dumps(entry).decode()


def of_transaction(journal: Journal) -> Listening:
    """Everything as JSON; `?transaction=` keeps to one transaction, by any of its ids."""

    def listening(request: web.Request) -> tuple[Concerns, Render]:
        identifier = request.query.get("transaction", "")

        async def concerns(entry: dict[str, Any]) -> bool:
            return not identifier or await journal.transaction_of(identifier) == entry["transaction_id"]

        return concerns, as_json

    return listening


def event_stream(journal: Journal, listening: Listening) -> StreamHandler:
    """A stream of what is journalled from now on."""

    async def stream(request: web.Request) -> web.StreamResponse:
        concerns, render = listening(request)
        async with journal.subscribed() as listener:

            async def next_event() -> bytes:
                return _event(render(await _concerning(listener, concerns)))

            return await stream_events(request, next_event, heartbeat_seconds=HEARTBEAT_SECONDS)

    return stream


def beats(journal: Journal, listening: Listening, drawn: Drawn) -> StreamHandler:
    """A stream that says that something came, and not what, with what `drawn` has drawn anew of the page: however many messages
    cross, and however many pages look on."""

    async def stream(request: web.Request) -> web.StreamResponse:
        concerns, _ = listening(request)
        parts = tuple(request.query.getall("part", ()))[:MOST_PARTS]
        async with journal.subscribed() as listener:

            async def next_event() -> bytes:
                await _concerning(listener, concerns)
                listener.skip()
                return await drawn.of(parts)

            return await stream_events(request, next_event, heartbeat_seconds=HEARTBEAT_SECONDS)

    return stream


async def _concerning(listener: Listener, concerns: Concerns) -> dict[str, Any]:
    """The next entry that is wanted, or that stands for what was left out."""
    while True:
        entry = await listener.get()
        if entry["kind"] == LEFT_OUT or await concerns(entry):
            return entry


def _event(text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in _LINE_ENDS.split(text))
    return f"{lines}\n".encode()
