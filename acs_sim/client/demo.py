"""What the desk's split screen and its shop agree on: by which name its purchases are found, and which card lies ready."""

from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS, V1_VERSION
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import TestCard, compose, read


def is_demo(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 8


def demo_name(demo: str) -> str:
    """The name that the ledger files the purchases of a split screen under."""
    return f"demo {demo}"


def card_words(scheme: str, scenario: str, serial: str, version: str) -> str:
    """A card without its number, which has no place in an address."""
    return "/".join((scheme, scenario, serial, version))


def card_of(words: str) -> TestCard | None:
    """The card of `card_words`; None where there is none."""
    scheme, scenario, serial, version, *_ = (*words.split("/"), "", "", "", "")
    found = (V1_SCENARIOS if version == V1_VERSION else SCENARIOS).get(scenario)
    if scheme not in SCHEMES or found is None or not (serial.isascii() and serial.isdigit() and len(serial) <= 4):
        return None
    return read(compose(scheme, found, serial=serial))
