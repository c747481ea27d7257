"""Room on the way to each peer, for what is told it until it listens: for one that is silent as much waits as there are places in
its lane, and what is for the others passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lane:
    """To one peer. `is_silent`: the last attempt failed."""

    def __init__(self, places: int) -> None:
        self.is_silent = False
        self.guests = 0
        self.places = asyncio.Semaphore(places)

    @property
    def is_full(self) -> bool:
        return self.places.locked()


class Lanes:
    """One for each peer to which something is on its way."""

    def __init__(self, places: int) -> None:
        """`places`: attempts at a time, in each."""
        self._places = places
        self._lanes: dict[str, Lane] = {}

    @asynccontextmanager
    async def towards(self, peer: str) -> AsyncIterator[Lane]:
        """The lane to `peer`, which everybody shares who is on it at the same time."""
        lane = self._lanes.setdefault(peer, Lane(self._places))
        lane.guests += 1
        try:
            yield lane
        finally:
            lane.guests -= 1
            if not lane.guests:
                del self._lanes[peer]
