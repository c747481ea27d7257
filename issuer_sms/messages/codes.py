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
from functools import cache
from typing import Final

from issuer_sms.messages.encoding import KEPT
from threedsecure.cards.currencies import by_code
from threedsecure.secrets.remembering import remembering

_SYMBOLS: Final = "€$£¥₩₹₺₽"
# Compiled when the first text is read.
_GROUP: Final = (
    r"(?<![\w.,+*•#/-])"  # not the tail of a word, a decimal, a phone or a masked card number, a date
    r"(?<!\d[ \u00a0\u202f])"  # not the second group of "1 2345"
    r"[0-9]{4,8}"
    r"(?![\w/])(?![.,-]\d)(?![ \u00a0\u202f]\d)"
)
_CODE_WORD: Final = (
    r"(?i)\b(?:secure ?code|passcode|code|kode|c[oó]digo|codice|otp|pin|m?tan|password|mot de passe|contraseña|kennwort|"
    r"wachtwoord|palavra-passe)\b[^\d.!?\n]{0,24}$"
)
_IS: Final = r"(?i)\s+(?:is|est|ist|es|è|é)\b"
_COLON: Final = r":\s*$"

Rule = Callable[[str, re.Match[str]], bool]

_RULES: Final[tuple[Rule, ...]] = (
    lambda text, group: _begins(text, group) and re.match(_IS, text[group.end() :]) is not None,
    lambda text, group: re.search(_CODE_WORD, text[: group.start()]) is not None,
    lambda text, group: _begins(text, group),
    lambda text, group: re.search(_COLON, text[: group.start()]) is not None,
)


@cache
def _amounts() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A currency before a group, and one after it."""
    codes = "|".join(sorted(by_code()))
    currency, blank = rf"(?:[{_SYMBOLS}]|\b(?:{codes})\b)", "[ \u00a0\u202f]?"
    return re.compile(f"{currency}{blank}$"), re.compile(blank + currency)


@remembering(KEPT, 2000)
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
    currency_before, currency_after = _amounts()
    for group in re.finditer(_GROUP, text):
        before, after = text[: group.start()], text[group.end() :]
        if not (currency_before.search(before) or currency_after.match(after)):
            yield group
