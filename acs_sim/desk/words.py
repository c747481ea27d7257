"""The desk's words for what the messages say in codes."""

from typing import Any, Final

from threedsecure.cards.currencies import by_number

TRANS_STATUS: Final = {
    "Y": "authenticated",
    "N": "not authenticated",
    "U": "could not be performed",
    "A": "attempted",
    "C": "challenge",
    "D": "decoupled",
    "R": "rejected",
    "I": "information only",
    "S": "SPC",
}
TONES: Final = {
    "Y": "good",
    "A": "good",
    "I": "good",
    "C": "wait",
    "D": "wait",
    "S": "wait",
    "N": "bad",
    "U": "bad",
    "R": "bad",
}
ANSWERED: Final = {
    "wrong-code": "code wrong",
    "expired-code": "code expired",
    "superseded-code": "code superseded",
    "replayed-code": "code of another payment",
    "blank-code": "no code",
    "resent": "a new code is sent",
    "no-more-resends": "no more codes",
    "stale-page": "an older page",
    "not-decided": "the banking app has no answer",
}
"""What the bank's next page says of an answer, in fewer words; others stand for themselves."""
CODE_DIGITS: Final = 6


def amount_text(amount: Any, currency: Any, exponent: Any = None) -> str:
    """`4200`, `978`, `2` → `42.00 EUR`; what cannot be read is shown as it is, nothing as nothing."""
    if not (isinstance(amount, str | int) and str(amount).isascii() and str(amount).isdigit()):
        return ""
    known = by_number().get(str(currency))
    code = str(currency or "") if known is None else known.code
    decimals = int(exponent) if str(exponent) in {*"0123456789"} else 2
    digits = str(amount).zfill(decimals + 1)
    number = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"{number} {code}".strip()


def another_code(code: str | None) -> str:
    """Six digits that are not the code."""
    return str((int(code or 0) + 1) % 10**CODE_DIGITS).zfill(CODE_DIGITS)
