"""The card of a number, or a problem that names the nearest ones."""

from threedsecure.cards.card_numbers import mask
from threedsecure.cards.other_cards import OtherCards
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import TestCard, nearest, read
from threedsecure.web.wire import Problem


def known_card(pan: str, others: OtherCards) -> TestCard:
    """What `pan` stands for in another system that is known here, or what its digits say. Errors: `Problem` 404 that names the
    nearest cards."""
    other = others.by_number.get(pan)
    if other is not None:
        return TestCard(pan, other.scheme, other.versions, other.setup, SCENARIOS[other.scenario], pan[-5:-1])
    card = read(pan)
    if card is not None:
        return card
    near = [{"pan": c.pan, "scheme": c.scheme, "scenario": c.scenario.name} for c in nearest(pan)]
    raise Problem(
        404,
        "Not Found",
        f"the simulator does not know the card {mask(pan[:19])}; the nearest it knows are "
        + ", ".join(f"{card['pan']} ({card['scheme']} {card['scenario']})" for card in near),
        nearest=near,
    )
