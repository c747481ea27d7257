"""Durations as people write them: `90s`, `10m`, `1h30m`, `7d`."""

import re
from datetime import timedelta
from typing import Final

MAX_DURATION: Final = timedelta(days=3660)

_WRITTEN = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Days, hours, minutes and seconds, in that order, each at most once. Errors: `ValueError` that says how to write it."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f"{text[:40]!r} is no duration: write it as 90s, 10m, 1h30m or 7d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if duration > MAX_DURATION:
        raise ValueError(f"{text[:40]!r} is longer than {MAX_DURATION.days} days")
    return duration
