"""The faults in force, and which of them a message meets. Pure but for what it remembers: it counts, and what is spent is told of
until everything is cleared."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import Struct

from threedsecure.faults.documents import as_document, read
from threedsecure.faults.fault import Count, Fault, FaultRefused
from threedsecure.faults.points import ARRIVALS

MAX_FAULTS: Final = 1_000
MAX_GONE: Final = 10_000
MAX_SPENT: Final = 1_000
CHANCES: Final = 1_000_000
MOST_CARDS: Final = 32


@dataclass(slots=True)
class Armed:
    """A fault in force. `met`: how many messages fitted so far; `fired`: how often it happened."""

    id: str
    fault: Fault
    met: int = 0
    fired: int = 0

    @property
    def last(self) -> int | None:
        """The number of the message that it happens to once and for all; None when it goes on."""
        when = self.fault.when
        return 1 if when == "next" else when.nth if isinstance(when, Count) else None

    def document(self) -> dict[str, Any]:
        """As the control API tells it."""
        return {"id": self.id, **as_document(self.fault), "fired": self.fired}


class Transit(Struct, frozen=True):
    """A message on its way. `names`: every identifier that its transaction is known by, and the number of its card."""

    at: str
    sender: str
    names: Collection[str] = frozenset()


@dataclass(slots=True)
class Plan:
    """`active` is what the request path looks at; `at_the_door`: whether something is to happen to what others send. `changed` is
    called after every change of what is in force."""

    active: bool = False
    at_the_door: bool = False
    _watching: bool = False
    changed: Callable[[], None] | None = None
    _armed: dict[str, Armed] = field(default_factory=dict)
    _gone: dict[str, None] = field(default_factory=dict)
    _spent: dict[str, Armed] = field(default_factory=dict)
    _cards: tuple[str, ...] = ()
    """Those that all of it is for; none where some is for whoever comes."""

    def __iter__(self) -> Iterator[Armed]:
        return iter(list(self._armed.values()))

    def __len__(self) -> int:
        return len(self._armed)

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

    def spend(self, identifier: str) -> None:
        """It has happened, and was to happen once: it is not in force any more, and told of."""
        armed = self._armed.pop(identifier, None)
        if armed is not None and armed.last is not None:
            armed.fired = max(armed.fired, 1)
            self._spent[identifier] = armed
            if len(self._spent) > MAX_SPENT:
                del self._spent[next(iter(self._spent))]
        self._forget(identifier)
        self._settle()

    def spent(self) -> list[dict[str, Any]]:
        """What has happened and was to happen once, since everything was cleared: the newest MAX_SPENT, oldest first."""
        return [armed.document() for armed in self._spent.values()]

    def is_over(self, identifier: str) -> bool:
        """Whether this fault was in force once."""
        return identifier in self._gone

    def watch(self, *, watching: bool) -> None:
        """Keep an eye on messages although nothing is in force: something that fired is not over yet."""
        self._watching = watching
        self._look()

    def spares(self, message: Mapping[str, Any]) -> bool:
        """Whether a message is an AReq that nothing can happen to, nor to its answer: all that is in force is for other cards."""
        return (
            bool(self._cards) and message.get("messageType") == "AReq" and message.get("acctNumber") not in self._cards
        )

    def may_spare(self, raw: bytes) -> bool:
        """Whether `spares` may say so of the message in `raw`, which is not decoded yet."""
        return (
            bool(self._cards)
            and b'"AReq"' in raw
            and b"\\" not in raw
            and not any(card.encode() in raw for card in self._cards)
        )

    def clear(self) -> None:
        self._armed.clear()
        self._spent.clear()
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
        wanted = [one for one in map(armed_of, documents) if not self.is_over(one.id)]
        kept = self._armed
        self._armed = {
            one.id: kept[one.id] if one.id in kept and kept[one.id].fault == one.fault else one for one in wanted
        }
        self._settle()

    def hold(self, armed: Iterable[Armed]) -> None:
        """Have exactly these in force: what happens to them is decided elsewhere, and told by `settle`."""
        self._armed = {one.id: one for one in armed}
        self._settle()

    def limited(self, at: str, sender: str) -> list[Fault]:
        """Those at this point that are for one card or one transaction."""
        here = Transit(at, sender)
        faults = [armed.fault for armed in self if _is_at(armed.fault, here)]
        return [fault for fault in faults if fault.card is not None or fault.transaction is not None]

    def fitting(self, transit: Transit, applies: Callable[[Fault], bool]) -> list[Armed]:
        """The faults that this message counts for. `applies`: whether there is something in it that a fault can happen to."""
        return [armed for armed in self if _fits(armed.fault, transit) and applies(armed.fault)]

    def meet(
        self, transit: Transit, draw: Callable[[int], int], applies: Callable[[Fault], bool] = lambda _fault: True
    ) -> list[Armed]:
        """The faults that happen to this message, in the order in which they were armed. `draw(n)`: a number below n, from the
        seeded source. `applies`: as for `fitting`."""
        fitting = self.fitting(transit, applies)
        drawn = [armed for armed in fitting if is_drawn(armed, draw)]
        for armed in fitting:
            armed.met += 1
        return self.settle(drawn, {armed.id: armed.met for armed in drawn})

    def settle(self, drawn: Sequence[Armed], met: Mapping[str, int]) -> list[Armed]:
        """Those of `drawn` that happen. `met`: which message this is for each, by the ids; one that is not there is over."""
        struck = [
            armed for armed in drawn if (number := met.get(armed.id)) is not None and armed.last in (None, number)
        ]
        for armed in struck:
            armed.fired += 1
        for armed in drawn:
            if armed.id not in met or (armed.last is not None and armed in struck):
                self.spend(armed.id)
        return struck

    def _forget(self, identifier: str) -> None:
        self._gone[identifier] = None
        if len(self._gone) > MAX_GONE:
            del self._gone[next(iter(self._gone))]

    def _settle(self) -> None:
        self._look()
        if self.changed is not None:
            self.changed()

    def _look(self) -> None:
        self.active = self._watching or bool(self._armed)
        self.at_the_door = any(armed.fault.at in ARRIVALS for armed in self._armed.values())
        cards = {None if armed.fault.reads_others else armed.fault.card for armed in self}
        limited = None not in cards and len(cards) <= MOST_CARDS and not self._watching
        self._cards = tuple(card for card in cards if card is not None) if limited else ()


def armed_of(document: dict[str, Any]) -> Armed:
    """A fault in force, as the control API tells it. Errors: `FaultRefused`."""
    rest = {name: value for name, value in document.items() if name not in {"id", "fired"}}
    identifier, fired = document.get("id"), document.get("fired", 0)
    if not isinstance(identifier, str) or not identifier:
        raise FaultRefused("a fault in force has an id")
    return Armed(identifier, read(rest), fired=fired if isinstance(fired, int) else 0)


def is_drawn(armed: Armed, draw: Callable[[int], int]) -> bool:
    """Whether chance, where it has a say, is for it."""
    when = armed.fault.when
    if not isinstance(when, Count) or when.nth is not None:
        return True
    return draw(CHANCES) < (when.probability or 0) * CHANCES


def _fits(fault: Fault, transit: Transit) -> bool:
    return (
        _is_at(fault, transit)
        and (fault.card is None or fault.card in transit.names)
        and (fault.transaction is None or fault.transaction.lower() in transit.names)
    )


def _is_at(fault: Fault, transit: Transit) -> bool:
    return fault.at == transit.at and fault.sent_by == transit.sender
