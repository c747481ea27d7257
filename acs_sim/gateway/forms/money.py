"""Amounts and currencies: ISO 4217 by either code, and amounts as people of two languages write them."""

from dataclasses import dataclass
from typing import Final

from iso4217 import Currency as IsoCurrency


@dataclass(frozen=True, slots=True)
class Currency:
    """`code`: alphabetic; `number`: three digits; `exponent`: decimals of the minor unit."""

    code: str
    number: str
    exponent: int


_ALL: Final = tuple(
    Currency(known.code, f"{known.number:03}", known.exponent)
    for known in IsoCurrency
    if known.number and known.exponent is not None
)
BY_NUMBER: Final = {currency.number: currency for currency in _ALL}
BY_CODE: Final = {currency.code: currency for currency in _ALL}
_SYMBOLS: Final = {"EUR": "€", "GBP": "£"}


def amount_text(amount: int, currency: str, language: str) -> str:
    """`amount` in minor units, `currency` a numeric code: "42,00 €" in French, "€42.00" in English."""
    known = BY_NUMBER[currency]
    number = decimal_text(amount, currency)
    symbol = _SYMBOLS.get(known.code)
    if language == "fr":
        return f"{number.replace('.', ',')}\N{NO-BREAK SPACE}{symbol or known.code}"
    return f"{symbol}{number}" if symbol else f"{known.code}\N{NO-BREAK SPACE}{number}"


def decimal_text(amount: int, currency: str) -> str:
    """`amount` in minor units with a decimal point: "42.00"."""
    exponent = BY_NUMBER[currency].exponent
    whole, decimals = divmod(amount, 10**exponent)
    return f"{whole}.{decimals:0{exponent}}" if exponent else str(whole)
