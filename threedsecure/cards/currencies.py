"""Currencies (ISO 4217) by either code. The list is read when the first one is looked up, because reading it takes long."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from msgspec import Struct


class Currency(Struct, frozen=True):
    """`code`: three letters; `number`: three digits; `exponent`: decimals of the minor unit, None for what has no such unit."""

    code: str
    number: str
    exponent: int | None


@cache
def by_number() -> Mapping[str, Currency]:
    return MappingProxyType({currency.number: currency for currency in by_code().values()})


@cache
def by_code() -> Mapping[str, Currency]:
    from iso4217 import Currency as Listed

    known = (Currency(each.code, f"{each.number:03}", each.exponent) for each in Listed if each.number)
    return MappingProxyType({currency.code: currency for currency in known})
