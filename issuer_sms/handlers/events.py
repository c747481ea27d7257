"""What happens, as it happens: server-sent events (HTML Living Standard, section 9.2)."""

import asyncio
from typing import Final

import orjson
from aiohttp import web

from issuer_sms.handlers.requests import parse_number
from issuer_sms.news.subscribers import Hub, News, Subscription
from threedsecure.web.wire import Problem

HEARTBEAT_SECONDS: Final = 5.0
MAX_STREAMS: Final = 200
_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class EventStream:
    """`/api/events[?number=]`. The first line is a comment: from then on nothing is missed. A reader that falls too far behind is
    cut off, and reconnects."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def stream(self, request: web.Request) -> web.StreamResponse:
        try:
            number = self._admit(request)
        except Problem as problem:
            refusal = problem.response()
            return web.Response(status=refusal.status, body=refusal.body, content_type=refusal.content_type)
        response = web.StreamResponse(headers=_HEADERS)
        with self._hub.subscribed(number) as subscription:
            await response.prepare(request)
            await _write(response, subscription)
        return response

    def _admit(self, request: web.Request) -> str | None:
        if self._hub.subscribers >= MAX_STREAMS:
            raise Problem(503, "Service Unavailable", f"{MAX_STREAMS} event streams are open already")
        number = request.query.get("number")
        return None if number is None else parse_number(number)


async def _write(response: web.StreamResponse, subscription: Subscription) -> None:
    try:
        await response.write(b"retry: 1000\n: listening\n\n")
        while not subscription.lagging:
            await response.write(await _next(subscription))
    except ConnectionError:
        return  # the reader has gone


async def _next(subscription: Subscription) -> bytes:
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            return _encode(await subscription.next())
    except TimeoutError:
        return b": still here\n\n"


def _encode(news: News) -> bytes:
    return f"event: {news.kind}\ndata: ".encode() + orjson.dumps(news.document) + b"\n\n"
