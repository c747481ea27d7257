"""What tests say, as the control API takes it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

WAIT_SECONDS: Final = 10.0


def written(step: str | timedelta) -> str:
    """A step of the clock. Errors: `ValueError` for parts of a second."""
    if isinstance(step, str):
        return step
    if step.microseconds:
        raise ValueError("the clock advances by whole seconds")
    return f"{step.days * 86_400 + step.seconds}s"


def instant_of(instant: str | datetime) -> str:
    return instant if isinstance(instant, str) else instant.isoformat()


def deed(do: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"do": do, **more}
