"""Every way a challenge ends, as a table: what happens, how it ends, and what the RReq says. `docs/endings.md` is written from it,
and every row is a test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acs.cardholder.challenge import Ending
from acs.cardholder.methods import knowledge, multi_select, static_password
from acs.v2.decision.endings import ENDINGS
from acs.v2.decision.result import reason_in
from acs.v2.decision.versions import LATEST, cancelled


@dataclass(frozen=True, slots=True)
class Case:
    """`counter`: interactionCounter, None where the RReq has none. `scenario`: of the card. `since`: the first version with it.
    `trust`: whiteListStatus (2.2.0) or trustListStatus (2.3.1), `binding`: deviceBindingStatus, where the RReq has them."""

    what: str
    ending: Ending
    counter: int | None
    scenario: str = "challenge-otp"
    since: str = "2.1.0"
    trust: str | None = None
    binding: str | None = None


CASES: Final = (
    Case("the right code at once", Ending.PASSED, 1),
    Case("three wrong codes", Ending.TOO_MANY_TRIES, 3),
    Case("two wrong codes, then the right one", Ending.PASSED, 3),
    Case("the code expires, a new one is sent and typed", Ending.PASSED, 2),
    Case("a new code is sent, the old one typed, then the new one", Ending.PASSED, 2),
    Case("the code of an earlier purchase, then the right one", Ending.PASSED, 2),
    Case("an empty field, then the right code", Ending.PASSED, 1),
    Case("cancelled at once", Ending.CANCELLED, 0),
    Case("cancelled after a wrong code", Ending.CANCELLED, 1),
    Case("the page is left idle", Ending.LEFT_IDLE, 0),
    Case("the page is left idle after a wrong code", Ending.LEFT_IDLE, 1),
    Case("the browser is closed", Ending.LEFT_IDLE, 0),
    Case("the CReq is never sent", Ending.NEVER_BEGUN, 0),
    Case("the CReq comes too late", Ending.NEVER_BEGUN, 0),
    Case("the page is refreshed, then the right code", Ending.PASSED, 1),
    Case("a wrong code, the back button, then the right code twice", Ending.PASSED, 2),
    Case("a double click on a wrong code, then the right one", Ending.PASSED, 2),
    Case("a double click on the right code", Ending.PASSED, 1),
    Case("two tabs: a wrong code in one, the right one in the other, twice", Ending.PASSED, 2),
    Case("the right code, then a wrong one from an old page", Ending.PASSED, 1),
    Case("a CReq that is wrong", Ending.BROKEN, 0),
    Case("a second CReq that differs from the first", Ending.BROKEN, 0),
    Case("an app whose SDK times out", Ending.APP_TIMED_OUT, 0),
    Case("the carrier refuses the text, a new code is sent and typed", Ending.PASSED, 1, "sms-refused"),
    Case("the text comes late: expired, a new code is sent and typed", Ending.PASSED, 2, "sms-late"),
    Case("three wrong passwords", Ending.TOO_MANY_TRIES, 3, "challenge-password"),
    Case("the password, then three wrong codes", Ending.TOO_MANY_TRIES, 4, "challenge-password-otp"),
    Case("the password, then the code", Ending.PASSED, 2, "challenge-password-otp"),
    Case("the right answer", Ending.PASSED, 1, "challenge-knowledge"),
    Case("a phone is chosen, then the right code", Ending.PASSED, 2, "challenge-single-select"),
    Case("wrong pictures, then the right ones", Ending.PASSED, 2, "challenge-multi-select"),
    Case("yes, it is me", Ending.PASSED, 1, "challenge-html"),
    Case("no, it is not me", Ending.FAILED, 1, "challenge-html"),
    Case("Y is chosen on the page", Ending.PASSED, 1, "challenge-choose"),
    Case("N is chosen on the page", Ending.FAILED, 1, "challenge-choose"),
    Case("A is chosen on the page", Ending.ATTEMPTED, 1, "challenge-choose"),
    Case("U is chosen on the page", Ending.UNAVAILABLE, 1, "challenge-choose"),
    Case("R is chosen on the page", Ending.REJECTED, 1, "challenge-choose"),
    Case("the code 1234 is typed", Ending.PASSED, 1, "challenge-outcome-code"),
    Case("the code 1111 is typed", Ending.FAILED, 1, "challenge-outcome-code"),
    Case("the code 2222 is typed", Ending.REJECTED, 1, "challenge-outcome-code"),
    Case("the code 3333 is typed", Ending.UNAVAILABLE, 1, "challenge-outcome-code"),
    Case("the code 7777 is typed", Ending.ATTEMPTED, 1, "challenge-outcome-code"),
    Case("three codes that say nothing are typed", Ending.TOO_MANY_TRIES, 3, "challenge-outcome-code"),
    Case("the page finishes by itself", Ending.PASSED, 1, "challenge-auto-pass"),
    Case("the page fails by itself", Ending.FAILED, 1, "challenge-auto-fail"),
    Case("approved in the banking app", Ending.PASSED, 1, "challenge-oob"),
    Case("approved in the banking app after the browser was closed", Ending.PASSED, 1, "challenge-oob"),
    Case("declined in the banking app", Ending.DECLINED, 1, "challenge-oob"),
    Case("the banking app is ignored", Ending.LEFT_IDLE, 0, "challenge-oob"),
    Case("the right code, when other purchases locked the card meanwhile", Ending.CARD_LOCKED, 1),
    Case("the merchant is to be trusted, and the right code", Ending.PASSED, 1, since="2.2.0", trust="Y"),
    Case("the merchant is not to be trusted, and the right code", Ending.PASSED, 1, since="2.2.0", trust="R"),
    Case("the merchant is to be trusted, and three wrong codes", Ending.TOO_MANY_TRIES, 3, since="2.2.0"),
    Case("the device is to be remembered, and the right code", Ending.PASSED, 1, since="2.3.1", binding="14"),
    Case("the device is not to be remembered, and the right code", Ending.PASSED, 1, since="2.3.1", binding="04"),
    Case("the right code where no RReq D is taken", Ending.PASSED, 1, "decoupled-fallback"),
    Case("the right code, and it goes on decoupled", Ending.MORE_NEEDED, 1, "decoupled-fallback", "2.3.1"),
    Case("three wrong codes, and it goes on decoupled", Ending.GOES_DECOUPLED, 3, "decoupled-fallback", "2.3.1"),
    Case("cancelled, and nothing goes on", Ending.CANCELLED, 0, "decoupled-fallback", "2.3.1"),
    Case("it went on decoupled (3RI): approved in time", Ending.PASSED, None, "decoupled-fallback", "2.3.1"),
    Case("decoupled: approved in time", Ending.PASSED, None, "decoupled", "2.2.0"),
    Case("decoupled: declined in time", Ending.DECLINED, None, "decoupled", "2.2.0"),
    Case("decoupled: not decided in time", Ending.DEADLINE_MISSED, None, "decoupled", "2.2.0"),
)

_HEAD: Final = f"""# How challenges end

Written by `make docs` from `docs/generate/endings.py`; every row is a test through the HTTP surface, in every version that has it.
The figures are those of the RReq; the CRes knows only Y and N (and D where it goes on decoupled), and where the two differ the RReq
is right. Counter: interactionCounter. Trust: whiteListStatus in 2.2.0, trustListStatus in 2.3.1. Device: deviceBindingStatus
(2.3.1).

The answers that are published: password `{static_password.PASSWORD}`, name of the first pet `{knowledge.ANSWER}`, pictures
{" and ".join(sorted(multi_select.SECRET))} of the six. Codes are on the phone.

| what happens | since | card | ending | transStatus | reason in 2.1.0 | later | challengeCancel | counter | trust | device |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def document() -> str:
    """`docs/endings.md`."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    for case in CASES:
        told = ENDINGS[case.ending]
        cells = [
            case.what,
            case.since,
            f"`{case.scenario}`",
            case.ending.value,
            told.trans_status,
            reason_in("2.1.0", told.reason) if case.since == "2.1.0" else None,
            told.reason,
            _cancel(case.ending),
            None if case.counter is None else f"{case.counter:02}",
            case.trust,
            case.binding,
        ]
        yield f"| {' | '.join(cell or '-' for cell in cells)} |\n"


def challenge_cancel_in(version: str, ending: Ending) -> str | None:
    """challengeCancel as `version` writes it, after a CReq that was answered with an Erro."""
    code = ENDINGS[ending].challenge_cancel
    return None if code is None else str(cancelled(version, code, {})["challengeCancel"])


def _cancel(ending: Ending) -> str | None:
    before, now = challenge_cancel_in("2.2.0", ending), challenge_cancel_in(LATEST, ending)
    return before if before == now else f"{before} (2.3.1: {now})"
