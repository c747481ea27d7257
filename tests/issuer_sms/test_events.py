"""Server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from issuer_sms.news.subscribers import MAX_BEHIND, News, Publisher
from tests.support.engine import on_both_engines
from tests.support.patience import PATIENCE_SECONDS

pytestmark = on_both_engines

NUMBER = "+33639981101"


@asynccontextmanager
async def listening(phone, query="") -> AsyncIterator:
    """A function that returns the next event as (kind, document); from here on nothing is missed."""
    async with phone.session.get(f"{phone.base}/api/events{query}") as answer:
        assert answer.content_type == "text/event-stream"
        assert await block(answer) == ["retry: 1000", ": listening"]

        async def event():
            kind, data = await block(answer)
            return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))

        yield event


async def block(answer) -> list[str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await answer.content.readuntil(b"\n\n")).decode().strip().split("\n")


async def test_everything_that_happens_is_told_as_it_happens(phone):
    async with listening(phone) as event:
        text = await phone.text(NUMBER)
        assert await event() == ("message", text)
        prompt = (await phone.post("/api/prompts", {"to": NUMBER, "title": "Approve?"})).json
        assert await event() == ("prompt", prompt)
        await phone.post(f"/api/prompts/{prompt['id']}", {"decision": "approve"})
        kind, decided = await event()
        assert (kind, decided["state"]) == ("prompt", "approved")
        await phone.delete(f"/api/phones/{NUMBER}/messages")
        assert await event() == ("cleared", {"number": NUMBER})
        await phone.post("/control/reset", {})
        assert await event() == ("reset", {})


async def test_a_delivery_is_told_when_the_clock_brings_it(phone):
    async with listening(phone) as event:
        await phone.text("+33639989111")
        assert (await event())[1]["state"] == "sent"
        phone.clock.advance(timedelta(minutes=6))
        assert (await event())[1]["state"] == "delivered"


async def test_a_stream_of_one_phone_is_silent_about_the_others(phone):
    async with listening(phone, "?number=%2B33639981102") as event:
        await phone.text(NUMBER)
        await phone.text("+33639981102", "code 222222")
        assert (await event())[1]["code"] == "222222"
        await phone.post("/control/reset", {})
        assert await event() == ("reset", {})


async def test_whoever_falls_too_far_behind_is_cut_off():
    publisher = Publisher()
    with publisher.subscribed(None) as slow, publisher.subscribed("+33639981102") as other:
        for _ in range(MAX_BEHIND):
            publisher.publish(News("message", NUMBER, {}))
        assert not slow.lagging
        publisher.publish(News("message", NUMBER, {}))
        assert slow.lagging
        assert not other.lagging
    assert publisher.subscribers == 0
