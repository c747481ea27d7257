"""How a text travels: in the GSM 7-bit alphabet when every character is in it, else in UCS-2; and in how many segments.

Sources: 3GPP TS 23.038 clause 6.2.1 (alphabet, extension table), TS 23.040 clause 9.2.3.24.1 (a text in several segments gives
six octets of each to the concatenation header).
"""

from typing import Final

from msgspec import Struct

from threedsecure.secrets.remembering import remembering

GSM_7: Final = "GSM-7"
UCS_2: Final = "UCS-2"
KEPT: Final = 64
"""A text is asked about again and again while it is on its way."""

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_ALL: Final = _BASIC | _EXTENSION

# Units (septets, or 16-bit code units) that one segment holds: alone, and as one of several.
_CAPACITY: Final = {GSM_7: (160, 153), UCS_2: (70, 67)}


class Encoded(Struct, frozen=True):
    """`units`: septets (GSM-7) or 16-bit code units (UCS-2) of the whole text."""

    encoding: str
    units: int
    segments: int


@remembering(KEPT, 2000)
def measure(body: str) -> Encoded:
    """What `body` costs on the air. An empty text still takes one segment."""
    encoding, wide = (GSM_7, _EXTENSION) if _ALL.issuperset(body) else (UCS_2, _beyond_16_bits(body))
    alone, among_others = _CAPACITY[encoding]
    units = len(body) + sum(map(body.count, wide.intersection(body)))
    if units <= alone:
        return Encoded(encoding, units, 1)
    if units == len(body):
        return Encoded(encoding, units, -(-units // among_others))
    return Encoded(encoding, units, _segments(body, wide, among_others))


def _beyond_16_bits(body: str) -> frozenset[str]:
    return frozenset(character for character in set(body) if character > "\uffff")


def _segments(body: str, wide: frozenset[str], most: int) -> int:
    """An escape sequence or a surrogate pair is never split, so a segment may end one unit early."""
    segments, used = 1, 0
    for character in body:
        width = 2 if character in wide else 1
        if used + width > most:
            segments, used = segments + 1, 0
        used += width
    return segments
