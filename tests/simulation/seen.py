"""What everybody beyond the simulator saw of it, against which its promises are held."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.simulation.story import Buy
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS
from threedsecure.cards.test_cards import compose, phone_number, read

OPEN: Final = frozenset({None, "C", "D"})
"""What is no result yet."""


@dataclass
class Purchase:
    """One purchase as those saw it who took part. `told`: each result that anybody was told, by whom, in the order in which it was
    told; `submitted`: what the cardholder typed; `wrong`: page and value of each answer that was told to be wrong."""

    buy: Buy
    pan: str
    phone: str
    server_id: str | None = None
    acs_id: str | None = None
    shop_id: str | None = None
    xid: str | None = None
    ares: dict[str, Any] | None = None
    told: list[tuple[str, str]] = field(default_factory=list)
    submitted: set[str] = field(default_factory=set)
    wrong: set[tuple[str, str]] = field(default_factory=set)
    outcomes: list[str] = field(default_factory=list)
    acts: int = 0

    @property
    def name(self) -> str:
        return self.buy.name

    def hears(self, who: str, status: str | None) -> None:
        """Somebody says how it ended."""
        if status not in OPEN:
            self.told.append((who, str(status)))


@dataclass
class Seen:
    """`broken`: promises that were seen broken on the way, by name, with the words. `rreqs`: those that came, byte for byte, by
    their acsTransID."""

    purchases: dict[str, Purchase] = field(default_factory=dict)
    rreqs: dict[str, set[bytes]] = field(default_factory=dict)
    texts: dict[str, set[str]] = field(default_factory=dict)
    """Codes by the reference that they were sent for."""
    broken: list[tuple[str, str]] = field(default_factory=list)

    def begin(self, buy: Buy) -> Purchase:
        scheme, scenario, serial = buy.card
        table = V1_SCENARIOS if buy.version == "1.0.2" else SCENARIOS
        pan = compose(scheme, table[scenario], serial=serial)
        card = read(pan)
        if card is None:
            raise ValueError(f"{pan} is no test card")
        self.purchases[buy.name] = purchase = Purchase(buy, pan, phone_number(card))
        return purchase

    def note_text(self, message: Mapping[str, Any]) -> None:
        if message.get("code"):
            self.texts.setdefault(str(message.get("reference")), set()).add(str(message["code"]))

    def breaks(self, promise: str, words: str) -> None:
        self.broken.append((promise, words))
