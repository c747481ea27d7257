"""The card of a number, or a problem that names the nearest ones."""

from threedsecure.cards.card_numbers import mask
from threedsecure.cards.test_cards import TestCard, nearest, read
from threedsecure.web.wire import Problem


def known_card(pan: str) -> TestCard:
    """What the digits of `pan` say. Errors: `Problem` 404 that names the nearest cards."""
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
