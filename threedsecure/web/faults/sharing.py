"""What the processes of one simulator share of its faults: what is in force is one list, and what happens once happens in one of
them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from threedsecure.faults import Armed, Fault


class Others(Protocol):
    """The other processes. What concerns what is in force returns when all of them go by it."""

    async def put(self, armed: Sequence[Armed]) -> None:
        """Have these in force as well. Errors: `FaultRefused` when there are too many."""
        ...

    async def put_instead(self, armed: Callable[[], Sequence[Armed]]) -> int:
        """End everything that is in force or waits, and have these in force; how many there were."""
        ...

    async def match(self, armed: Sequence[Armed]) -> None:
        """Have these in force and no others; one that is in force already goes on."""
        ...

    async def take(self, identifier: str) -> bool:
        """Whether it was in force."""
        ...

    async def documents(self) -> list[dict[str, Any]]:
        """All that is in force, as the control API tells it."""
        ...

    async def count(self, armed: Sequence[Armed]) -> Mapping[str, int]:
        """Count a message for these; which one it is for each, by the ids. One that is over meanwhile is not there."""
        ...

    async def acquaintances(self, faults: Sequence[Fault], told: Mapping[str, str]) -> list[Mapping[str, Any]]:
        """Messages that tell whether the transaction with the identifiers `told` is one that a fault is for."""
        ...

    async def latest(self) -> list[Mapping[str, Any]]:
        """Messages that tell the identifiers of the last transactions, oldest first."""
        ...

    async def hold(self, transaction_id: str) -> None:
        """Have all others say when they answer the AReq of this transaction."""
        ...

    def release(self, transaction_id: str) -> None:
        """The AReq of a transaction that a process waits for has been answered."""
        ...
