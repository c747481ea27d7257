"""A page of the issuer's own making: was it you? Yes authenticates, no refuses."""

from typing import Final

from acs.cardholder.securecode import Verdict

YES: Final = "yes"
NO: Final = "no"
_VERDICTS: Final = {YES: Verdict.CORRECT, NO: Verdict.DECLINED}


def judge(chosen: str) -> Verdict:
    return _VERDICTS.get(chosen, Verdict.BLANK)
