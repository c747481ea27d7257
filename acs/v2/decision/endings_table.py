"""Every way a challenge ends, as a table: what happens, how it ends, and what the RReq says. `docs/endings.md` is written from it
(`python -m acs.v2.decision.endings_table > docs/endings.md`), and every row is a test."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acs.cardholder.challenge import Ending
from acs.cardholder.methods import knowledge, multi_select, static_password
from acs.v2.decision.endings import ENDINGS
from acs.v2.decision.result import reason_in
from acs.v2.decision.versions import LATEST, cancelled


@dataclass(frozen=True, slots=True)
class Situation:
    """`counter`: interactionCounter, None where the RReq has none. `scenario`: of the card. `since`: the first version with it.
    `trust`: whiteListStatus (2.2.0) or trustListStatus (2.3.1), `binding`: deviceBindingStatus, where the RReq has them."""

    what: str
    ending: Ending
    counter: int | None
    scenario: str = "challenge-otp"
    since: str = "2.1.0"
    trust: str | None = None
    binding: str | None = None


SITUATIONS: Final = (
    Situation("the right code at once", Ending.PASSED, 1),
    Situation("three wrong codes", Ending.TOO_MANY_TRIES, 3),
    Situation("two wrong codes, then the right one", Ending.PASSED, 3),
    Situation("the code expires, a new one is sent and typed", Ending.PASSED, 2),
    Situation("a new code is sent, the old one typed, then the new one", Ending.PASSED, 2),
    Situation("the code of an earlier purchase, then the right one", Ending.PASSED, 2),
    Situation("an empty field, then the right code", Ending.PASSED, 1),
    Situation("cancelled at once", Ending.CANCELLED, 0),
    Situation("cancelled after a wrong code", Ending.CANCELLED, 1),
    Situation("the page is left idle", Ending.LEFT_IDLE, 0),
    Situation("the page is left idle after a wrong code", Ending.LEFT_IDLE, 1),
    Situation("the browser is closed", Ending.LEFT_IDLE, 0),
    Situation("the CReq is never sent", Ending.NEVER_BEGUN, 0),
    Situation("the CReq comes too late", Ending.NEVER_BEGUN, 0),
    Situation("the page is refreshed, then the right code", Ending.PASSED, 1),
    Situation("a wrong code, the back button, then the right code twice", Ending.PASSED, 2),
    Situation("a double click on a wrong code, then the right one", Ending.PASSED, 2),
    Situation("a double click on the right code", Ending.PASSED, 1),
    Situation("two tabs: a wrong code in one, the right one in the other, twice", Ending.PASSED, 2),
    Situation("the right code, then a wrong one from an old page", Ending.PASSED, 1),
    Situation("a CReq that is wrong", Ending.BROKEN, 0),
    Situation("a second CReq that differs from the first", Ending.BROKEN, 0),
    Situation("the carrier refuses the text, a new code is sent and typed", Ending.PASSED, 1, "sms-refused"),
    Situation("the text comes late: expired, a new code is sent and typed", Ending.PASSED, 2, "sms-late"),
    Situation("three wrong passwords", Ending.TOO_MANY_TRIES, 3, "challenge-password"),
    Situation("the password, then three wrong codes", Ending.TOO_MANY_TRIES, 4, "challenge-password-otp"),
    Situation("the password, then the code", Ending.PASSED, 2, "challenge-password-otp"),
    Situation("the right answer", Ending.PASSED, 1, "challenge-knowledge"),
    Situation("a phone is chosen, then the right code", Ending.PASSED, 2, "challenge-single-select"),
    Situation("wrong pictures, then the right ones", Ending.PASSED, 2, "challenge-multi-select"),
    Situation("yes, it is me", Ending.PASSED, 1, "challenge-html"),
    Situation("no, it is not me", Ending.FAILED, 1, "challenge-html"),
    Situation("the page finishes by itself", Ending.PASSED, 1, "challenge-auto-pass"),
    Situation("the page fails by itself", Ending.FAILED, 1, "challenge-auto-fail"),
    Situation("approved in the banking app", Ending.PASSED, 1, "challenge-oob"),
    Situation("approved in the banking app after the browser was closed", Ending.PASSED, 1, "challenge-oob"),
    Situation("declined in the banking app", Ending.DECLINED, 1, "challenge-oob"),
    Situation("the banking app is ignored", Ending.LEFT_IDLE, 0, "challenge-oob"),
    Situation("the right code, when other purchases locked the card meanwhile", Ending.CARD_LOCKED, 1),
    Situation("the merchant is to be trusted, and the right code", Ending.PASSED, 1, since="2.2.0", trust="Y"),
    Situation("the merchant is not to be trusted, and the right code", Ending.PASSED, 1, since="2.2.0", trust="R"),
    Situation("the merchant is to be trusted, and three wrong codes", Ending.TOO_MANY_TRIES, 3, since="2.2.0"),
    Situation("the device is to be remembered, and the right code", Ending.PASSED, 1, since="2.3.1", binding="14"),
    Situation("the device is not to be remembered, and the right code", Ending.PASSED, 1, since="2.3.1", binding="04"),
    Situation("the right code where no RReq D is taken", Ending.PASSED, 1, "decoupled-fallback"),
    Situation("the right code, and it goes on decoupled", Ending.MORE_NEEDED, 1, "decoupled-fallback", "2.3.1"),
    Situation("three wrong codes, and it goes on decoupled", Ending.GOES_DECOUPLED, 3, "decoupled-fallback", "2.3.1"),
    Situation("cancelled, and nothing goes on", Ending.CANCELLED, 0, "decoupled-fallback", "2.3.1"),
    Situation("it went on decoupled (3RI): approved in time", Ending.PASSED, None, "decoupled-fallback", "2.3.1"),
    Situation("decoupled: approved in time", Ending.PASSED, None, "decoupled", "2.2.0"),
    Situation("decoupled: declined in time", Ending.DECLINED, None, "decoupled", "2.2.0"),
    Situation("decoupled: not decided in time", Ending.DEADLINE_MISSED, None, "decoupled", "2.2.0"),
)

_HEAD: Final = f"""# How challenges end

Written from the table in `endings_table.py`; every row is a test through the HTTP surface, in every version that has it. The
figures are those of the RReq; the CRes knows only Y and N (and D where it goes on decoupled), and where the two differ the RReq is
right. Counter: interactionCounter. Trust: whiteListStatus in 2.2.0, trustListStatus in 2.3.1. Device: deviceBindingStatus (2.3.1).

The answers that are published: password `{static_password.PASSWORD}`, name of the first pet `{knowledge.ANSWER}`, pictures
{" and ".join(sorted(multi_select.SECRET))} of the six. Codes are on the phone.

| what happens | since | card | ending | transStatus | reason in 2.1.0 | later | challengeCancel | counter | trust | device |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def document() -> str:
    """`docs/endings.md`."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for situation in SITUATIONS:
        told = ENDINGS[situation.ending]
        cells = [
            situation.what,
            situation.since,
            f"`{situation.scenario}`",
            situation.ending.value,
            told.trans_status,
            reason_in("2.1.0", told.reason) if situation.since == "2.1.0" else None,
            told.reason,
            _cancel(situation.ending),
            None if situation.counter is None else f"{situation.counter:02}",
            situation.trust,
            situation.binding,
        ]
        yield f"| {' | '.join(cell or '-' for cell in cells)} |\n"


def challenge_cancel_in(version: str, ending: Ending) -> str | None:
    """challengeCancel as `version` writes it, after a CReq that was answered with an Erro."""
    code = ENDINGS[ending].challenge_cancel
    return None if code is None else str(cancelled(version, code, {})["challengeCancel"])


def _cancel(ending: Ending) -> str | None:
    before, now = challenge_cancel_in("2.2.0", ending), challenge_cancel_in(LATEST, ending)
    return before if before == now else f"{before} (2.3.1: {now})"


if __name__ == "__main__":
    sys.stdout.write(document())
