"""Who waits for news of which phone: long polls and event streams."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

MAX_BEHIND: Final = 1_000


@dataclass(frozen=True, slots=True)
class News:
    """Something happened. `kind`: `message`, `prompt`, `callback`, `cleared` or `reset`; `phone`: whose, None when everybody's."""

    kind: str
    phone: str | None
    document: dict[str, Any]


class Subscription:
    """News in order, for one reader. A reader that falls too far behind is cut off (`lagging`) rather than fed with gaps."""

    def __init__(self, phone: str | None) -> None:
        self._phone = phone
        self._waiting: asyncio.Queue[News] = asyncio.Queue(MAX_BEHIND)
        self.lagging = False

    async def next(self) -> News:
        return await self._waiting.get()

    def offer(self, news: News) -> None:
        if self._phone is not None and news.phone not in (None, self._phone):
            return
        try:
            self._waiting.put_nowait(news)
        except asyncio.QueueFull:
            self.lagging = True


class Publisher:
    """Hands news to those who wait for it."""

    def __init__(self) -> None:
        self._watchers: dict[str, set[asyncio.Event]] = {}
        self._subscriptions: set[Subscription] = set()

    @property
    def subscribers(self) -> int:
        return len(self._subscriptions)

    def watchers(self, phone: str) -> int:
        """How many wait for news of `phone`."""
        return len(self._watchers.get(phone, ()))

    @contextmanager
    def watching(self, phone: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is news of `phone`; whoever waits on it clears it before looking."""
        event = asyncio.Event()
        self._watchers.setdefault(phone, set()).add(event)
        try:
            yield event
        finally:
            others = self._watchers[phone]
            others.discard(event)
            if not others:
                del self._watchers[phone]

    @contextmanager
    def subscribed(self, phone: str | None) -> Iterator[Subscription]:
        """News of `phone`, or of all phones, for as long as the context lasts."""
        subscription = Subscription(phone)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    def wake_all(self) -> None:
        """News of any phone may have been missed."""
        for events in self._watchers.values():
            for event in events:
                event.set()
        for subscription in self._subscriptions:
            subscription.lagging = True

    def publish(self, news: News) -> None:
        for subscription in self._subscriptions:
            subscription.offer(news)
        if news.phone is not None:
            for event in self._watchers.get(news.phone, ()):
                event.set()
