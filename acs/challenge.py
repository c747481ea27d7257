"""A challenge step is a pure function: (challenge, submission, now) → (challenge, reply, effects).

It knows no protocol: EMV 3DS and 3-D Secure 1.0.2 ask the cardholder the same way and translate the ending (`acs.results`).

What counts as a try: a code that was never sent to this cardholder for this or a recent purchase. A code that expired, was
superseded or belongs to an earlier purchase was in the cardholder's hands, so it opens no door to guessing and costs no try, but
it is an answer (`answers`, on the wire interactionCounter). A blank field is neither.

An answer names the page that it was typed on. Only the page that is shown counts; the second post of a double click is told
what the first was told.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from acs.securecode import SentCode, Verdict

MAX_ANSWERS: Final = 99
"""interactionCounter has two digits."""


class Method(StrEnum):
    """How the cardholder is authenticated."""

    SMS_CODE = "sms-code"
    AUTO_PASS = "auto-pass"  # noqa: S105 - a name, not a secret
    AUTO_FAIL = "auto-fail"


class Action(StrEnum):
    """The button that was pressed."""

    SUBMIT = "submit"
    RESEND = "resend"
    CANCEL = "cancel"


class Ending(StrEnum):
    """How a challenge ended. The last three are not the cardholder's answers."""

    PASSED = "passed"
    FAILED = "failed"
    TOO_MANY_TRIES = "too many tries"
    CANCELLED = "cancelled"
    NEVER_BEGUN = "never begun"
    LEFT_IDLE = "left idle"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Challenge:
    """`page`: number of the page that is shown. `code`: None when the method sends none. `notice`: what the page says (a kind of
    `acs.pages.Notice`). `last_answer`: the mark of the answer that led to this page."""

    method: Method
    tries_left: int
    resends_left: int
    page: int = 1
    answers: int = 0
    code: SentCode | None = None
    notice: str | None = None
    last_answer: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """What the cardholder posted: the button, the page it stood on, what was typed, and a `mark` that is the same for the same
    answer on the same page."""

    action: Action
    page: int
    value: str
    mark: str


@dataclass(frozen=True, slots=True)
class Page:
    """The challenge goes on: show its page with this notice."""

    notice: str | None


@dataclass(frozen=True, slots=True)
class Over:
    """The challenge is decided."""

    ending: Ending


@dataclass(frozen=True, slots=True)
class SendCode:
    """An effect: send the code of this counter to the cardholder's phone."""

    counter: int


Reply = Page | Over
Judge = Callable[[SentCode, str], Verdict]
NextCounter = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Step:
    challenge: Challenge
    reply: Reply
    effects: tuple[SendCode, ...] = ()


def begin(method: Method, *, tries: int, resends: int, now: datetime, next_counter: NextCounter) -> Step:
    """The first page, and the first code where the method sends one."""
    if method is not Method.SMS_CODE:
        return Step(Challenge(method, tries, 0), Page(None))
    code = SentCode(next_counter(), now)
    return Step(Challenge(method, tries, resends, code=code), Page(None), (SendCode(code.counter),))


def answer(
    challenge: Challenge, submission: Submission, now: datetime, judge: Judge, next_counter: NextCounter
) -> Step:
    """Take what the cardholder posted. `judge` says what the typed value is, `next_counter` which code is sent next."""
    if submission.action is Action.CANCEL:
        return Step(challenge, Over(Ending.CANCELLED))
    if submission.page != challenge.page:
        return _stale(challenge, submission)
    if submission.action is Action.RESEND:
        return _resend(challenge, submission, now, next_counter)
    if challenge.code is None:
        ending = Ending.PASSED if challenge.method is Method.AUTO_PASS else Ending.FAILED
        return Step(_answered(challenge), Over(ending))
    return _submit(challenge, submission, judge(challenge.code, submission.value))


def sending_failed(challenge: Challenge, counter: int) -> Challenge:
    """The phone network refused the code of `counter`; a newer code does not care."""
    if challenge.code is None or challenge.code.counter != counter:
        return challenge
    return replace(challenge, notice="sms-failed")


def _stale(challenge: Challenge, submission: Submission) -> Step:
    repeated = submission.page == challenge.page - 1 and submission.mark == challenge.last_answer
    return Step(challenge, Page(challenge.notice if repeated else "stale-page"))


def _resend(challenge: Challenge, submission: Submission, now: datetime, next_counter: NextCounter) -> Step:
    if challenge.code is None or challenge.resends_left == 0:
        return _same_page(challenge, "no-more-resends")
    code = challenge.code.replaced(next_counter(), now)
    resent = replace(challenge, code=code, resends_left=challenge.resends_left - 1)
    step = _next_page(resent, submission, "resent")
    return replace(step, effects=(SendCode(code.counter),))


def _submit(challenge: Challenge, submission: Submission, verdict: Verdict) -> Step:
    if verdict is Verdict.BLANK:
        return _same_page(challenge, "blank-code")
    answered = _answered(challenge)
    if verdict is Verdict.CORRECT:
        return Step(answered, Over(Ending.PASSED))
    if verdict is not Verdict.WRONG:
        return _next_page(answered, submission, f"{verdict}-code")
    tried = replace(answered, tries_left=answered.tries_left - 1)
    if tried.tries_left == 0:
        return Step(tried, Over(Ending.TOO_MANY_TRIES))
    return _next_page(tried, submission, "wrong-code")


def _answered(challenge: Challenge) -> Challenge:
    return replace(challenge, answers=min(challenge.answers + 1, MAX_ANSWERS))


def _same_page(challenge: Challenge, notice: str) -> Step:
    return Step(replace(challenge, notice=notice), Page(notice))


def _next_page(challenge: Challenge, submission: Submission, notice: str) -> Step:
    shown = replace(challenge, page=challenge.page + 1, notice=notice, last_answer=submission.mark)
    return Step(shown, Page(notice))
