"""A shop's own record of an order."""

from datetime import datetime

import msgspec

CARD = "card"
WAYS_TO_PAY = (CARD, "bank-transfer", "paypal")
"""Only the first leads to 3-D Secure."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`token`: its unguessable address; `lines`: quantity by product; `way`: of WAYS_TO_PAY; `window` and `version`: wishes of
    whoever plays the demo; `answer`: the sealed answer that was believed."""

    reference: str
    token: str
    shop: str
    amount: int
    currency: str
    lines: dict[str, int]
    language: str
    way: str
    created_at: datetime
    window: str | None = None
    version: str | None = None
    answer: dict[str, str] | None = None
