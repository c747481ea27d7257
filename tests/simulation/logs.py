"""What the product says in its log, while it lives."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog

from tests.simulation.loop import OWNER


@contextmanager
def captured() -> Iterator[list[dict[str, Any]]]:
    """Every event, in the place of what would be printed."""
    events: list[dict[str, Any]] = []

    def keep(_logger: object, level: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        owner = OWNER.get()
        if owner is None or not owner.over:
            events.append({"level": level, **event})
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], cache_logger_on_first_use=False)
    try:
        yield events
    finally:
        structlog.configure(**before)
