"""Waiting for a purchase to move on, instead of asking again and again."""

import asyncio
from typing import Final

from threedsecure.web.sharing.processes import Alone, Shared

TOPIC: Final = "purchase"


class Watch:
    """Whoever waits for an identifier is woken when it is said to have changed, here or in another process."""

    def __init__(self, shared: Shared | None = None) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._shared = shared or Alone()
        self._shared.on(TOPIC, self._changed_elsewhere)

    def changed(self, identifier: str) -> None:
        self._wake(identifier)
        self._shared.tell(TOPIC, identifier)

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

    async def _changed_elsewhere(self, identifier: str | None) -> None:
        """None: any of them may have changed."""
        for each in [identifier] if identifier is not None else list(self._waiting):
            self._wake(each)

    def _wake(self, identifier: str) -> None:
        for event in self._waiting.get(identifier, ()):
            event.set()
