"""What happens, as it happens: server-sent events (HTML Living Standard, section 9.2)."""

from typing import Final

import orjson
from aiohttp import web

from issuer_sms.handlers.requests import parse_number
from issuer_sms.news.subscribers import Publisher
from threedsecure.web.serving.event_stream import stream_events

HEARTBEAT_SECONDS: Final = 5.0


class EventStream:
    """`/api/events[?number=]`. The first line is a comment: from then on nothing is missed. A reader that falls too far behind is
    cut off, and reconnects."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def stream(self, request: web.Request) -> web.StreamResponse:
        told = request.query.get("number")
        number = None if told is None else parse_number(told)
        with self._publisher.subscribed(number) as subscription:

            async def next_event() -> bytes:
                news = await subscription.next()
                return f"event: {news.kind}\ndata: ".encode() + orjson.dumps(news.document) + b"\n\n"

            return await stream_events(
                request,
                next_event,
                first=b"retry: 1000\n: listening\n\n",
                heartbeat_seconds=HEARTBEAT_SECONDS,
                is_behind=lambda: subscription.lagging,
            )
