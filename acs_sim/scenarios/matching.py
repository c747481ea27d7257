"""An expectation held against a message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from threedsecure.paths import MISSING, look_up

PRESENT: Final = "<present>"
ABSENT: Final = "<absent>"


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
    """`wanted`: a value, `<present>`, `<absent>`, a `/regular expression/`, or a list of which one is enough."""
    if isinstance(wanted, list):
        return any(meets(each, found) for each in wanted)
    if wanted == ABSENT:
        return found is MISSING
    if wanted == PRESENT:
        return found is not MISSING
    if (pattern := expression(wanted)) is not None:
        return isinstance(found, str) and re.search(pattern, found) is not None
    return found is not MISSING and (found is wanted if isinstance(wanted, bool | None) else found == wanted)


def expression(wanted: Any) -> str | None:
    """What stands between the slashes, when `wanted` is a regular expression."""
    if isinstance(wanted, str) and len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        return wanted[1:-1]
    return None


def literals(wanted: Any) -> list[Any]:
    """The plain values among what is wanted."""
    if isinstance(wanted, list):
        return [value for each in wanted for value in literals(each)]
    return [] if wanted in (PRESENT, ABSENT) or expression(wanted) is not None else [wanted]


def _compared(path: str, wanted: Any, found: Any) -> Compared:
    return Compared(path, _text(wanted), ABSENT if found is MISSING else _text(found), meets(wanted, found))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(_text(each) for each in value)
    return value if isinstance(value, str) else orjson.dumps(value).decode()
