"""An expectation held against a message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import orjson

from threedsecure.paths import MISSING, look_up

PRESENT: Final = "<present>"
ABSENT: Final = "<absent>"
COMPARISONS: Final = {
    "at_least": "at least",
    "more_than": "more than",
    "at_most": "at most",
    "less_than": "less than",
}
MATCHERS: Final = (*COMPARISONS, "like", "not", "contains", "length", "is")


@dataclass(frozen=True, slots=True)
class Compared:
    """One element: what was expected of it and what it is, as text."""

    path: str
    expected: str
    found: str
    met: bool


def compare(expected: Mapping[str, Any], message: Mapping[str, Any]) -> list[Compared]:
    """Every expectation, in the order of the file."""
    return [_compared(path, wanted, look_up(message, path)) for path, wanted in expected.items()]


def meets(wanted: Any, found: Any) -> bool:
    """`wanted`: a value, `<present>`, `<absent>`, a `/regular expression/`, a list of which one is enough, or comparisons that
    all have to hold. One value is met by a list that holds it."""
    if isinstance(wanted, list):
        return any(meets(each, found) for each in wanted)
    if is_matcher(wanted):
        return all(_holds(name, value, found) for name, value in wanted.items())
    if wanted == ABSENT:
        return found is MISSING
    if wanted == PRESENT:
        return found is not MISSING
    if isinstance(found, list):
        return any(meets(wanted, each) for each in found)
    if (pattern := expression(wanted)) is not None:
        return isinstance(found, str) and re.search(pattern, found) is not None
    return found is not MISSING and (found is wanted if isinstance(wanted, bool | None) else found == wanted)


def is_matcher(wanted: Any) -> bool:
    """Whether `wanted` is made of comparisons, and not an object that is to be found."""
    return isinstance(wanted, Mapping) and bool(wanted) and all(name in MATCHERS for name in wanted)


def expression(wanted: Any) -> str | None:
    """What stands between the slashes, when `wanted` is a regular expression."""
    if isinstance(wanted, str) and len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        return wanted[1:-1]
    return None


def literals(wanted: Any) -> list[Any]:
    """The plain values among what is wanted."""
    if isinstance(wanted, list):
        return [value for each in wanted for value in literals(each)]
    if isinstance(wanted, Mapping):
        return []
    return [] if wanted in (PRESENT, ABSENT) or expression(wanted) is not None else [wanted]


def described(wanted: Any) -> str:
    """What is wanted, in words."""
    if isinstance(wanted, list):
        return " or ".join(described(each) for each in wanted)
    if is_matcher(wanted):
        return " and ".join(f"{COMPARISONS.get(name, name)} {described(value)}" for name, value in wanted.items())
    return _text(wanted)


def _holds(name: str, value: Any, found: Any) -> bool:
    match name:
        case "not":
            return not meets(value, found)
        case "is":
            return bool(found == value)
        case "like":
            return isinstance(found, str) and fnmatchcase(found.lower(), str(value).lower().replace("[", "[[]"))
        case "contains":
            return str(value) in found if isinstance(found, str) else isinstance(found, list) and meets(value, found)
        case "length":
            sized = len(found) if isinstance(found, list | str | Mapping) else None
            return sized is not None and meets(value if isinstance(value, Mapping) else str(value), str(sized))
        case _:
            return _number(found) is not None and _compares(name, _number(found) or 0, _number(value) or 0)


def _compares(name: str, found: int, bound: int) -> bool:
    return {
        "at_least": found >= bound,
        "more_than": found > bound,
        "at_most": found <= bound,
        "less_than": found < bound,
    }[name]


def _number(value: Any) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 48 else None


def _compared(path: str, wanted: Any, found: Any) -> Compared:
    return Compared(path, described(wanted), ABSENT if found is MISSING else _text(found), meets(wanted, found))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
