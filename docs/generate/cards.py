"""The tables of test cards."""

from collections.abc import Iterator

from acs.v2.decision.outside import SCENARIO_OF
from acs_sim.client.card_list import grouped
from threedsecure.cards.scenarios import V1_VERSION
from threedsecure.cards.test_cards import listed


def emv() -> str:
    """Visa's cards, what EMV 3DS plays with them."""
    return "\n".join(_table())


def of_1_0_2() -> str:
    """Visa's cards of 3-D Secure 1.0.2."""
    return "\n".join(_table(V1_VERSION))


def _table(version: str | None = None) -> Iterator[str]:
    yield "| card | scenario | what happens |"
    yield "|---|---|---|"
    for card in listed(version):
        if card.scheme == "visa":
            yield f"| {grouped(card.pan)} | `{card.scenario.name}` | {card.scenario.description} |"


def methods() -> str:
    """How a decision service may have the cardholder asked, in docs/issuer-decides.md."""
    return ", ".join(f"`{method}`" for method in sorted(SCENARIO_OF))
