"""Comparing protocol versions."""

from functools import lru_cache


def at_least(version: str, other: str) -> bool:
    """Whether `version` is `other` or newer. Both are digits and dots, as messageVersion is."""
    return _numbers(version) >= _numbers(other)


@lru_cache(maxsize=64)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
