"""Card numbers: the check digit, masking, and a range table that is looked up without a scan."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

from msgspec import Struct

Value = TypeVar("Value")


_VALUES: Final = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLES: Final = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
"""Each digit to its value, and to the sum of the digits of its double."""


def luhn_check_digit(digits: str) -> str:
    """The digit that makes `digits` + itself pass the Luhn test (ISO/IEC 7812-1 annex B)."""
    return str(-_luhn_sum(digits + "0") % 10)


def luhn_valid(pan: str) -> bool:
    """Whether `pan` (ASCII digits only) ends in its own check digit."""
    return pan.isascii() and pan.isdigit() and len(pan) > 1 and _luhn_sum(pan) % 10 == 0


def _luhn_sum(pan: str) -> int:
    digits = pan.encode("ascii")
    return sum(digits[::-2].translate(_VALUES)) + sum(digits[-2::-2].translate(_DOUBLES))


def mask(pan: str) -> str:
    """First six and last four digits (PCI DSS 3.4); a number too short to hide anything is hidden whole."""
    if len(pan) < 13:
        return "*" * len(pan)
    return pan[:6] + "*" * (len(pan) - 10) + pan[-4:]


class CardRange(Struct, Generic[Value], frozen=True):
    """Card numbers from `start` to `end`, both included and of the same length, and what is known of them."""

    start: str
    end: str
    value: Value


class CardRangeTable(Generic[Value]):
    """Ranges sorted by length and start; overlaps are refused, so one bisection answers."""

    def __init__(self, ranges: Iterable[CardRange[Value]] = ()) -> None:
        self._ranges = sorted(ranges, key=lambda r: (len(r.start), r.start))
        self._starts = [(len(r.start), r.start) for r in self._ranges]
        for lower, upper in zip(self._ranges, self._ranges[1:], strict=False):
            if len(lower.start) == len(upper.start) and upper.start <= lower.end:
                raise ValueError(f"card ranges overlap: {lower.start}-{lower.end} and {upper.start}-{upper.end}")

    def __iter__(self) -> Iterator[CardRange[Value]]:
        return iter(self._ranges)

    def __len__(self) -> int:
        return len(self._ranges)

    def find(self, pan: str) -> CardRange[Value] | None:
        """The range that holds `pan`, or None."""
        index = bisect_right(self._starts, (len(pan), pan)) - 1
        if index < 0:
            return None
        candidate = self._ranges[index]
        return candidate if len(candidate.start) == len(pan) and candidate.start <= pan <= candidate.end else None
