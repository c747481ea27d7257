"""Where identifiers and codes come from: the operating system, or a seed when a run has to be repeatable.

Keys never come from here.
"""

import random
import secrets
from uuid import UUID


class Randomness:
    """One source per running simulator. With `seed=None` it is the operating system's."""

    def __init__(self, seed: int | None = None) -> None:
        self._random: random.Random = secrets.SystemRandom()
        self.seed(seed)

    def seed(self, seed: int | None, *, of: str | None = None) -> None:
        """Start a repeatable sequence, or go back to the operating system's randomness with None. `of`: whose sequence, where
        several processes must not draw the same."""
        drawn_from = seed if of is None else f"{seed} of {of}"
        self._random = secrets.SystemRandom() if seed is None else random.Random(drawn_from)  # noqa: S311 - repeatable on purpose

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)

    def digits(self, count: int) -> str:
        return str(self._random.randrange(10**count)).zfill(count)

    def uuid(self) -> str:
        """A version 4 UUID in canonical text (RFC 4122), as every EMV 3DS transaction identifier is."""
        return str(UUID(bytes=self._random.randbytes(16), version=4))
