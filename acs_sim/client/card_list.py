"""The test cards as documents and as a table."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from acs_sim.client.tables import aligned
from threedsecure.cards.scenarios import ALL_SCENARIOS, SCENARIOS, V1_VERSION
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import TestCard, listed

# Any future expiry is accepted; the one that is shown stays in the future for years.
EXPIRY_YEARS_AHEAD: Final = 3
_COLUMNS: Final = ("pan", "expiry", "scheme", "scenario", "phone", "description")


def card_document(card: TestCard, now: datetime) -> dict[str, Any]:
    """A card in JSON, as docs/control-api.md describes it."""
    return {
        "pan": card.pan,
        "expiry": expiry(now),
        "scheme": card.scheme,
        "scenario": card.scenario.name,
        "versions": list(card.versions),
        "phone": card.phone,
        "description": card.scenario.description,
    }


def expiry(now: datetime) -> str:
    """An expiry date in the future, YYMM."""
    return f"{(now.year + EXPIRY_YEARS_AHEAD) % 100:02}12"


def grouped(pan: str) -> str:
    """A card number as it is printed on a card, with spaces."""
    if len(pan) == 15:
        return f"{pan[:4]} {pan[4:10]} {pan[10:]}"
    return " ".join(pan[start : start + 4] for start in range(0, len(pan), 4))


def listed_cards(
    *, scheme: str | None = None, scenario: str | None = None, version: str | None = None, now: datetime | None = None
) -> list[dict[str, Any]]:
    """The listed cards that match; with version 1.0.2 what 3-D Secure 1.0.2 plays.

    Errors: `ValueError` that names the schemes or scenarios there are."""
    check_known("scheme", scheme, SCHEMES)
    check_known("scenario", scenario, ALL_SCENARIOS)
    only_classic = scenario is not None and scenario not in SCENARIOS
    return [
        card_document(card, now or datetime.now(UTC))
        for card in listed(V1_VERSION if only_classic else version)
        if scheme in {None, card.scheme}
        and scenario in {None, card.scenario.name}
        and (version in {None, V1_VERSION} or version in card.versions)
    ]


def as_table(cards: Sequence[dict[str, Any]]) -> str:
    """The cards as aligned text, for a terminal."""
    return aligned([_COLUMNS, *(tuple(str(card[name]) for name in _COLUMNS) for card in cards)])


def check_known(kind: str, value: str | None, known: Collection[str]) -> None:
    """Errors: `ValueError` that names what there is."""
    if value is not None and value not in known:
        raise ValueError(f"there is no {kind} {value[:40]!r}; there are {', '.join(known)}")
