"""Where identifiers and codes come from: the operating system, or a seed when a run has to be repeatable.

Keys never come from here.
"""

import random
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Final, TypeVar

from threedsecure.storage.errors import NameTaken

Result = TypeVar("Result")
MAX_THINGS: Final = 100_000
DRAWN_AHEAD: Final = 128
_VARIANTS: Final = {digit: "89ab"[number % 4] for number, digit in enumerate("0123456789abcdef")}
"""The first bits of the digit that tells how a UUID is laid out are 10."""


def _drawn_ahead() -> Iterator[str]:
    """16 bytes at a time of the operating system's, which is asked for many at once, as hexadecimal digits."""
    while True:
        drawn = secrets.token_hex(16 * DRAWN_AHEAD)
        yield from [drawn[start : start + 32] for start in range(0, len(drawn), 32)]


async def with_new_names(add: Callable[[], Awaitable[Result]]) -> Result:
    """What `add` gives as soon as the names that it draws are new: a sequence begun again draws what it has drawn before."""
    while True:
        with suppress(NameTaken):
            return await add()


class Randomness:
    """One source per running simulator. With `seed=None` it is the operating system's."""

    def __init__(self, seed: int | None = None) -> None:
        self._random: random.Random = secrets.SystemRandom()
        self._seed: int | str | None = None
        self._given: dict[tuple[str, ...], int] = {}
        self._ahead = _drawn_ahead()
        self.seed(seed)

    def seed(self, seed: int | None, *, of: str | None = None) -> None:
        """Start a repeatable sequence, or go back to the operating system's randomness with None. `of`: whose sequence, where
        several processes must not draw the same."""
        self._seed = seed if seed is None or of is None else f"{seed} of {of}"
        self._given.clear()
        self._random = secrets.SystemRandom() if seed is None else random.Random(self._seed)  # noqa: S311 - repeatable on purpose

    @property
    def repeats(self) -> bool:
        """Whether what is drawn may have been drawn before: after another start with the same seed."""
        return self._seed is not None

    def of(self, *names: str) -> "Randomness":
        """What is drawn for one thing alone, such as a transaction by its identifier. With a seed its draws are the same
        whatever else is drawn before or meanwhile, so that transactions that cross stay repeatable; without one, it is `self`.

        The second call for the same thing gives other draws than the first, and so on."""
        if self._seed is None:
            return self
        if len(self._given) >= MAX_THINGS:
            self._given.clear()
        number = self._given[names] = self._given.get(names, 0) + 1
        own = Randomness()
        own._random = random.Random("\0".join((str(self._seed), *names, str(number))))  # noqa: S311 - the same
        return own

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def below(self, bound: int) -> int:
        return self._random.randrange(bound)

    def digits(self, count: int) -> str:
        return str(self._random.randrange(10**count)).zfill(count)

    def uuid(self) -> str:
        """A version 4 UUID in canonical text (RFC 4122), as every EMV 3DS transaction identifier is."""
        from_system = type(self._random) is secrets.SystemRandom
        drawn = next(self._ahead) if from_system else self._random.randbytes(16).hex()
        return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{_VARIANTS[drawn[16]]}{drawn[17:20]}-{drawn[20:]}"
