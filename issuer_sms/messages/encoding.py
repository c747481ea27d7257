"""How a text travels: in the GSM 7-bit alphabet when every character is in it, else in UCS-2; and in how many segments.

Sources: 3GPP TS 23.038 clause 6.2.1 (alphabet, extension table), TS 23.040 clause 9.2.3.24.1 (a text in several segments gives
six octets of each to the concatenation header).
"""

from dataclasses import dataclass
from typing import Final

GSM_7: Final = "GSM-7"
UCS_2: Final = "UCS-2"

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")

# Units (septets, or 16-bit code units) that one segment holds: alone, and as one of several.
_CAPACITY: Final = {GSM_7: (160, 153), UCS_2: (70, 67)}


@dataclass(frozen=True, slots=True)
class Encoded:
    """`units`: septets (GSM-7) or 16-bit code units (UCS-2) of the whole text."""

    encoding: str
    units: int
    segments: int


def measure(body: str) -> Encoded:
    """What `body` costs on the air. An empty text still takes one segment."""
    encoding = GSM_7 if all(character in _BASIC or character in _EXTENSION for character in body) else UCS_2
    widths = [_width(character, encoding) for character in body]
    return Encoded(encoding, sum(widths), _segments(widths, *_CAPACITY[encoding]))


def _width(character: str, encoding: str) -> int:
    if encoding == GSM_7:
        return 2 if character in _EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _segments(widths: list[int], alone: int, among_others: int) -> int:
    """An escape sequence or a surrogate pair is never split, so a segment may end one unit early."""
    if sum(widths) <= alone:
        return 1
    segments, used = 1, 0
    for width in widths:
        if used + width > among_others:
            segments, used = segments + 1, 0
        used += width
    return segments
