"""`-k EXPR`: which plays are meant, by words of their name, tags and file, with `and`, `or`, `not` and brackets.

A word may be a part of another one (`otp` of `challenge-otp`), but a number is a whole one: `D2` is not `D20`."""

import re
from collections.abc import Callable
from typing import Final

MAX_EXPRESSION: Final = 500

_TOKEN = re.compile(r"\s*([()]|[^\s()]+)")
_ROW: Final = re.compile(r"[a-z]\d+").fullmatch
Chooses = Callable[[str], bool]


def compile_expression(text: str) -> Chooses:
    """A test of a play's words, capital letters or not. Errors: `ValueError` that says what is wrong."""
    if len(text) > MAX_EXPRESSION:
        raise ValueError(f"-k is longer than {MAX_EXPRESSION} characters")
    reader = _Reader(_TOKEN.findall(text.lower()))
    chooses = reader.either()
    if reader.tokens:
        raise ValueError(f"-k: {reader.tokens[0]!r} stands where and, or or the end should")
    return chooses


class _Reader:
    """Recursive descent: `or` binds least, then `and`, then `not`."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def either(self) -> Chooses:
        left = self._both()
        while self._takes("or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Chooses:
        left = self._single()
        while self._takes("and"):
            left = _and(left, self._single())
        return left

    def _single(self) -> Chooses:
        if self._takes("not"):
            inner = self._single()
            return lambda words: not inner(words)
        if self._takes("("):
            inner = self.either()
            if not self._takes(")"):
                raise ValueError("-k: a bracket is not closed")
            return inner
        if not self.tokens or self.tokens[0] in {"and", "or", ")"}:
            raise ValueError(f"-k: a word is missing before {self.tokens[0] if self.tokens else 'the end'!r}")
        stands = _spelt(self.tokens.pop(0)).search
        return lambda words: stands(words) is not None

    def _takes(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False


def _spelt(word: str) -> re.Pattern[str]:
    """A letter with a number is the name of a row of the library, and stands alone."""
    before = r"(?<![a-z0-9])" if _ROW(word) else r"(?<!\d)" if word[0].isdigit() else ""
    return re.compile(before + re.escape(word) + (r"(?!\d)" if word[-1].isdigit() else ""))


def _or(left: Chooses, right: Chooses) -> Chooses:
    return lambda words: left(words) or right(words)


def _and(left: Chooses, right: Chooses) -> Chooses:
    return lambda words: left(words) and right(words)
