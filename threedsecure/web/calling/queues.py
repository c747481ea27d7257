"""Room on the way to each peer, for what is told it until it listens: for one that is silent as much waits as there are places in
its queue, and what is for the others passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class PeerQueue:
    """To one peer. `is_silent`: the last attempt failed."""

    def __init__(self, places: int) -> None:
        self.is_silent = False
        self.guests = 0
        self.places = asyncio.Semaphore(places)

    @property
    def is_full(self) -> bool:
        return self.places.locked()


class PeerQueues:
    """One for each peer to which something is on its way."""

    def __init__(self, places: int) -> None:
        """`places`: attempts at a time, in each."""
        self._places = places
        self._queues: dict[str, PeerQueue] = {}

    @asynccontextmanager
    async def towards(self, peer: str) -> AsyncIterator[PeerQueue]:
        """The queue to `peer`, which everybody shares who is on it at the same time."""
        queue = self._queues.setdefault(peer, PeerQueue(self._places))
        queue.guests += 1
        try:
            yield queue
        finally:
            queue.guests -= 1
            if not queue.guests:
                del self._queues[peer]
