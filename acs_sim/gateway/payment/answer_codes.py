"""Answer codes on demand: an amount names the code with which a payment that was authenticated ends. Pure.

| amount in minor units | ends with | as |
|---|---|---|
| 900 001, 900 003 | 00001, 00003 | an error of the platform |
| 900 004 to 900 039 | 00004 to 00039 | refused by the platform |
| 900 100 to 900 199 | 00100 to 00199 | refused by the bank, whose answer are the last two digits (ISO 8583) |
"""

from typing import Final

BASE: Final = 900_000
ACCEPTED: Final = "00000"
_BANK: Final = "001"
_OF_THE_PLATFORM: Final = frozenset({"00001", "00003"})


def by_amount(amount: int) -> str | None:
    """The code that `amount` asks for."""
    code = amount - BASE
    return f"{code:05}" if code == 1 or 3 <= code <= 39 or 100 <= code <= 199 else None


def acquirer_answer(code: str) -> str | None:
    """What the bank answered, for a code that says it."""
    return code[3:] if code.startswith(_BANK) else None


def result(code: str) -> str:
    """How a purchase with this code ends."""
    return "error" if code in _OF_THE_PLATFORM else "refused"
