"""Cards of other systems: numbers that somebody else's documents print for tests, and what they do here. Plain data.

They stand beside the grammar of our own test cards and win against it, since a number such as 4000 0000 0000 2503 means one thing
in a vendor's document and another by our digits. A simulator knows those that it was told of and no others.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from threedsecure.cards.scenarios import METHOD
from threedsecure.cards.schemes import networks


class OtherCard(Struct, frozen=True):
    """`then`: what the issuer does, in the words of a matching rule. `versions` that its range knows: none for a card that is not
    enrolled; `setup`: how its issuer is set up (`ISSUER_SETUPS`)."""

    pan: str
    scheme: str
    scenario: str
    then: Mapping[str, Any]
    versions: tuple[str, ...]
    setup: str = METHOD

    @property
    def schemes(self) -> tuple[str, ...]:
        """Whose directory servers know it: all the brands that it bears."""
        return tuple(dict.fromkeys((self.scheme, *networks(self.pan))))


class OtherCards(Struct, frozen=True):
    """`by_number`: the cards. `by_name`: what a cardholderName brings about with any of them, in the words of a matching rule."""

    by_number: Mapping[str, OtherCard]
    by_name: Mapping[str, Mapping[str, Any]]

    def __bool__(self) -> bool:
        return bool(self.by_number)

    def of(self, scheme: str) -> Iterator[OtherCard]:
        """Those that the directory server of `scheme` knows."""
        return (card for card in self.by_number.values() if scheme in card.schemes)

    def then(self, pan: object, cardholder_name: object = None) -> Mapping[str, Any] | None:
        """What the issuer does for such a card; None for any other number."""
        card = self.by_number.get(pan) if isinstance(pan, str) else None
        if card is None:
            return None
        told = self.by_name.get(cardholder_name) if isinstance(cardholder_name, str) else None
        return card.then if told is None else {**card.then, **told}


def nobodys_phone(pan: str) -> str:
    """The phone of a card that is no test card of ours: under +999, which belongs to no country."""
    return f"+9990000{pan[-8:]}"


NO_OTHER_CARDS: Final = OtherCards(MappingProxyType({}), MappingProxyType({}))
