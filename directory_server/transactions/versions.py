"""Comparing protocol versions."""

from threedsecure.secrets.remembering import remembering


def at_least(version: str, other: str) -> bool:
    """Whether `version` is `other` or newer. Both are digits and dots, as messageVersion is."""
    return _numbers(version) >= _numbers(other)


@remembering(64)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
