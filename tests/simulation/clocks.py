"""The wall clock of a simulation: what the product reads where it asks the machine for the time.

The product asks in few modules, and each is listed here; a test proves that there are no others.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any, Final

from acs_sim.desk.control import clock as desk_clock
from acs_sim.running import namespaces
from acs_sim.running.data import retention
from threedsecure.storage import on_sqlite
from threedsecure.storage.rows import leases
from threedsecure.web import clock

STARTED_AT: Final = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
BY_TIME: Final = (leases, on_sqlite, clock)
BY_DATETIME: Final = (desk_clock, namespaces, retention, clock)
SubstitutedAs = tuple[object, str, Any]


@contextmanager
def substituted(*parts: SubstitutedAs) -> Iterator[None]:
    """Each of `parts` (where, name, what) takes the place of what is there, for as long as the context lasts."""
    before = [(where, name, getattr(where, name)) for where, name, _ in parts]
    try:
        for where, name, what in parts:
            setattr(where, name, what)
        yield
    finally:
        for where, name, what in reversed(before):
            setattr(where, name, what)


def wall(seconds: Callable[[], float]) -> list[SubstitutedAs]:
    """What has the product's wall clock show STARTED_AT and `seconds()` more."""

    class VirtualDatetime(datetime):
        @classmethod
        def now(cls, _zone: tzinfo | None = None) -> datetime:
            return STARTED_AT + timedelta(seconds=seconds())

    epoch = STARTED_AT.timestamp()
    time = SimpleNamespace(time=lambda: epoch + seconds(), monotonic=seconds, perf_counter=seconds)
    return [
        (leases, "_STARTED", epoch),
        *((module, "time", time) for module in BY_TIME),
        *((module, "datetime", VirtualDatetime) for module in BY_DATETIME),
    ]
