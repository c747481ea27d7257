"""Amounts and currencies: ISO 4217 by either code, and amounts as people of two languages write them."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from threedsecure.cards.currencies import by_number

_SYMBOLS: Final = {"EUR": "€", "GBP": "£"}


@cache
def exponents() -> Mapping[str, int]:
    """The decimals of the minor unit of every currency that has one, by its numeric code."""
    return {number: known.exponent for number, known in by_number().items() if known.exponent is not None}


def amount_text(amount: int, currency: str, language: str) -> str:
    """`amount` in minor units, `currency` a numeric code: "42,00 €" in French, "€42.00" in English."""
    code = by_number()[currency].code
    number = decimal_text(amount, currency)
    symbol = _SYMBOLS.get(code)
    if language == "fr":
        return f"{number.replace('.', ',')}\N{NO-BREAK SPACE}{symbol or code}"
    return f"{symbol}{number}" if symbol else f"{code}\N{NO-BREAK SPACE}{number}"


def decimal_text(amount: int, currency: str) -> str:
    """`amount` in minor units with a decimal point: "42.00"."""
    exponent = exponents()[currency]
    whole, decimals = divmod(amount, 10**exponent)
    return f"{whole}.{decimals:0{exponent}}" if exponent else str(whole)
