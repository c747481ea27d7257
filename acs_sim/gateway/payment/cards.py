"""The card that a buyer types: is it a card number, which schemes are on it, and what do vendors' own test numbers stand for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from acs_sim.client.card_list import expiry, grouped
from acs_sim.client.demo import card_of
from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.monetico import form as monetico
from threedsecure.cards.card_numbers import luhn_valid
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import networks
from threedsecure.cards.test_cards import compose

APPROVED: Final = "00"
DO_NOT_HONOUR: Final = "05"


def preferred(names: tuple[str, ...], brand: str | None) -> tuple[str, ...]:
    """The schemes of a card, that of the buyer's choice first (Regulation (EU) 2015/751, Article 8: of a co-badged card the buyer
    chooses the brand)."""
    if brand is None or brand not in names:
        return names
    return (brand, *(name for name in names if name != brand))


@dataclass(frozen=True, slots=True)
class VendorCard:
    """What a vendor's published test number does here: it plays a card of the simulator, and the acquirer answers as told.

    `plays`: a card number, or None for a card that is in no card range."""

    plays: str | None
    acquirer_answer: str
    luhn: bool = True


_CHALLENGED: Final = compose("visa", SCENARIOS["challenge-otp"], serial="9001")
VENDOR_CARDS: Final[Mapping[str, Mapping[str, VendorCard]]] = MappingProxyType(
    {
        e_transactions.MANNER: MappingProxyType(
            {
                "1111222233334444": VendorCard(_CHALLENGED, APPROVED),
                "4012001037141112": VendorCard(_CHALLENGED, APPROVED),
            }
        ),
        monetico.MANNER: MappingProxyType(
            {
                "0000010000000003": VendorCard(None, DO_NOT_HONOUR, luhn=False),
                "0000010000000004": VendorCard(_CHALLENGED, DO_NOT_HONOUR, luhn=False),
                "0000010000000005": VendorCard(_CHALLENGED, APPROVED, luhn=False),
            }
        ),
    }
)
"""The only numbers that a vendor prints and the simulator knows. Monetico's three do not pass the Luhn test, and its page lets
them through."""


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as typed and found good. `pan`: the number that is played, `typed`: the number on the form; `expiry` YYMM."""

    pan: str
    typed: str
    expiry: str
    acquirer_answer: str


class CardRefused(ValueError):
    """`faults`: field of the page (`card_number`, `expiry`, `cryptogram`) → a word of the texts."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(", ".join(faults.values()))
        self.faults = faults


def read_entry(
    manner: str, number: str, expiry: str, cryptogram: str, now: datetime, brand: str | None = None
) -> CardEntry:
    """`number` may hold spaces; `expiry` is MM/YY; cards are good to the end of their month; `brand`: the only one that is taken.
    Errors: `CardRefused`."""
    typed = re.sub(r"[ \u00a0-]", "", number)
    vendor = VENDOR_CARDS.get(manner, {}).get(typed)
    good_until = _expiry(expiry)
    faults = {}
    if not _is_number(typed) or (not luhn_valid(typed) and (vendor is None or vendor.luhn)):
        faults["card_number"] = "bad-card-number"
    elif brand is not None and brand not in networks((vendor.plays if vendor else None) or typed):
        faults["card_number"] = "brand-not-taken"
    if good_until is None:
        faults["expiry"] = "bad-expiry"
    elif good_until < f"{now:%y%m}":
        faults["expiry"] = "card-expired"
    if not re.fullmatch(r"[0-9]{3,4}", cryptogram.strip()):
        faults["cryptogram"] = "bad-cryptogram"
    if faults:
        raise CardRefused(faults)
    played = (vendor.plays or typed) if vendor else typed
    return CardEntry(played, typed, good_until or "", vendor.acquirer_answer if vendor else APPROVED)


def ready_card(words: str, now: datetime) -> dict[str, str]:
    """What lies ready in the form where a demo wishes for a card (`card_words` of `acs_sim.client.demo`), else nothing."""
    card = card_of(words)
    if card is None:
        return {}
    until, cryptogram = expiry(now), "1234" if card.scheme == "amex" else "123"
    return {"card_number": grouped(card.pan), "expiry": f"{until[2:]}/{until[:2]}", "cryptogram": cryptogram}


def _is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and 13 <= len(typed) <= 19


def _expiry(text: str) -> str | None:
    """MM/YY, also MMYY and MM/YYYY, as YYMM."""
    match = re.fullmatch(r"(0[1-9]|1[0-2]) ?/? ?(?:20)?([0-9]{2})", text.strip(), re.ASCII)
    return match[2] + match[1] if match else None
