"""What a value may look like. A format is data; `compile` turns it into one fast test, `allowed` says it in words.

A compiled test is truthy for what the format accepts and falsy - or a TypeError, for another JSON type - for what it refuses."""

import json
import re
from collections.abc import Callable, Hashable, Iterator
from functools import cache
from typing import Any, ClassVar, Final, Protocol, TypeAlias
from unicodedata import category

import orjson
from msgspec import Struct

from threedsecure.cards.currencies import by_code, by_number
from threedsecure.v2.errors import ErrorCode

Accepts: TypeAlias = Callable[[Any], object]

ANYTHING: Final = "(?s:.)"
EMV_COMMON: Final = "[ -~]"  # EMV Book 4, annex B: the common character set
BASE64URL: Final = "[A-Za-z0-9_-]"


_FIRST: Final = 0xA0
_WITH_SPACES: Final = 0x3000
_LAST_WITH_TEXT: Final = 0x3FFFF
"""Behind it are no letters: selectors, and what everybody may use as he likes."""


def _shown() -> Iterator[str]:
    """The characters beyond ASCII that can be shown or are a space, as ranges: letters, marks, digits, signs. What is not listed -
    controls, invisible formats, separators of lines, private and unassigned characters - is not there."""
    numbers = range(_FIRST, _LAST_WITH_TEXT + 1)
    fits = bytearray(map(str.isprintable, map(chr, numbers)))  # a quarter of a million, in every process that starts
    for number in numbers[:_WITH_SPACES]:
        fits[number - _FIRST] |= category(chr(number)) == "Zs"
    for run in re.finditer(b"\x01+", fits):
        first, last = numbers[run.start()], numbers[run.end() - 1]
        yield chr(first) if first == last else f"{chr(first)}-{chr(last)}"


SHOWN: Final = "".join(_shown())


def printable_text(least: int, most: int) -> str:
    """The expression for characters that can be shown. ASCII has an alternative of its own: `re` takes milliseconds to compile a
    range that ends beyond the first 65,536 characters."""
    return rf"(?:[ -~]{{{least},{most}}}|(?=[ -~]*[{SHOWN}])[ -~{SHOWN}]{{{least},{most}}})"


class Format(Hashable, Protocol):
    """`least` and `most` count characters, items, or (for numbers) the value itself; None is unbounded."""

    @property
    def json_type(self) -> str: ...
    @property
    def allowed(self) -> str: ...
    @property
    def least(self) -> int | None: ...
    @property
    def most(self) -> int | None: ...
    def compile(self) -> Accepts: ...
    def code(self, value: Any, version: str) -> str:
        """The error code of a value that was refused."""
        ...


class Text(Struct, frozen=True):
    """A string that `regex` matches whole, lengths included. `lines`: it may hold line feeds. `ascii`: a short expression for those
    of ASCII alone."""

    words: str
    regex: str
    least: int
    most: int | None
    lines: bool = False
    ascii: str | None = None
    json_type: ClassVar[str] = "string"

    @property
    def allowed(self) -> str:
        return f"{_length(self.least, self.most, 'character')}, {self.words}"

    def compile(self) -> Accepts:
        return re.compile(self.regex).fullmatch

    def code(self, value: Any, version: str) -> str:
        return ErrorCode.FORMAT_INVALID


class Coded(Struct, frozen=True):
    """One of a list of values; `directory_server`: 80 to 99 are the payment system's own."""

    meanings: tuple[tuple[str, str], ...]
    directory_server: bool = False
    json_type: ClassVar[str] = "string"

    @property
    def least(self) -> int:
        return min(len(value) for value, _ in self.meanings)

    @property
    def most(self) -> int:
        return max(len(value) for value, _ in self.meanings)

    @property
    def regex(self) -> str:
        return "|".join(map(re.escape, (value for value, _ in self.meanings))) + (
            "|[89][0-9]" if self.directory_server else ""
        )

    @property
    def allowed(self) -> str:
        words = ", ".join(f"{value} {meaning}".strip() for value, meaning in self.meanings)
        return f"{words}; 80-99 as the DS defines" if self.directory_server else words

    @property
    def values(self) -> frozenset[str]:
        own = (str(value) for value in range(80, 100)) if self.directory_server else ()
        return frozenset((*(value for value, _ in self.meanings), *own))

    def compile(self) -> Accepts:
        return self.values.__contains__

    def code(self, value: Any, version: str) -> str:
        """Since 2.3 an EMVCo-reserved value has a code of its own; before, it is a format error like others."""
        two_digits = isinstance(value, str) and len(value) == 2 and value.isascii() and value.isdigit()
        if version >= "2.3" and two_digits and value < "80" and self.meanings[0][0].isdigit():
            return ErrorCode.RESERVED_VALUE_USED
        return ErrorCode.FORMAT_INVALID


class IsoCode(Struct, frozen=True):
    """A code of an ISO list: three digits, or three letters where `alphabetic`. `list_name` is "country" or "currency"."""

    list_name: str
    alphabetic: bool = False
    json_type: ClassVar[str] = "string"
    least: ClassVar[int] = 3
    most: ClassVar[int] = 3

    @property
    def allowed(self) -> str:
        if self.list_name == "country":
            return "3 digits of ISO 3166-1, not 901-999"
        return "3 letters of ISO 4217" if self.alphabetic else "3 digits of ISO 4217, not 955-964 or 999"

    @property
    def values(self) -> frozenset[str]:
        return _iso_codes(self.list_name, self.alphabetic)

    def compile(self) -> Accepts:
        return self.values.__contains__

    def code(self, value: Any, version: str) -> str:
        """304 is for a code that looks like one; anything else is a format error."""
        looks_right = isinstance(value, str) and re.fullmatch("[A-Z]{3}" if self.alphabetic else "[0-9]{3}", value)
        return ErrorCode.ISO_CODE_INVALID if looks_right else ErrorCode.FORMAT_INVALID


@cache
def _iso_codes(list_name: str, alphabetic: bool) -> frozenset[str]:
    if list_name == "country":
        from iso3166 import countries_by_numeric

        return frozenset(code for code in countries_by_numeric if code < "901")
    return frozenset(by_code() if alphabetic else by_number().keys() - {*map(str, range(955, 965)), "999"})


class Flag(Struct, frozen=True):
    """A JSON boolean; `only_true`: false is not sent."""

    only_true: bool = False
    json_type: ClassVar[str] = "boolean"
    least: ClassVar[None] = None
    most: ClassVar[None] = None

    @property
    def allowed(self) -> str:
        return "true (no quotes)" if self.only_true else "true or false (no quotes)"

    def compile(self) -> Accepts:
        if self.only_true:
            return lambda value: value is True
        return lambda value: value is True or value is False

    def code(self, value: Any, version: str) -> str:
        return ErrorCode.FORMAT_INVALID


class Object(Struct, frozen=True):
    """A JSON object of at most `most` characters when encoded. What stands in it: the rows below its own, if there are any."""

    most: int | None = None
    words: str = ""
    json_type: ClassVar[str] = "object"
    least: ClassVar[None] = None

    @property
    def allowed(self) -> str:
        bound = f", at most {self.most} characters" if self.most else ""
        return f"an object that is not empty{bound}{', ' if self.words else ''}{self.words}"

    def compile(self) -> Accepts:
        return lambda value: type(value) is dict and bool(value)

    def code(self, value: Any, version: str) -> str:
        return ErrorCode.FORMAT_INVALID


class Array(Struct, frozen=True):
    """`least` to `most` items, each of format `item`; `total` bounds the characters of the whole when encoded."""

    item: Format
    least: int
    most: int | None
    total: int | None = None

    @property
    def json_type(self) -> str:
        return f"array of {self.item.json_type}"

    @property
    def allowed(self) -> str:
        bound = f", at most {self.total} characters in all" if self.total else ""
        return f"an array of {_length(self.least, self.most, 'item')}{bound}, each {self.item.allowed}"

    def compile(self) -> Accepts:
        return lambda value: (
            type(value) is list and self.least <= len(value) and (self.most is None or len(value) <= self.most)
        )

    def code(self, value: Any, version: str) -> str:
        return ErrorCode.FORMAT_INVALID


class Choice(Struct, frozen=True):
    """One item of challengeSelectInfo: an object of one key and the label that the cardholder reads, at most `most` characters."""

    most: int
    json_type: ClassVar[str] = "object"
    least: ClassVar[None] = None

    @property
    def allowed(self) -> str:
        return f'{{"key": "label"}} with a label of at most {self.most} characters'

    def compile(self) -> Accepts:
        label = re.compile(printable_text(1, self.most)).fullmatch
        return lambda value: type(value) is dict and len(value) == 1 and all(map(label, value.values()))

    def code(self, value: Any, version: str) -> str:
        return ErrorCode.FORMAT_INVALID


class Either(Struct, frozen=True):
    """One of several formats, where sources or the specification itself leave the choice."""

    formats: tuple[Format, ...]

    @property
    def json_type(self) -> str:
        return " or ".join(dict.fromkeys(each.json_type for each in self.formats))

    @property
    def allowed(self) -> str:
        return "; or ".join(each.allowed for each in self.formats)

    @property
    def least(self) -> int | None:
        return self.formats[0].least

    @property
    def most(self) -> int | None:
        return self.formats[0].most

    def compile(self) -> Accepts:
        tests = [compile_format(each) for each in self.formats]
        return lambda value: any(accepted(test, value) for test in tests)

    def code(self, value: Any, version: str) -> str:
        return ErrorCode.FORMAT_INVALID


class ByVersion(Struct, frozen=True):
    """A format that changed: one for 2.1.0, one for 2.2.0, one for 2.3.1."""

    v210: Format
    v220: Format
    v231: Format

    def of(self, version: str) -> Format:
        return {"2.1.0": self.v210, "2.2.0": self.v220}.get(version, self.v231)


def by_version(v210: Format, v220: Format, v231: Format) -> ByVersion:
    return ByVersion(v210, v220, v231)


def accepted(test: Accepts, value: Any) -> bool:
    """The verdict of a compiled test, where another JSON type is a refusal too."""
    try:
        return bool(test(value))
    except TypeError:
        return False


@cache
def compile_format(form: Format) -> Accepts:
    """The test of a format that has no rows below it, item formats and sizes included."""
    test = form.compile()
    if isinstance(form, Array):
        item = compile_format(form.item)
        return bounded(lambda value: test(value) and all(map(item, value)), form.total)
    if isinstance(form, Object):
        return bounded(test, form.most)
    return test


def line_pattern(form: Format) -> str | None:
    """The expression of a format that is one line of text; None for any other."""
    if isinstance(form, Coded) or (isinstance(form, Text) and not form.lines):
        return form.regex
    return None


def bounded(test: Accepts, most: int | None) -> Accepts:
    """`test`, and at most `most` characters when encoded."""
    if most is None:
        return test
    return lambda value: test(value) and encoded_length(value) <= most


def encoded_length(value: Any) -> int:
    """The length of `value` in compact JSON, in UTF-8 bytes."""
    try:
        return len(orjson.dumps(value))
    except TypeError:  # an integer beyond 64 bits: no decoded message has one, a message made by hand may
        return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str).encode())


def _length(least: int, most: int | None, unit: str) -> str:
    if most is None:
        return f"at least {least} {unit}s"
    if least == most:
        return f"exactly {most} {unit}{'' if most == 1 else 's'}"
    return f"{least} to {most} {unit}s"
