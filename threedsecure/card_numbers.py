"""Card numbers: the check digit, masking, and a range table that is looked up without a scan."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


def luhn_check_digit(digits: str) -> str:
    """The digit that makes `digits` + itself pass the Luhn test (ISO/IEC 7812-1 annex B)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def luhn_valid(pan: str) -> bool:
    """Whether `pan` (ASCII digits only) ends in its own check digit."""
    return pan.isascii() and pan.isdigit() and len(pan) > 1 and luhn_check_digit(pan[:-1]) == pan[-1]


def mask(pan: str) -> str:
    """First six and last four digits (PCI DSS 3.4); a number too short to hide anything is hidden whole."""
    if len(pan) < 13:
        return "*" * len(pan)
    return pan[:6] + "*" * (len(pan) - 10) + pan[-4:]


@dataclass(frozen=True, slots=True)
class CardRange(Generic[Value]):
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
