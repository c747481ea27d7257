"""Telephone numbers in international form (ITU-T E.164): a plus sign and up to fifteen digits; and e-mail addresses, whose mail the
phone shows beside its texts."""

import re
from typing import Final

from threedsecure.addresses import REACHED_AT, is_email

_TAKEN: Final = re.compile(REACHED_AT)


class NumberNotValid(ValueError):
    """Neither a number in international form nor an e-mail address."""


def parse(text: str) -> str:
    """`text` itself when it is a number or an address. Errors: `NumberNotValid`."""
    if _TAKEN.fullmatch(text) is None:
        raise NumberNotValid("a phone number is written as in +33612345678: a plus sign and 7 to 15 digits")
    return text


def from_address(text: str) -> str:
    """A number that stood in an address, where a plus sign left unescaped may have become a space."""
    return parse("+" + text[1:] if text.startswith(" ") else text)


def display(number: str) -> str:
    """`number` in groups, for people: French ones as the French say them, others in threes after the country code."""
    if is_email(number):
        return number
    if number.startswith("+33") and len(number) == 12:
        return f"+33 {number[3]} " + _grouped(number[4:], 2)
    return f"{number[:4]} " + _grouped(number[4:], 3)


def _grouped(digits: str, size: int) -> str:
    return " ".join(digits[start : start + size] for start in range(0, len(digits), size))
