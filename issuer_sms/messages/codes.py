"""Finding the SecureCode in the issuer's text, as a person does.

A code is a group of four to eight digits that stands alone and is neither an amount nor the end of a card number. Where a text
has several such groups, the first of these rules that finds one decides:

1. the group the text begins with, when it is said to be something (`123456 is your code`, `123456 est votre code`);
2. the group that follows a word for "code" (`code 123456`, `Your code is 123456`, `mot de passe : 123456`);
3. the group the text begins with;
4. the group right after a colon (`Paiement : 123456`);
5. the last group.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from iso4217 import Currency

_CODES: Final = "|".join(sorted(currency.code for currency in Currency))
_SYMBOLS: Final = "€$£¥₩₹₺₽"

_GROUP: Final = re.compile(
    r"(?<![\w.,+*•#/-])"  # not the tail of a word, a decimal, a phone or a masked card number, a date
    r"(?<!\d[ \u00a0\u202f])"  # not the second group of "1 2345"
    r"[0-9]{4,8}"
    r"(?![\w/])(?![.,-]\d)(?![ \u00a0\u202f]\d)"
)
_CURRENCY_BEFORE: Final = re.compile(rf"(?:[{_SYMBOLS}]|\b(?:{_CODES}))[ \u00a0\u202f]?$")
_CURRENCY_AFTER: Final = re.compile(rf"[ \u00a0\u202f]?(?:[{_SYMBOLS}]|(?:{_CODES})\b)")
_CODE_WORD: Final = re.compile(
    r"\b(?:secure ?code|passcode|code|kode|c[oó]digo|codice|otp|pin|m?tan|password|mot de passe|contraseña|kennwort|wachtwoord|"
    r"palavra-passe)\b[^\d.!?\n]{0,24}$",
    re.IGNORECASE,
)
_IS: Final = re.compile(r"\s+(?:is|est|ist|es|è|é)\b", re.IGNORECASE)
_COLON: Final = re.compile(r":\s*$")

Rule = Callable[[str, re.Match[str]], bool]

_RULES: Final[tuple[Rule, ...]] = (
    lambda text, group: _begins(text, group) and _IS.match(text, group.end()) is not None,
    lambda text, group: _CODE_WORD.search(text[: group.start()]) is not None,
    lambda text, group: _begins(text, group),
    lambda text, group: _COLON.search(text[: group.start()]) is not None,
)


def locate(text: str) -> slice | None:
    """Where the code stands in `text`, or None when it has none."""
    groups = list(_groups(text))
    for rule in _RULES:
        for group in groups:
            if rule(text, group):
                return slice(*group.span())
    return slice(*groups[-1].span()) if groups else None


def find(text: str) -> str | None:
    """The code in `text`, or None when it has none."""
    place = locate(text)
    return None if place is None else text[place]


def _begins(text: str, group: re.Match[str]) -> bool:
    return not text[: group.start()].strip()


def _groups(text: str) -> Iterator[re.Match[str]]:
    for group in _GROUP.finditer(text):
        before, after = text[: group.start()], text[group.end() :]
        if not (_CURRENCY_BEFORE.search(before) or _CURRENCY_AFTER.match(after)):
            yield group
