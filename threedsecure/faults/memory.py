"""Which identifiers and which card belong together, as far as messages that passed have told. It forgets the oldest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from threedsecure.paths import look_up

MAX_KNOWN: Final = 2_000
MAX_NAME: Final = 128
EMV_IDS: Final = ("threeDSServerTransID", "dsTransID", "acsTransID", "sdkTransID")
V1_IDS: Final = ("messageId", "acctID", "xid")
PATHS: Final = {"acctID": "CH.acctID", "xid": "Purchase.xid"}
_CARD: Final = {"AReq": "acctNumber", "VEReq": "pan"}


@dataclass(slots=True)
class Acquaintance:
    """One transaction. `ids`: by their names in the messages; `names`: these and everything else that it goes by."""

    ids: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    session: str | None = None
    card: str | None = None

    def take(self, other: "Acquaintance") -> None:
        self.ids |= other.ids
        self.names |= other.names
        self.session = other.session or self.session
        self.card = other.card or self.card


class Memory:
    """Of one running simulator, for as long as a fault is in force."""

    def __init__(self) -> None:
        self._known: dict[str, Acquaintance] = {}

    def learn(self, message: Mapping[str, Any], *, session: str | None = None) -> frozenset[str]:
        """What goes by the identifiers of `message`; returns all of its names, the number of its card too."""
        told = identifiers(message)
        card = message.get(_CARD.get(str(message.get("messageType")), ""))
        names = {name.lower() for name in told.values()}
        card = card[:MAX_NAME] if isinstance(card, str) else None
        if card is not None:
            names.add(card)
        if not told:
            return frozenset(names)
        one = Acquaintance(told, names, session, card)
        for found in {id(each): each for each in self._those(told.values())}.values():
            found.take(one)
            one = found
        for name in (*one.ids.values(), *told.values()):
            self._known.pop(name.lower(), None)
            self._known[name.lower()] = one
        self._forget()
        return frozenset(one.names)

    def knows(self, name: str) -> bool:
        """Whether a transaction that passed here goes by this name."""
        return name.lower() in self._known

    def card_of(self, told: Mapping[str, str]) -> str | None:
        """The card of the transaction with these identifiers, as far as it is known."""
        return next((one.card for one in self._those(told.values()) if one.card is not None), None)

    def are_apart(self, name: str, told: Mapping[str, str]) -> bool:
        """Whether the transaction that goes by `name` is known to be another one than that with these identifiers."""
        return any(value != told.get(kind, value) for one in self._those([name]) for kind, value in one.ids.items())

    def another(self, names: Iterable[str]) -> Acquaintance | None:
        """The transaction that was seen last and goes by none of `names`."""
        own = set(names)
        return next((one for one in reversed(self._known.values()) if not own & one.names), None)

    def another_session(self, names: Iterable[str]) -> str | None:
        own = set(names)
        others = (one.session for one in reversed(self._known.values()) if one.session and not own & one.names)
        return next(others, None)

    def forget(self) -> None:
        self._known.clear()

    def _those(self, names: Iterable[str]) -> list[Acquaintance]:
        return [self._known[name.lower()] for name in names if name.lower() in self._known]

    def _forget(self) -> None:
        while len(self._known) > MAX_KNOWN:
            del self._known[next(iter(self._known))]


def identifiers(message: Mapping[str, Any]) -> dict[str, str]:
    """The identifiers in a decoded message of either generation, by their names."""
    names = EMV_IDS if any(name in message for name in EMV_IDS) else V1_IDS
    found = {name: message.get(name) or look_up(message, PATHS.get(name, name)) for name in names}
    return {name: value for name, value in found.items() if _is_name(value)}


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME
