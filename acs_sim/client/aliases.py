"""Card aliases: what a card does, under the names and numbers that testers know from other systems. Packs of them are data, in
`fixtures/aliases`; nothing uses one unless it is asked for by its name, `pack/alias`, or its pack is named in the settings."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
from msgspec import Struct

from acs_sim.client.card_list import check_known
from acs_sim.client.tables import aligned
from threedsecure.cards.card_numbers import mask
from threedsecure.cards.other_cards import OtherCard, OtherCards, nobodys_phone
from threedsecure.cards.scenarios import (
    ALL_SCENARIOS,
    NO_METHOD,
    NOT_ENROLLED_DIGIT,
    SCENARIOS,
    V1_SCENARIOS,
    V1_VERSION,
    VERSIONS,
)
from threedsecure.cards.schemes import SCHEMES, networks
from threedsecure.cards.test_cards import V1_SCHEMES, compose

SEPARATOR: Final = "/"
_COLUMNS: Final = ("alias", "card", "scenario", "what happens", "known to --aliases as")


class NoSuchAlias(ValueError):
    """The words name the nearest."""


class Alias(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`says`: what the other system calls it, or does. `scenario`, `version`, `reason`, `password`: as when a card is minted;
    `faults`: what goes wrong with every transaction of such a card. `cards`: the numbers that its documents print for it, by
    scheme, with a 3DS `method` or without; `cardholders`: the names that bring it about with any number that is printed. `page`:
    where it is said, when it is not the pack's page."""

    name: str
    says: str
    scenario: str
    version: str | None = None
    reason: str | None = None
    password: str | None = None
    faults: tuple[dict[str, Any], ...] = ()
    cards: dict[str, tuple[str, ...]] = {}
    method: bool = True
    cardholders: tuple[str, ...] = ()
    page: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether a listed card does the same, so that none has to be minted."""
        return self.reason is None and self.password is None and not self.faults


class Pack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`page`: the public document that says so."""

    about: str
    alias: tuple[Alias, ...]
    page: str | None = None

    @property
    def numbers(self) -> Iterator[tuple[str, str, Alias]]:
        """Every card number of the pack, with its scheme and what it stands for."""
        for alias in self.alias:
            yield from ((pan, scheme, alias) for scheme, pans in alias.cards.items() for pan in pans)


@cache
def packs() -> Mapping[str, Pack]:
    """Every pack by its name."""
    found = sorted((each for each in (files("fixtures") / "aliases").iterdir()), key=lambda each: each.name)
    return {
        each.name.removesuffix(".toml"): msgspec.convert(tomllib.loads(each.read_text()), Pack)
        for each in found
        if each.name.endswith(".toml")
    }


def is_alias(name: str) -> bool:
    """Whether `name` means an alias, and not a scenario."""
    return SEPARATOR in name


def find(name: str) -> Alias:
    """The alias `pack/alias`. Errors: `NoSuchAlias`."""
    known = dict(_all())
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are packs {', '.join(packs())}"
        raise NoSuchAlias(f"no card goes by {name[:60]!r}; {hint}")
    return known[name]


def other_cards(names: Sequence[str]) -> OtherCards:
    """The numbers that the packs of these names stand for. Errors: `ValueError` for a pack that does not exist or prints none, and
    for a number that two of them mean differently."""
    cards: dict[str, OtherCard] = {}
    by_name: dict[str, Mapping[str, Any]] = {}
    for name in names:
        check_known("pack", name, packs())
        pack = packs()[name]
        for pan, scheme, alias in pack.numbers:
            card = _card(pan, scheme, alias)
            if cards.setdefault(pan, card) != card:
                others = [
                    each for each in names if each != name and any(pan == one[0] for one in packs()[each].numbers)
                ]
                raise ValueError(f"{name} and {' and '.join(others)} mean different things by the card {mask(pan)}")
        for alias in pack.alias:
            by_name |= dict.fromkeys(alias.cardholders, _then(alias))
        if not any(pack.numbers):
            raise ValueError(f"{name} prints no card numbers: ask for its cards by their names, such as {name}/…")
    return OtherCards(cards, by_name)


def _card(pan: str, scheme: str, alias: Alias) -> OtherCard:
    borne = networks(pan)
    own = {"scheme": borne[0] if scheme in borne else scheme, "phone": nobodys_phone(pan)}
    known = SCENARIOS[alias.scenario]
    versions = () if known.version == NOT_ENROLLED_DIGIT else VERSIONS[known.version]
    setup = known.setup if alias.method else NO_METHOD
    return OtherCard(pan, scheme, alias.scenario, {**own, **_then(alias)}, versions, setup)


def _then(alias: Alias) -> dict[str, Any]:
    """In the words of a matching rule."""
    told = {"scenario": alias.scenario, "reason": alias.reason, "password": alias.password}
    fault = {"fault": alias.faults[0]} if alias.faults else {}
    return {name: value for name, value in told.items() if value is not None} | fault


def listed(pack: str, scheme: str | None = None) -> list[dict[str, Any]]:
    """What a pack holds, with the listed card of each alias that needs none of its own, and the numbers that its system prints for
    it. Errors: `ValueError`."""
    check_known("pack", pack, packs())
    check_known("scheme", scheme, SCHEMES)
    return [_document(pack, alias, scheme) for alias in packs()[pack].alias]


def as_table(rows: Sequence[dict[str, Any]]) -> str:
    """Aligned text, for a terminal."""
    told = (
        (row["alias"], row["pan"] or "mint one", row["scenario"], row["says"], " ".join(row["numbers"])) for row in rows
    )
    return aligned([_COLUMNS, *told])


def _all() -> Iterator[tuple[str, Alias]]:
    for name, pack in packs().items():
        yield from ((f"{name}{SEPARATOR}{alias.name}", alias) for alias in pack.alias)


def _document(pack: str, alias: Alias, scheme: str | None) -> dict[str, Any]:
    return {
        "alias": f"{pack}{SEPARATOR}{alias.name}",
        "says": alias.says,
        "scenario": alias.scenario,
        "pan": _listed_card(alias, scheme or next(iter(SCHEMES))),
        "numbers": [pan for brand, pans in alias.cards.items() if scheme in (None, brand) for pan in pans],
    }


def _listed_card(alias: Alias, scheme: str) -> str | None:
    if not alias.is_plain:
        return None
    classic = alias.version == V1_VERSION or alias.scenario not in SCENARIOS
    if classic and scheme not in V1_SCHEMES:
        return None
    return compose(scheme, (V1_SCENARIOS if classic else ALL_SCENARIOS)[alias.scenario])
