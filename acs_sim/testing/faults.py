"""`threeds.faults`: what goes wrong on purpose, for tests of both kinds."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from acs_sim.testing.loop_thread import LoopThread

if TYPE_CHECKING:
    from acs_sim.testing.calls import Calls

When = str | Mapping[str, Any]
# What Python keeps for itself.
_WRITTEN: Final = {"sender": "from", "of": "with"}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in force, or one that was. `document` is all that the control API told of it when it was asked for."""

    id: str
    at: str
    do: str
    fired: int
    document: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Fault":
        return cls(document["id"], document["at"], document["do"], document["fired"], document)


class HasNumber(Protocol):
    """A card."""

    @property
    def pan(self) -> str: ...


class HasId(Protocol):
    """A transaction."""

    id: str


def fault_document(
    at: str,
    do: str,
    when: When,
    card: HasNumber | str | None,
    transaction: HasId | str | None,
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """A fault as the control API takes it."""
    limits = {
        "card": card if card is None or isinstance(card, str) else card.pan,
        "transaction": transaction if transaction is None or isinstance(transaction, str) else transaction.id,
    }
    given = {_WRITTEN.get(name, name): value for name, value in parameters.items()}
    known = {name: value for name, value in limits.items() if value is not None}
    return {"at": at, "do": do, "when": when, **known, **given}


class Faults:
    """What goes wrong on purpose (docs/faults.md). What a test asked for is taken back after it."""

    def __init__(self, loop: LoopThread, calls: "Calls") -> None:
        self._loop = loop
        self._calls = calls

    def arm(
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
        return Fault.read(self._loop.run(self._calls.arm(document)))

    def pack(self, name: str, card: HasNumber | str | None = None) -> list[Fault]:
        """Everything in a pack: `issuer-quirks`, `hostile`."""
        pan = card if card is None or isinstance(card, str) else card.pan
        return [Fault.read(one) for one in self._loop.run(self._calls.arm_pack(name, pan))]

    @contextmanager
    def during(
        self,
        at: str,
        do: str,
        *,
        when: When = "every",
        card: HasNumber | str | None = None,
        transaction: HasId | str | None = None,
        **parameters: Any,
    ) -> Iterator[Fault]:
        """The same for as long as the context lasts, and every time."""
        fault = self.arm(at, do, when=when, card=card, transaction=transaction, **parameters)
        try:
            yield fault
        finally:
            self.disarm(fault)

    def in_force(self) -> list[Fault]:
        """All that is in force, other tests' too, each with how often it has `fired`."""
        return [Fault.read(one) for one in self._loop.run(self._calls.faults())]

    def disarm(self, fault: Fault) -> None:
        """Take one back; one that was to happen once and has happened is gone already."""
        self._loop.run(self._calls.disarm(fault.id))

    def clear(self) -> None:
        """Have nothing go wrong any more, for other tests neither. What waits goes on."""
        self._loop.run(self._calls.clear_faults())

    def put_back(self) -> None:
        """Take back what tests of this process have asked for."""
        for fault_id in list(self._calls.armed):
            self._loop.run(self._calls.disarm(fault_id))


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
        for fault_id in list(self._calls.armed):
            await self._loop.awaited(self._calls.disarm(fault_id))
