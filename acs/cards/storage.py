"""What is kept of cards, as both generations of the protocol use it. The rows are the storage's (`acs.v2.storage`)."""

from collections.abc import Callable
from typing import Protocol

from acs.cards.records import Registration
from acs.cards.status import CardStatus


class CardStorage(Protocol):
    """Of each card: what it was told when it was minted, its status across purchases, and the counter of its codes."""

    async def register(self, registration: Registration) -> bool:
        """False when the card is registered already."""
        ...

    async def registration(self, pan: str) -> Registration | None: ...

    async def registrations(self) -> list[Registration]: ...

    async def card_status(self, pan: str) -> CardStatus: ...

    async def keep_status(self, pan: str, step: Callable[[CardStatus], CardStatus]) -> CardStatus:
        """The status after `step`, written."""
        ...

    async def reserve_counter(self, pan: str) -> int:
        """The card's next counter, which nobody gets again."""
        ...
