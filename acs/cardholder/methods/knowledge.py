"""A question that only the cardholder can answer: the name of the first pet. The answer is published (docs/endings.md)."""

import hmac
from typing import Final

from acs.cardholder.securecode import Verdict

ANSWER: Final = "Felix"


def judge(typed: str) -> Verdict:
    """Neither capitals nor blanks around it count."""
    value = typed.strip().casefold()
    if not value:
        return Verdict.BLANK
    return Verdict.CORRECT if hmac.compare_digest(value.encode(), ANSWER.casefold().encode()) else Verdict.WRONG
