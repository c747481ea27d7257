"""The namespaces of a simulator, as who makes, lists and ends them sees them (`threedsecure.web.serving.ways` serves them)."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct


class Namespace(Struct, frozen=True):
    """One that is there. `addresses`: of its parties, by their names; `used_at`: the last time that somebody asked it for something
    (real time, like `made_at`); `idle_seconds`: after so long without that it ends."""

    name: str
    addresses: dict[str, str]
    made_at: datetime
    used_at: datetime
    idle_seconds: float


class Namespaces(Protocol):
    """Those of one simulator."""

    def listed(self) -> list[Namespace]:
        """By their names."""
        ...

    async def made(self, name: str, *, seed: int | None, idle_seconds: float) -> tuple[Namespace, bool]:
        """The namespace of that name, and whether it is new. Errors: `Problem` 409 where there can be none, 503 where there are as
        many as may be."""
        ...

    async def ended(self, name: str) -> bool:
        """End it and forget all that it holds; whether it was there."""
        ...
