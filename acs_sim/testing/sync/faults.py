# Generated from acs_sim/testing/aio/faults.py by `python -m tests.support.twins`. Do not edit.
"""`threeds.faults`: what goes wrong on purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from acs_sim.testing.faults import Fault, HasId, HasNumber, When, fault_document
from acs_sim.testing.loop_thread import LoopThread

if TYPE_CHECKING:
    from acs_sim.testing.calls import Calls


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
        for fault_id in tuple(self._calls.armed):
            self._loop.run(self._calls.disarm(fault_id))
