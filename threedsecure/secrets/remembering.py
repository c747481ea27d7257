"""What a process remembers of what it was asked. A peer writes texts as often and as long as it likes: so many are remembered, and
none that is longer than what belongs there."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

Answer = TypeVar("Answer")

LONGEST: Final = 256
"""Characters of a text that is remembered."""


def remembering(most: int, longest: int = LONGEST) -> Callable[[Callable[[str], Answer]], Callable[[str], Answer]]:
    """Answer at once what was asked before, for the last `most` texts of at most `longest` characters."""

    def kept(function: Callable[[str], Answer]) -> Callable[[str], Answer]:
        known = lru_cache(most)(function)

        @wraps(function)
        def asked(text: str) -> Answer:
            return known(text) if len(text) <= longest else function(text)

        return asked

    return kept
