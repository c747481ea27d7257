"""Waiting for a purchase to move on, instead of asking again and again."""

import asyncio


class Watch:
    """Whoever waits for an identifier is woken when it is said to have changed."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def changed(self, identifier: str) -> None:
        for event in self._waiting.get(identifier, ()):
            event.set()

    def waiting(self, identifier: str) -> asyncio.Event:
        """An event that is set at the next change; hand it back with `leave`."""
        event = asyncio.Event()
        self._waiting.setdefault(identifier, set()).add(event)
        return event

    def leave(self, identifier: str, event: asyncio.Event) -> None:
        events = self._waiting.get(identifier, set())
        events.discard(event)
        if not events:
            self._waiting.pop(identifier, None)
