"""A challenge page to bend."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from acs.cardholder.pages import ChallengePage
from threedsecure.cards.schemes import SCHEMES

PLAIN = ChallengePage(
    language="en-GB",
    scheme=SCHEMES["visa"],
    issuer_name="Banque Imaginaire",
    merchant_name="Librairie des Quais",
    amount=4200,
    currency="978",
    exponent=2,
    masked_pan="•••• 0006",
    phone_hint="•• •• •• 01",
    action_url="/3ds2/challenge/answer",
    hidden={"acsTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", "page": "f00d"},
    notice=None,
    tries_left=3,
    can_resend=True,
    sent_at=datetime(2026, 6, 15, 12, 0, tzinfo=UTC),
    window_size="01",
)


def view(**changes: Any) -> ChallengePage:
    return replace(PLAIN, **changes)
