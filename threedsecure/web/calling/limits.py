"""How many calls to one peer are under way, and how many may be: one that is silent takes a share of what a party can do at a
time, and never all of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from threedsecure.errors import PeerUnreachable
from threedsecure.secrets.remembering import remembering

SHARE: Final = 2
"""Of as many requests as a party works on at a time, one part in so many may wait for the same peer."""
MOST_TO_ONE_PEER: Final = 1_000


class PeerBusy(PeerUnreachable):
    """As many calls to it are under way as may be."""


class PeerLimits:
    """The calls of one process, by peer: scheme, host and port."""

    def __init__(self, most: int = MOST_TO_ONE_PEER) -> None:
        """`most`: calls to one peer at a time."""
        self._most = most
        self._under_way: Counter[str] = Counter()
        self.refused = 0
        """How many calls found no place since the start."""

    @property
    def under_way(self) -> int:
        return self._under_way.total()

    @contextmanager
    def entered(self, url: str) -> Iterator[None]:
        """Errors: `PeerBusy`."""
        peer = peer_of(url)
        if self._under_way[peer] >= self._most:
            self.refused += 1
            raise PeerBusy(url, f"{self._most} calls to it are under way already, as many as may be")
        self._under_way[peer] += 1
        try:
            yield
        finally:
            self._under_way[peer] -= 1
            if not self._under_way[peer]:
                del self._under_way[peer]


@remembering(1024, 2048)
def peer_of(url: str) -> str:
    """Who is called at an address; the address itself where it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url[:200]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"
