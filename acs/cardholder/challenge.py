"""A challenge step is a pure function: (challenge, submission, now) → (challenge, reply, effects).

It knows no protocol: EMV 3DS and 3-D Secure 1.0.2 ask the cardholder the same way, and each translates the ending.

What counts as a try: a code that was never sent to this cardholder for this or a recent purchase. A code that expired, was
superseded or belongs to an earlier purchase was in the cardholder's hands, so it opens no door to guessing and costs no try, but
it is an answer (`answers`, on the wire interactionCounter). A blank field is neither.

An answer names the page that it was typed on. Only the page that is shown counts; the second post of a double click is told
what the first was told.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from acs.cardholder.methods import static_password
from acs.cardholder.methods.single_select import CHOICES
from acs.cardholder.methods.table import ASSERTED, JUDGES, METHODS, OUTCOMES, Question, notice
from acs.cardholder.passkeys.ceremony import Asserted
from acs.cardholder.passkeys.credentials import Passkey
from acs.cardholder.securecode import SentCode, Verdict
from threedsecure.cards.plays import Method

MAX_ANSWERS: Final = 99
"""interactionCounter has two digits."""


class Action(StrEnum):
    """The button that was pressed."""

    SUBMIT = "submit"
    RESEND = "resend"
    CANCEL = "cancel"


class Ending(StrEnum):
    """How a challenge ended. After `goes decoupled` and `more needed` the authentication goes on apart from the purchase (2.3.1).
    `attempted`, `unavailable` and `rejected` are chosen by who tests. The last five are not the cardholder's answers."""

    PASSED = "passed"
    FAILED = "failed"
    TOO_MANY_TRIES = "too many tries"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    GOES_DECOUPLED = "goes decoupled"
    MORE_NEEDED = "more needed"
    ATTEMPTED = "attempted"
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"
    CARD_LOCKED = "card locked"
    DEADLINE_MISSED = "deadline missed"
    NEVER_BEGUN = "never begun"
    LEFT_IDLE = "left idle"
    APP_TIMED_OUT = "app timed out"
    BROKEN = "broken"


_CHOSEN: Final = {
    "Y": Ending.PASSED,
    "N": Ending.FAILED,
    "A": Ending.ATTEMPTED,
    "U": Ending.UNAVAILABLE,
    "R": Ending.REJECTED,
}


class Challenge(Struct, frozen=True, omit_defaults=True):
    """`page`: number of the page that is shown. `code`: None when the method sends none. `notice`: what the page says (a kind of
    `Notice`). `last_answer`: the mark of the answer that led to this page. `stage`: which question of the method is
    asked. `phone`: the place of the phone that was chosen. `prompt`: the banking app's name for its prompt. `trusts`: whether the
    merchant is to be trusted from now on, `binds`: whether the device is to be remembered, None when that was not asked.
    `approved`: what the banking app told, where the page still has something to say. `ask_at`: when the phone is to be asked
    (again), None once it was. `reason`: why it ended so, where an answer chose that. `password`: the card's own, if any.
    `passkey`: the one that confirmed, with its new counter. `other_way`: its page offers the method's fallback."""

    method: Method
    tries_left: int
    resends_left: int
    page: int = 1
    answers: int = 0
    code: SentCode | None = None
    notice: str | None = None
    last_answer: str | None = None
    stage: int = 0
    phone: int = 0
    prompt: str | None = None
    trusts: bool | None = None
    binds: bool | None = None
    approved: bool | None = None
    ask_at: datetime | None = None
    reason: str | None = None
    password: str | None = None
    passkey: Passkey | None = None
    other_way: bool = False

    @property
    def question(self) -> Question:
        """What the page asks."""
        return METHODS[self.method].questions[self.stage]

    @property
    def has_boxes(self) -> bool:
        """Whether the page has a box to tick beside its question."""
        return self.trusts is not None or self.binds is not None

    @property
    def needs(self) -> "Effect | None":
        """What the question needs outside its page."""
        if self.question is Question.BANKING_APP:
            return ShowPrompt()
        return SendCode(self.code.counter) if self.question is Question.SMS_CODE and self.code else None

    @property
    def next_question(self) -> Question | None:
        """What the right answer leads to."""
        return None if self.last_question else METHODS[self.method].questions[self.stage + 1]

    @property
    def last_question(self) -> bool:
        """Whether the right answer to it ends the challenge."""
        return self.stage + 1 == len(METHODS[self.method].questions)


class Submission(Struct, frozen=True):
    """What the cardholder posted: the button, the page it stood on, what was typed, and a `mark` that is the same for the same
    answer on the same page. `trusts`: the box that trusts the merchant was ticked, `binds`: the one that remembers the device."""

    action: Action
    page: int
    value: str
    mark: str
    trusts: bool = False
    binds: bool = False


class Page(Struct, frozen=True):
    """The challenge goes on: show its page with this notice."""

    notice: str | None


class Over(Struct, frozen=True):
    """The challenge is decided."""

    ending: Ending


class SendCode(Struct, frozen=True):
    """An effect: send the code of this counter to the cardholder's phone."""

    counter: int


class ShowPrompt(Struct, frozen=True):
    """An effect: have the banking app ask the cardholder."""


Effect = SendCode | ShowPrompt
Reply = Page | Over
Judge = Callable[[SentCode, str], Verdict]
JudgeOfPasskeys = Callable[[str], Asserted]
NextCounter = Callable[[], int]


class Step(Struct, frozen=True):
    """`asserted`: what the browser made of being asked for a passkey, where that was answered."""

    challenge: Challenge
    reply: Reply
    effects: tuple[Effect, ...] = ()
    asserted: Asserted | None = None


def begin(
    method: Method,
    *,
    tries: int,
    resends: int,
    now: datetime,
    next_counter: NextCounter,
    password: str | None = None,
    other_way: bool = False,
) -> Step:
    """The first page, and what it needs: a code by SMS, a prompt of the banking app. `other_way`: beside the banking app there has
    to be one; a passkey has one anyway."""
    described = METHODS[method]
    offered = described.fallback is not None and (other_way or described.questions[0] in ASSERTED)
    leads_to = METHODS[described.fallback or method] if offered else described
    sends = Question.SMS_CODE in leads_to.questions
    begun = Challenge(method, tries, resends if sends else 0, password=password, other_way=offered)
    return _ask(begun, Page(None), now, next_counter)


def answer(
    challenge: Challenge,
    submission: Submission,
    now: datetime,
    judge: Judge,
    next_counter: NextCounter,
    of_passkeys: JudgeOfPasskeys | None = None,
) -> Step:
    """Take what the cardholder posted. `judge` says what the typed value is, `next_counter` which code is sent next, `of_passkeys`
    what the answer of an authenticator is worth."""
    if submission.action is Action.CANCEL:
        return Step(challenge, Over(Ending.CANCELLED))
    if submission.page != challenge.page:
        return _stale(challenge, submission)
    if submission.action is Action.RESEND:
        return _resend(challenge, submission, now, next_counter)
    if challenge.question in ASSERTED and of_passkeys is not None:
        return _asserted(_ticked(challenge, submission), submission, now, of_passkeys(submission.value), next_counter)
    challenge = _ticked(challenge, submission)
    if challenge.approved is not None:
        return decided(challenge, approved=challenge.approved)
    if challenge.question in OUTCOMES:
        return _chosen(challenge, submission)
    verdict = _judged(challenge, submission.value, judge)
    if verdict is Verdict.CORRECT:
        return _right(challenge, submission, now, next_counter)
    return _not_right(challenge, submission, verdict)


def _ticked(challenge: Challenge, submission: Submission) -> Challenge:
    """A box counts only where it was offered."""
    return replace(
        challenge,
        trusts=None if challenge.trusts is None else submission.trusts,
        binds=None if challenge.binds is None else submission.binds,
    )


def decided(challenge: Challenge, *, approved: bool) -> Step:
    """The cardholder has decided in the banking app."""
    return Step(_answered(challenge), Over(Ending.PASSED if approved else Ending.DECLINED))


def prompted(challenge: Challenge, prompt: str | None, ask_at: datetime | None = None) -> Challenge:
    """The banking app took the prompt under this name; None when it did not take it, to be asked again at `ask_at`."""
    if prompt is not None:
        return replace(challenge, prompt=prompt, ask_at=None)
    return replace(challenge, notice="app-failed", ask_at=ask_at)


def sent(challenge: Challenge, counter: int, *, taken: bool) -> Challenge:
    """Whether the phone network took the code of `counter`; a newer code does not care."""
    if challenge.code is None or challenge.code.counter != counter:
        return challenge
    return replace(challenge, notice=challenge.notice if taken else "sms-failed", ask_at=None)


def not_asked(challenge: Challenge, now: datetime) -> tuple[Effect, ...]:
    """What the phone was not asked for although it is time."""
    if challenge.ask_at is None or now < challenge.ask_at or challenge.needs is None:
        return ()
    return (challenge.needs,)


def to_ask(step: Step, ask_at: datetime) -> Step:
    """The step with what it needs noted in the record, for whoever finds it after a crash: it is asked for at `ask_at`, unless it
    was by then."""
    return replace(step, challenge=replace(step.challenge, ask_at=ask_at)) if step.effects else step


def _stale(challenge: Challenge, submission: Submission) -> Step:
    repeated = submission.page == challenge.page - 1 and submission.mark == challenge.last_answer
    return Step(challenge, Page(challenge.notice if repeated else "stale-page"))


def _asserted(
    challenge: Challenge, submission: Submission, now: datetime, found: Asserted, next_counter: NextCounter
) -> Step:
    """The authenticator answered, or the browser says why it did not: then it goes on in the other way."""
    if found.verdict is Verdict.CORRECT:
        step = _right(replace(challenge, passkey=found.passkey), submission, now, next_counter)
    elif found.verdict is Verdict.FALLS_BACK:
        notice = None if challenge.question is Question.WALLET else "passkey-unused"
        step = _fall_back(challenge, submission, notice, now, next_counter)
    elif found.verdict is Verdict.DECLINED:
        step = decided(challenge, approved=False)
    else:
        step = _not_right(challenge, submission, found.verdict)
    return replace(step, asserted=found)


def _fall_back(
    challenge: Challenge, submission: Submission, notice: str | None, now: datetime, next_counter: NextCounter
) -> Step:
    """On with the method that takes the place of this one: the challenge is one of that method from here on."""
    method = METHODS[challenge.method].fallback or challenge.method
    step = _next_page(replace(challenge, method=method, stage=0, other_way=False), submission, notice)
    return _ask(step.challenge, step.reply, now, next_counter)


def _resend(challenge: Challenge, submission: Submission, now: datetime, next_counter: NextCounter) -> Step:
    if challenge.other_way:
        return _fall_back(challenge, submission, None, now, next_counter)
    if challenge.code is None or challenge.resends_left == 0:
        return _same_page(challenge, "no-more-resends")
    code = challenge.code.replaced(next_counter(), now)
    resent = replace(challenge, code=code, resends_left=challenge.resends_left - 1)
    step = _next_page(resent, submission, "resent")
    return replace(step, effects=(SendCode(code.counter),))


def _judged(challenge: Challenge, value: str, judge: Judge) -> Verdict:
    if challenge.question is Question.SMS_CODE and challenge.code is not None:
        return judge(challenge.code, value)
    if challenge.question is Question.PASSWORD and challenge.password is not None:
        return static_password.judge(value, challenge.password)
    return JUDGES[challenge.question](value)


def _chosen(challenge: Challenge, submission: Submission) -> Step:
    """The answer says how it ends."""
    chosen = OUTCOMES[challenge.question](submission.value)
    if chosen is None:
        return _not_right(challenge, submission, Verdict.WRONG if submission.value.strip() else Verdict.BLANK)
    return Step(replace(_answered(challenge), reason=chosen.reason), Over(_CHOSEN[chosen.status]))


def _right(challenge: Challenge, submission: Submission, now: datetime, next_counter: NextCounter) -> Step:
    """On to the next question, or the end."""
    answered = _answered(challenge)
    if answered.last_question:
        return Step(answered, Over(Ending.PASSED))
    if answered.question is Question.CHOOSE_PHONE:
        answered = replace(answered, phone=CHOICES.index(submission.value))
    step = _next_page(replace(answered, stage=answered.stage + 1), submission, None)
    return _ask(step.challenge, step.reply, now, next_counter)


def _not_right(challenge: Challenge, submission: Submission, verdict: Verdict) -> Step:
    told = notice(challenge.question, verdict)
    if verdict is Verdict.BLANK:
        return _same_page(challenge, told)
    answered = _answered(challenge)
    if verdict is Verdict.DECLINED:
        return Step(answered, Over(Ending.FAILED))
    if verdict is not Verdict.WRONG:
        return _next_page(answered, submission, told)
    tried = replace(answered, tries_left=answered.tries_left - 1)
    if tried.tries_left == 0:
        return Step(tried, Over(Ending.TOO_MANY_TRIES))
    return _next_page(tried, submission, told)


def _ask(challenge: Challenge, reply: Reply, now: datetime, next_counter: NextCounter) -> Step:
    """The challenge with what its question needs, which is asked for as an effect."""
    if challenge.question is Question.BANKING_APP:
        return Step(challenge, reply, (ShowPrompt(),))
    if challenge.question is not Question.SMS_CODE:
        return Step(challenge, reply)
    code = SentCode(next_counter(), now)
    return Step(replace(challenge, code=code), reply, (SendCode(code.counter),))


def _answered(challenge: Challenge) -> Challenge:
    return replace(challenge, answers=min(challenge.answers + 1, MAX_ANSWERS))


def _same_page(challenge: Challenge, notice: str) -> Step:
    return Step(replace(challenge, notice=notice), Page(notice))


def _next_page(challenge: Challenge, submission: Submission, notice: str | None) -> Step:
    shown = replace(challenge, page=challenge.page + 1, notice=notice, last_answer=submission.mark)
    return Step(shown, Page(notice))
