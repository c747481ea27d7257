"""The banks that issue the test cards. They are invented, and differ in name, look and, where asked for, in the host that serves
their pages."""

from typing import Final

from msgspec import Struct

from threedsecure.cards.test_cards import read
from threedsecure.secrets.remembering import remembering


class Bank(Struct, frozen=True):
    """`key`: the first label of its host name."""

    key: str
    name: str


BANKS: Final = (
    Bank("banque-imaginaire", "Banque Imaginaire"),
    Bank("credit-fictif", "Crédit Fictif"),
    Bank("caisse-des-contes", "Caisse des Contes"),
    Bank("banque-exemple", "Banque Exemple"),
)


@remembering(1024)
def bank_of(pan: str) -> Bank:
    """The bank that issued a test card: its serial, divided by the number of banks, leaves the place of the bank. The first bank
    has the cards of the list, whose serial is 0, and every number that is no test card."""
    known = read(pan)
    return BANKS[int(known.serial) % len(BANKS)] if known is not None else BANKS[0]
