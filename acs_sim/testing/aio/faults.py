"""`threeds.faults`: what goes wrong on purpose."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from acs_sim.testing.faults import Fault, HasId, HasNumber, When, fault_document
from acs_sim.testing.loop_thread import LoopThread

if TYPE_CHECKING:
    from acs_sim.testing.calls import Calls


class AsyncFaults:
    """What goes wrong on purpose (docs/faults.md). What a test asked for is taken back after it."""

    def __init__(self, loop: LoopThread, calls: "Calls") -> None:
        self._loop = loop
        self._calls = calls

    async def arm(
        self,
        at: str,
        do: str,
        *,
        when: When = "next",
        card: HasNumber | str | None = None,
        transaction: HasId | str | None = None,
        **parameters: Any,
    ) -> Fault:
        """Have `do` happen to the message `at`: the next one, every one (`when="every"`), the n-th (`{"nth": 3}`) or some
        (`{"probability": 0.2}`); of everybody, or of a `card` or a `transaction`. `parameters`: those of the kind; `sender` for
        from, `of` for with."""
        document = fault_document(at, do, when, card, transaction, parameters)
        return Fault.read(await self._loop.awaited(self._calls.arm(document)))

    async def pack(self, name: str, card: HasNumber | str | None = None) -> list[Fault]:
        """Everything in a pack: `issuer-quirks`, `hostile`."""
        pan = card if card is None or isinstance(card, str) else card.pan
        return [Fault.read(one) for one in await self._loop.awaited(self._calls.arm_pack(name, pan))]

    @asynccontextmanager
    async def during(
        self,
        at: str,
        do: str,
        *,
        when: When = "every",
        card: HasNumber | str | None = None,
        transaction: HasId | str | None = None,
        **parameters: Any,
    ) -> AsyncIterator[Fault]:
        """The same for as long as the context lasts, and every time."""
        fault = await self.arm(at, do, when=when, card=card, transaction=transaction, **parameters)
        try:
            yield fault
        finally:
            await self.disarm(fault)

    async def in_force(self) -> list[Fault]:
        """All that is in force, other tests' too, each with how often it has `fired`."""
        return [Fault.read(one) for one in await self._loop.awaited(self._calls.faults())]

    async def disarm(self, fault: Fault) -> None:
        """Take one back; one that was to happen once and has happened is gone already."""
        await self._loop.awaited(self._calls.disarm(fault.id))

    async def clear(self) -> None:
        """Have nothing go wrong any more, for other tests neither. What waits goes on."""
        await self._loop.awaited(self._calls.clear_faults())

    async def put_back(self) -> None:
        """Take back what tests of this process have asked for."""
        for fault_id in tuple(self._calls.armed):
            await self._loop.awaited(self._calls.disarm(fault_id))
