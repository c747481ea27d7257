"""The grammar of the test cards: every digit says what the card does, so any well-formed number works without registration.

    400000 0 0 0 10 0000 6
    │      │ │ │ │  │    └ check digit (Luhn)
    │      │ │ │ │  └ serial: four digits (three for American Express); 0000 is the card of the list, others are free to use
    │      │ │ │ └ what happens (SCENARIOS)
    │      │ │ └ how the issuer is set up (ISSUER_SETUPS)
    │      │ └ which versions the card range knows (VERSIONS); 8 is outside every range
    │      └ network: 0 the scheme's own, 2 co-badged with Cartes Bancaires (Visa 4000002, Mastercard 5200002)
    └ a prefix that schemes and processors publish for tests, never issued

The directory server reads the digits before the scenario (they form the card range), the ACS reads the rest.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from threedsecure.cards.card_numbers import luhn_check_digit, luhn_valid
from threedsecure.cards.plays import Ask, Method
from threedsecure.cards.scenarios import (
    ISSUER_SETUPS,
    NOT_ENROLLED_DIGIT,
    SCENARIOS,
    V1_DIGIT,
    V1_SCENARIOS,
    V1_VERSION,
    VERSIONS,
    Scenario,
)
from threedsecure.cards.schemes import SCHEMES, networks
from threedsecure.secrets.remembering import remembering

PREFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "visa": "4000000",
        "mastercard": "5200000",
        "amex": "3400000",
        "cb": "4000002",
        "jcb": "3530110",
        "discover": "6011000",
        "unionpay": "6200000",
    }
)
CO_BADGED: Final[Mapping[tuple[str, str], str]] = MappingProxyType({("cb", "mastercard"): "5200002"})
"""A scheme's cards with another brand beside it than those that are listed."""
_SCHEME_OF_PREFIX: Final = {
    **{prefix: scheme for scheme, prefix in PREFIXES.items()},
    **{prefix: scheme for (scheme, _), prefix in CO_BADGED.items()},
}
PREFIXES_WITH_BADGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        scheme: (own, *(prefix for prefix in _SCHEME_OF_PREFIX if prefix != own and scheme in networks(prefix)))
        for scheme, own in PREFIXES.items()
    }
)
"""The beginnings of the test cards that a scheme's directory server knows: its own, and those of co-badged cards."""


V1_SCHEMES: Final = tuple(key for key, scheme in SCHEMES.items() if scheme.classic_programme)

_SCENARIO_OF_DIGITS: Final = {(s.version, s.setup, s.code): s for s in (*V1_SCENARIOS.values(), *SCENARIOS.values())}
_SCENARIO_OF_CODE: Final = {s.code: s for s in (*V1_SCENARIOS.values(), *reversed(list(SCENARIOS.values())))}
_PHONE_DIGIT: Final = {prefix: str(index) for index, prefix in enumerate(_SCHEME_OF_PREFIX, start=1)}
_PHONES: Final = re.compile(r"\+3363998[1-8](?P<listed>\d\d)1|\+999[1-8](?P<version>\d)\d(?P<minted>\d\d)\d*", re.ASCII)
"""What `phone_number` writes, but for the numbers to which the network does something."""
_WITH_PASSKEYS: Final = frozenset(
    known.code
    for known in SCENARIOS.values()
    if isinstance(known.play, Ask) and known.play.method in (Method.PASSKEY, Method.SPC)
)


class TestCard(Struct, frozen=True):
    """A test card, read from its number. `versions` is empty when it is in no card range."""

    __test__ = False  # not a test class, whatever its name says to pytest

    pan: str
    scheme: str
    versions: tuple[str, ...]
    setup: str
    scenario: Scenario
    serial: str

    @property
    def phone(self) -> str:
        return phone_number(self)


def compose(
    scheme: str,
    scenario: Scenario,
    *,
    serial: str = "0",
    version: str | None = None,
    setup: str | None = None,
    beside: str | None = None,
) -> str:
    """The card number for a scenario; `serial` is padded with zeros, `version` is a digit of VERSIONS, `setup` one of
    ISSUER_SETUPS, `beside` the other brand on the card where it is not the one that is listed (CO_BADGED)."""
    length = SCHEMES[scheme].pan_lengths[0]
    prefix = CO_BADGED.get((scheme, beside or ""), PREFIXES[scheme])
    head = prefix + (version or scenario.version) + (setup or scenario.setup) + scenario.code
    body = head + serial.zfill(length - len(head) - 1)
    return body + luhn_check_digit(body)


@remembering(1024)
def read(pan: str) -> TestCard | None:
    """What the digits say, or None when the number is not one of ours."""
    scheme = _SCHEME_OF_PREFIX.get(pan[:7])
    if scheme is None or len(pan) not in SCHEMES[scheme].pan_lengths or not luhn_valid(pan):
        return None
    version, setup, code, serial = pan[7], pan[8], pan[9:11], pan[11:-1]
    known = (version, V1_DIGIT if version == V1_DIGIT else "0")
    scenario = next((found for each in known if (found := _SCENARIO_OF_DIGITS.get((each, setup, code)))), None)
    scenario = scenario or _SCENARIO_OF_CODE.get(code)
    if scenario is None or setup not in ISSUER_SETUPS or (version not in VERSIONS and version != NOT_ENROLLED_DIGIT):
        return None
    return TestCard(pan, scheme, VERSIONS.get(version, ()), setup, scenario, serial)


def phone_number(card: TestCard) -> str:
    """The cardholder's phone: for a listed card a number that the French regulator keeps for fiction (06 39 98 ...), for any
    other one under +999, which belongs to no country. Numbers that begin +33639989 or +9999 are lost, late, doubled or refused
    by the network, as the next digit says (0, 1, 2, 3)."""
    scheme = _PHONE_DIGIT.get(card.pan[:7], _PHONE_DIGIT[PREFIXES[card.scheme]])
    magic = f"9{card.scenario.sms}" if card.scenario.sms is not None else ""
    if card.serial.strip("0") == "":
        tail = f"{scheme}{card.scenario.code}"
        return f"+3363998{magic}{scheme}1" if magic else f"+3363998{tail}1"
    return f"+999{magic or scheme}{scheme if magic else ''}{card.pan[7:9]}{card.scenario.code}{card.serial}"


def may_have_passkeys(number: str) -> bool:
    """Whether `phone_number` gives this number to a card that is confirmed with a passkey."""
    found = _PHONES.fullmatch(number)
    return found is not None and found["version"] != V1_DIGIT and (found["listed"] or found["minted"]) in _WITH_PASSKEYS


def listed(version: str | None = None) -> Iterator[TestCard]:
    """The card of every scheme and scenario, in the order of the tables; with version 1.0.2 those that 3-D Secure 1.0.2 plays."""
    classic = version == V1_VERSION
    for scheme in V1_SCHEMES if classic else SCHEMES:
        for scenario in (V1_SCENARIOS if classic else SCENARIOS).values():
            card = read(compose(scheme, scenario))
            if card is None:
                raise ValueError(f"the grammar does not read its own card: {scheme} {scenario.name}")
            yield card


def nearest(pan: str, count: int = 3) -> list[TestCard]:
    """The listed cards that share the longest run of leading digits with `pan`: help for a number that is not ours."""

    def shared(card: TestCard) -> int:
        return next(
            (i for i, (a, b) in enumerate(zip(card.pan, pan, strict=False)) if a != b), min(len(card.pan), len(pan))
        )

    return sorted(listed(), key=shared, reverse=True)[:count]
