"""A password that never changes. It is published (docs/endings.md), so it guards nothing."""

import hmac
from typing import Final

from acs.cardholder.securecode import Verdict

PASSWORD: Final = "imaginaire"  # noqa: S105 - published


def judge(typed: str, password: str = PASSWORD) -> Verdict:
    """Capitals count, blanks around it do not."""
    value = typed.strip()
    if not value:
        return Verdict.BLANK
    return Verdict.CORRECT if hmac.compare_digest(value.encode(), password.encode()) else Verdict.WRONG
