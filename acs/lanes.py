"""Room on the way to each gateway: for one that is silent, as many RReqs wait as there are places in its lane, and those for all
others pass."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

PLACES: Final = 100


class Lane:
    """To one gateway. `is_silent`: its last attempt failed."""

    def __init__(self) -> None:
        self.is_silent = False
        self.guests = 0
        self.places = asyncio.Semaphore(PLACES)

    @property
    def is_full(self) -> bool:
        return self.places.locked()


class Lanes:
    """One for each gateway to which something is on its way."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    @asynccontextmanager
    async def towards(self, gateway: str) -> AsyncIterator[Lane]:
        """The lane to `gateway`, which everybody shares who is on it at the same time."""
        lane = self._lanes.setdefault(gateway, Lane())
        lane.guests += 1
        try:
            yield lane
        finally:
            lane.guests -= 1
            if not lane.guests:
                del self._lanes[gateway]
