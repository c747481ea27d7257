"""Amounts of money as people write them. The rules are those of Unicode CLDR for the seven languages of the pages."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from threedsecure.cards.currencies import by_number

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_NARROW: Final = "\N{NARROW NO-BREAK SPACE}"


class _Style(Struct, frozen=True):
    """`first`: the currency stands before the number. `gap`: what stands between a symbol and the number (a code always takes
    a space). `grouping_from`: the fewest digits before the decimal sign that are grouped."""

    group: str
    decimal: str
    first: bool = False
    gap: str = _NO_BREAK
    grouping_from: int = 4


_STYLES: Final[Mapping[str, _Style]] = MappingProxyType(
    {
        "en": _Style(",", ".", first=True, gap=""),
        "fr": _Style(_NARROW, ","),
        "de": _Style(".", ","),
        "es": _Style(".", ",", grouping_from=5),
        "it": _Style(".", ",", grouping_from=5),
        "nl": _Style(".", ",", first=True),
        "pt": _Style(_NO_BREAK, ",", grouping_from=5),
    }
)
_SYMBOLS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {"GBP": "£", "USD": "$", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "CNY": "CN¥", "BRL": "R$", "INR": "₹"},
        "fr": {"GBP": "£GB", "USD": "$US", "CAD": "$CA", "AUD": "$AU", "BRL": "R$", "INR": "₹"},
        "de": {"GBP": "£", "USD": "$", "JPY": "¥", "CAD": "CA$", "AUD": "AU$", "CNY": "CN¥", "BRL": "R$", "INR": "₹"},
        "es": {"USD": "US$"},
        "it": {"GBP": "£", "CAD": "CA$", "AUD": "A$", "CNY": "CN¥"},
        "nl": {
            "GBP": "£",
            "USD": "US$",
            "JPY": "JP¥",
            "CAD": "C$",
            "AUD": "AU$",
            "CNY": "CN¥",
            "BRL": "R$",
            "INR": "₹",
        },
        "pt": {
            "GBP": "£",
            "USD": "US$",
            "JPY": "JP¥",
            "CAD": "CA$",
            "AUD": "AU$",
            "CNY": "CN¥",
            "BRL": "R$",
            "INR": "₹",
        },
    }
)
"""What stands for a currency where that is not its code; the euro's sign is the same in all languages."""


def alphabetic_code(currency: str) -> str:
    """The alphabetic code of a numeric one (ISO 4217), "978" → "EUR"; a number that means nothing stands for itself."""
    known = by_number().get(currency)
    return currency if known is None else known.code


def amount_text(amount: int, currency: str, exponent: int, language: str) -> str:
    """`amount` in minor units, `currency` numeric (ISO 4217) or empty, `exponent` the number of decimals; "42,00 €" in French."""
    style = _STYLES[language]
    if not currency:
        return _number(amount, exponent, style)
    code = alphabetic_code(currency)
    symbol = "€" if code == "EUR" else _SYMBOLS[language].get(code)
    number = _number(amount, exponent, style)
    gap = style.gap if symbol else _NO_BREAK
    return f"{symbol or code}{gap}{number}" if style.first else f"{number}{gap}{symbol or code}"


def _number(amount: int, exponent: int, style: _Style) -> str:
    whole, decimals = divmod(amount, 10**exponent)
    digits = str(whole)
    if len(digits) >= style.grouping_from:
        digits = f"{whole:,}".replace(",", style.group)
    return f"{digits}{style.decimal}{decimals:0{exponent}}" if exponent else digits
