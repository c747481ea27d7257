"""`montant` as Monetico writes it, and JSON in base64. Pure."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from acs_sim.gateway.forms.money import decimal_text
from threedsecure.cards.currencies import by_code, by_number

_AMOUNT: Final = re.compile(r"(\d{1,10})(?:\.(\d{1,4}))?([A-Z]{3})")


def read_amount(text: str) -> tuple[int, str] | None:
    """`95.25EUR` as minor units and numeric currency; None when it is none, or has more decimals than the currency."""
    match = _AMOUNT.fullmatch(text)
    currency = by_code().get(match[3]) if match else None
    if match is None or currency is None or currency.exponent is None or len(match[2] or "") > currency.exponent:
        return None
    amount = int(match[1]) * 10**currency.exponent + int((match[2] or "").ljust(currency.exponent, "0") or "0")
    return (amount, currency.number) if amount else None


def amount_field(amount: int, currency: str) -> str:
    return f"{decimal_text(amount, currency)}{by_number()[currency].code}"


def base64_json(document: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(document, sort_keys=True).encode()).decode()


def read_authentication(text: str) -> dict[str, Any]:
    """The `authentification` JSON of an answer; empty when it is none (it may be the base64 of `null`)."""
    try:
        document = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
