"""Where identifiers and codes come from: the operating system, or a seed when a run has to be repeatable.

Keys never come from here.
"""

import random
import secrets


class Randomness:
    """One source per running simulator. With `seed=None` it is the operating system's."""

    def __init__(self, seed: int | None = None) -> None:
        self._random: random.Random = secrets.SystemRandom()
        self.seed(seed)

    def seed(self, seed: int | None) -> None:
        """Start a repeatable sequence, or go back to the operating system's randomness with None."""
        self._random = secrets.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - repeatable on purpose

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)

    def digits(self, count: int) -> str:
        return str(self._random.randrange(10**count)).zfill(count)

    def uuid(self) -> str:
        """A version 4 UUID in canonical text (RFC 4122), as every EMV 3DS transaction identifier is."""
        raw = bytearray(self._random.randbytes(16))
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        digits = raw.hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
