"""The SecureCode: six digits by HOTP (RFC 4226), one secret per card, one counter per card that only rises.

No secret is stored: a card's secret is an HMAC of its number under a key that the installation's vault derives. What a
transaction remembers of its codes is their counters.
"""

import base64
import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from pyotp import HOTP

DIGITS: Final = 6
LOOK_BACK: Final = 10
"""How many codes of earlier purchases are recognised as such."""
_SEPARATORS: Final = str.maketrans("", "", " -\t\N{NO-BREAK SPACE}")


class Verdict(StrEnum):
    """What a typed value is."""

    CORRECT = "correct"
    WRONG = "wrong"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REPLAYED = "replayed"
    BLANK = "blank"
    DECLINED = "declined"
    FALLS_BACK = "falls back"


class SentCode(Struct, frozen=True):
    """The code that counts: its counter, when it was sent, and the counters of those that it replaced in the same challenge."""

    counter: int
    sent_at: datetime
    superseded: tuple[int, ...] = ()

    def replaced(self, counter: int, now: datetime) -> "SentCode":
        return replace(self, counter=counter, sent_at=now, superseded=(*self.superseded, self.counter))


class SecureCodes:
    """Computes and judges codes. Pure: the same key, card and counter give the same code."""

    def __init__(self, key: bytes, validity: timedelta) -> None:
        self._key = key
        self._validity = validity

    def code(self, pan: str, counter: int) -> str:
        return self._generator(pan).at(counter)

    def judge(self, pan: str, sent: SentCode, typed: str, now: datetime) -> Verdict:
        """Every comparison takes the same time whatever was typed; how many are made tells only what the answer tells too."""
        value = typed.translate(_SEPARATORS)
        if not value:
            return Verdict.BLANK
        generator = self._generator(pan)
        if _is_one_of(generator, (sent.counter,), value):
            return Verdict.EXPIRED if now >= sent.sent_at + self._validity else Verdict.CORRECT
        if _is_one_of(generator, sent.superseded, value):
            return Verdict.SUPERSEDED
        first = min((*sent.superseded, sent.counter))
        if _is_one_of(generator, range(max(0, first - LOOK_BACK), first), value):
            return Verdict.REPLAYED
        return Verdict.WRONG

    def _generator(self, pan: str) -> HOTP:
        secret = hmac.digest(self._key, pan.encode(), "sha1")
        return HOTP(base64.b32encode(secret).decode(), digits=DIGITS)


def _is_one_of(generator: HOTP, counters: range | tuple[int, ...], value: str) -> bool:
    typed = value.encode(errors="replace")
    found = [hmac.compare_digest(generator.at(counter).encode(), typed) for counter in counters]
    return any(found)
