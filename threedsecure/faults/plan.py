"""The faults in force, and which of them a message meets. Pure but for what it remembers: it counts, and what is spent is gone."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from threedsecure.faults.documents import Count, Fault, FaultRefused, as_document, read

MAX_FAULTS: Final = 1_000
MAX_GONE: Final = 10_000
CHANCES: Final = 1_000_000


@dataclass(slots=True)
class Armed:
    """A fault in force. `met`: how many messages fitted so far; `fired`: how often it happened."""

    id: str
    fault: Fault
    met: int = 0
    fired: int = 0

    def document(self) -> dict[str, Any]:
        """As the control API tells it."""
        return {"id": self.id, **as_document(self.fault), "fired": self.fired}


@dataclass(frozen=True, slots=True)
class Situation:
    """A message on its way. `names`: every identifier that its transaction is known by, and the number of its card."""

    at: str
    sender: str
    names: Collection[str] = frozenset()


@dataclass(slots=True)
class Plan:
    """`active` is what the request path looks at. `changed` is called after every change of what is in force."""

    active: bool = False
    _watching: bool = False
    changed: Callable[[], None] | None = None
    _armed: dict[str, Armed] = field(default_factory=dict)
    _gone: dict[str, None] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Armed]:
        return iter(list(self._armed.values()))

    def __len__(self) -> int:
        return len(self._armed)

    @property
    def scoped(self) -> bool:
        """Whether any fault is limited to a card or a transaction."""
        return any(armed.fault.card or armed.fault.transaction for armed in self._armed.values())

    def arm(self, identifier: str, fault: Fault) -> Armed:
        """Put a fault in force. Errors: `FaultRefused` when there are too many."""
        if len(self._armed) >= MAX_FAULTS:
            raise FaultRefused(f"{MAX_FAULTS} faults are in force already")
        armed = self._armed[identifier] = Armed(identifier, fault)
        self._settle()
        return armed

    def disarm(self, identifier: str) -> bool:
        """Whether it was in force."""
        known = self._armed.pop(identifier, None) is not None
        self._forget(identifier)
        self._settle()
        return known

    def watch(self, *, watching: bool) -> None:
        """Keep an eye on messages although nothing is in force: something that fired is not over yet."""
        self._watching = watching
        self.active = watching or bool(self._armed)

    def clear(self) -> None:
        self._armed.clear()
        self._watching = False
        self._settle()

    def documents(self) -> list[dict[str, Any]]:
        """All that is in force, as `replace` takes it."""
        return [armed.document() for armed in self]

    def replace(self, documents: Sequence[dict[str, Any]]) -> None:
        """Make these the faults in force; one that was there already goes on counting, and one that is over stays over, since
        whoever tells may not have heard. Errors: `FaultRefused`, nothing changed."""
        if len(documents) > MAX_FAULTS:
            raise FaultRefused(f"{len(documents)} faults are too many: {MAX_FAULTS} at most")
        wanted = [one for one in map(_armed, documents) if one.id not in self._gone]
        kept = self._armed
        self._armed = {
            one.id: kept[one.id] if one.id in kept and kept[one.id].fault == one.fault else one for one in wanted
        }
        self._settle()

    def meet(
        self, situation: Situation, draw: Callable[[int], int], applies: Callable[[Fault], bool] = lambda _fault: True
    ) -> list[Armed]:
        """The faults that happen to this message, in the order in which they were armed. `draw(n)`: a number below n, from the
        seeded source. `applies`: whether there is something in the message that a fault can happen to."""
        struck = [
            armed for armed in self if _fits(armed.fault, situation) and applies(armed.fault) and _happens(armed, draw)
        ]
        spent = [armed for armed in struck if _spent(armed.fault)]
        for armed in struck:
            armed.fired += 1
        for armed in spent:
            del self._armed[armed.id]
            self._forget(armed.id)
        if spent:
            self._settle()
        return struck

    def met_elsewhere(self, identifier: str) -> None:
        """Another process has counted a message for this fault."""
        armed = self._armed.get(identifier)
        if armed is None:
            return
        armed.met += 1
        when = armed.fault.when
        if when == "next" or (isinstance(when, Count) and when.nth is not None and armed.met >= when.nth):
            del self._armed[identifier]
            self._forget(identifier)
            self._settle()

    def _forget(self, identifier: str) -> None:
        self._gone[identifier] = None
        if len(self._gone) > MAX_GONE:
            del self._gone[next(iter(self._gone))]

    def _settle(self) -> None:
        self.active = self._watching or bool(self._armed)
        if self.changed is not None:
            self.changed()


def _armed(document: dict[str, Any]) -> Armed:
    rest = {name: value for name, value in document.items() if name not in {"id", "fired"}}
    identifier, fired = document.get("id"), document.get("fired", 0)
    if not isinstance(identifier, str) or not identifier:
        raise FaultRefused("a fault in force has an id")
    return Armed(identifier, read(rest), fired=fired if isinstance(fired, int) else 0)


def _fits(fault: Fault, situation: Situation) -> bool:
    return (
        fault.at == situation.at
        and fault.sent_by == situation.sender
        and (fault.card is None or fault.card in situation.names)
        and (fault.transaction is None or fault.transaction.lower() in situation.names)
    )


def _happens(armed: Armed, draw: Callable[[int], int]) -> bool:
    armed.met += 1
    when = armed.fault.when
    if not isinstance(when, Count):
        return True
    if when.nth is not None:
        return armed.met == when.nth
    return draw(CHANCES) < (when.probability or 0) * CHANCES


def _spent(fault: Fault) -> bool:
    return fault.when == "next" or (isinstance(fault.when, Count) and fault.when.nth is not None)
