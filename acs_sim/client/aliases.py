"""Card aliases: what a card does, under the names that testers know from other systems. Packs of them are data, in
`fixtures/aliases`; nothing uses one unless it is asked for by its name, `pack/alias`."""

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
from threedsecure.cards.scenarios import ALL_SCENARIOS, SCENARIOS, V1_SCENARIOS, V1_VERSION
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES, compose

SEPARATOR: Final = "/"
_COLUMNS: Final = ("alias", "card", "scenario", "what happens")


class NoSuchAlias(ValueError):
    """The words name the nearest."""


class Alias(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """`says`: what the other system calls it, or does. `scenario`, `version`, `reason`: as when a card is minted; `faults`: what
    goes wrong with every transaction of such a card."""

    name: str
    says: str
    scenario: str
    version: str | None = None
    reason: str | None = None
    faults: tuple[dict[str, Any], ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether a listed card does the same, so that none has to be minted."""
        return self.reason is None and not self.faults


class Pack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    about: str
    alias: tuple[Alias, ...]


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


def listed(pack: str, scheme: str | None = None) -> list[dict[str, Any]]:
    """What a pack holds, with the listed card of each alias that needs none of its own. Errors: `ValueError`."""
    check_known("pack", pack, packs())
    check_known("scheme", scheme, SCHEMES)
    return [_document(pack, alias, scheme or next(iter(SCHEMES))) for alias in packs()[pack].alias]


def as_table(rows: Sequence[dict[str, Any]]) -> str:
    """Aligned text, for a terminal."""
    return aligned(
        [_COLUMNS, *((row["alias"], row["pan"] or "mint one", row["scenario"], row["says"]) for row in rows)]
    )


def _all() -> Iterator[tuple[str, Alias]]:
    for name, pack in packs().items():
        yield from ((f"{name}{SEPARATOR}{alias.name}", alias) for alias in pack.alias)


def _document(pack: str, alias: Alias, scheme: str) -> dict[str, Any]:
    return {
        "alias": f"{pack}{SEPARATOR}{alias.name}",
        "says": alias.says,
        "scenario": alias.scenario,
        "pan": _listed_card(alias, scheme) if alias.is_plain else None,
    }


def _listed_card(alias: Alias, scheme: str) -> str | None:
    classic = alias.version == V1_VERSION or alias.scenario not in SCENARIOS
    if classic and scheme not in V1_SCHEMES:
        return None
    return compose(scheme, (V1_SCENARIOS if classic else ALL_SCENARIOS)[alias.scenario])
