"""Whether a text that passes through a browser shows a card number to whoever looks at it."""

import base64
import binascii
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

LONGEST_READ: Final = 8 * 1024


def shows(text: str, pan: str) -> bool:
    """Whether `pan` stands in `text` as it is, behind percent signs, in base64 or in base64url: none of them hides anything."""
    return any(pan in reading for reading in _readings(text[:LONGEST_READ]))


def _readings(text: str) -> Iterator[str]:
    plain = unquote(text)
    yield plain
    padded = plain.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        yield base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return
