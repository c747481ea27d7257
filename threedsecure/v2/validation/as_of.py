"""Which day's rules are in force, as a setting says it."""

from datetime import date, datetime
from typing import Final

NONE: Final = "none"
TODAY: Final = "today"
"""The day of the simulator's clock."""


def written(rules_as_of: str) -> str:
    """`today`, `none` or a date, as given. Errors: `ValueError` for anything else."""
    if rules_as_of not in (NONE, TODAY):
        date.fromisoformat(rules_as_of)
    return rules_as_of


def day_of(rules_as_of: str, now: datetime) -> str | None:
    """The day (ISO 8601) whose rules are in force, None for none."""
    if rules_as_of == NONE:
        return None
    return f"{now:%Y-%m-%d}" if rules_as_of == TODAY else rules_as_of
