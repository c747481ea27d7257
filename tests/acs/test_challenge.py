"""The challenge as a pure function: a table of single steps, and a machine that types at random."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from acs.cardholder.challenge import (
    MAX_ANSWERS,
    Action,
    Challenge,
    Ending,
    Over,
    Page,
    SendCode,
    Submission,
    answer,
    begin,
    sent,
)
from acs.cardholder.securecode import SecureCodes, SentCode, Verdict
from threedsecure.cards.plays import Method

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
OPEN = Challenge(Method.SMS_CODE, tries_left=3, resends_left=2, page=4, code=SentCode(100, NOW))


def submitted(challenge, verdict, *, action=Action.SUBMIT, page=None, mark="m", next_counter=101):
    submission = Submission(action, challenge.page if page is None else page, "…", mark)
    return answer(challenge, submission, NOW, lambda _sent, _typed: verdict, lambda: next_counter)


def test_a_challenge_by_sms_begins_with_a_code():
    step = begin(Method.SMS_CODE, tries=3, resends=2, now=NOW, next_counter=lambda: 7)
    assert step.challenge == Challenge(Method.SMS_CODE, 3, 2, code=SentCode(7, NOW))
    assert (step.reply, step.effects) == (Page(None), (SendCode(7),))


@pytest.mark.parametrize(
    ("verdict", "notice", "tries_left", "answers", "page"),
    [
        (Verdict.WRONG, "wrong-code", 2, 1, 5),
        (Verdict.EXPIRED, "expired-code", 3, 1, 5),
        (Verdict.SUPERSEDED, "superseded-code", 3, 1, 5),
        (Verdict.REPLAYED, "replayed-code", 3, 1, 5),
        (Verdict.BLANK, "blank-code", 3, 0, 4),
    ],
)
def test_what_an_answer_costs(verdict, notice, tries_left, answers, page):
    step = submitted(OPEN, verdict)
    assert step.reply == Page(notice)
    after = step.challenge
    assert (after.tries_left, after.answers, after.page, after.notice) == (tries_left, answers, page, notice)


def test_the_right_code_ends_it():
    step = submitted(replace(OPEN, answers=1), Verdict.CORRECT)
    assert (step.reply, step.challenge.answers) == (Over(Ending.PASSED), 2)


def test_the_last_wrong_code_ends_it():
    step = submitted(replace(OPEN, tries_left=1, answers=2), Verdict.WRONG)
    assert (step.reply, step.challenge.answers, step.challenge.tries_left) == (Over(Ending.TOO_MANY_TRIES), 3, 0)


def test_resend_supersedes_the_code():
    step = submitted(OPEN, Verdict.BLANK, action=Action.RESEND, next_counter=140)
    assert (step.reply, step.effects) == (Page("resent"), (SendCode(140),))
    assert step.challenge.code == SentCode(140, NOW, superseded=(100,))
    assert (step.challenge.resends_left, step.challenge.tries_left, step.challenge.answers) == (1, 3, 0)


def test_no_resend_is_left_after_two():
    step = submitted(replace(OPEN, resends_left=0), Verdict.BLANK, action=Action.RESEND)
    assert (step.reply, step.effects, step.challenge.code) == (Page("no-more-resends"), (), OPEN.code)


@pytest.mark.parametrize("page", [4, 3, 1])
def test_cancel_counts_from_any_page(page):
    assert submitted(OPEN, Verdict.WRONG, action=Action.CANCEL, page=page).reply == Over(Ending.CANCELLED)


@pytest.mark.parametrize("action", [Action.SUBMIT, Action.RESEND])
def test_an_answer_to_an_older_page_changes_nothing(action):
    step = submitted(OPEN, Verdict.CORRECT, action=action, page=3)
    assert step == replace(step, challenge=OPEN, reply=Page("stale-page"), effects=())


def test_the_second_click_is_told_what_the_first_was_told():
    once = submitted(OPEN, Verdict.WRONG, mark="same").challenge
    again = submitted(once, Verdict.WRONG, page=OPEN.page, mark="same")
    assert (again.challenge, again.reply) == (once, Page("wrong-code"))
    assert submitted(once, Verdict.WRONG, page=OPEN.page, mark="other").reply == Page("stale-page")


@pytest.mark.parametrize(("method", "ending"), [(Method.AUTO_PASS, Ending.PASSED), (Method.AUTO_FAIL, Ending.FAILED)])
def test_a_page_that_finishes_by_itself(method, ending):
    begun = begin(method, tries=3, resends=2, now=NOW, next_counter=lambda: 7)
    assert begun.effects == ()
    assert submitted(begun.challenge, Verdict.BLANK, action=Action.RESEND).reply == Page("no-more-resends")
    step = submitted(begun.challenge, Verdict.BLANK)
    assert (step.reply, step.challenge.answers) == (Over(ending), 1)


def test_a_code_that_could_not_be_sent_is_told_unless_a_newer_one_went_out():
    assert sent(OPEN, 100, taken=False).notice == "sms-failed"
    assert sent(OPEN, 99, taken=False) == OPEN


def test_the_counter_of_answers_stays_in_two_digits():
    step = submitted(replace(OPEN, answers=MAX_ANSWERS), Verdict.EXPIRED)
    assert step.challenge.answers == 99


TRIES, RESENDS = 3, 2
PAN = "4000000001000001"
VALIDITY = timedelta(minutes=5)


class Cardholder(RuleBasedStateMachine):
    """Types, waits, resends, cancels and clicks twice, against a model of a few counters."""

    def __init__(self):
        super().__init__()
        self.codes = SecureCodes(b"k" * 32, VALIDITY)
        self.now = NOW
        self.counter = 1000
        self.sent: list[int] = []
        self.sent_at = NOW
        self.wrong = 0
        self.answers = 0
        self.endings: list[Ending] = []
        self.last: tuple[Submission, Page] | None = None

    @initialize()
    def begins(self):
        step = begin(Method.SMS_CODE, tries=TRIES, resends=RESENDS, now=self.now, next_counter=self.next_counter)
        self.challenge = step.challenge
        self.perform(step)

    def next_counter(self):
        return self.counter + 1

    def perform(self, step):
        for effect in step.effects:
            self.counter = effect.counter
            self.sent.append(effect.counter)
            self.sent_at = self.now

    def post(self, action, value, page=None):
        page = self.challenge.page if page is None else page
        submission = Submission(action, page, value, f"{action}{page}{value}")
        return self.post_again(submission)

    def post_again(self, submission):
        if self.endings:
            return None
        judge = lambda sent, typed: self.codes.judge(PAN, sent, typed, self.now)  # noqa: E731
        step = answer(self.challenge, submission, self.now, judge, self.next_counter)
        self.perform(step)
        self.challenge = step.challenge
        match step.reply:
            case Over(ending):
                self.endings.append(ending)
            case Page():
                self.last = (submission, step.reply)
        return step.reply

    @property
    def expired(self):
        return self.now >= self.sent_at + VALIDITY

    @property
    def over(self):
        return bool(self.endings)

    @precondition(lambda self: not self.over)
    @rule()
    def types_the_latest_code(self):
        reply = self.post(Action.SUBMIT, self.codes.code(PAN, self.sent[-1]))
        self.answers += 1
        assert reply == (Page("expired-code") if self.expired else Over(Ending.PASSED))

    @precondition(lambda self: not self.over)
    @rule(value=st.sampled_from(["000000", "12345", "abcdef", "9" * 60]))
    def types_a_wrong_code(self, value):
        known = {self.codes.code(PAN, n) for n in range(self.sent[0] - 20, self.sent[-1] + 1)}
        if value in known:
            return
        reply = self.post(Action.SUBMIT, value)
        self.wrong += 1
        self.answers += 1
        assert reply == (Over(Ending.TOO_MANY_TRIES) if self.wrong == TRIES else Page("wrong-code"))

    @precondition(lambda self: not self.over and len(self.sent) > 1)
    @rule(data=st.data())
    def types_a_superseded_code(self, data):
        counter = data.draw(st.sampled_from(self.sent[:-1]))
        assert self.post(Action.SUBMIT, self.codes.code(PAN, counter)) == Page("superseded-code")
        self.answers += 1

    @precondition(lambda self: not self.over)
    @rule()
    def types_a_code_of_an_earlier_purchase(self):
        assert self.post(Action.SUBMIT, self.codes.code(PAN, self.sent[0] - 1)) == Page("replayed-code")
        self.answers += 1

    @precondition(lambda self: not self.over)
    @rule()
    def types_nothing(self):
        assert self.post(Action.SUBMIT, "  ") == Page("blank-code")

    @precondition(lambda self: not self.over)
    @rule()
    def asks_for_another_code(self):
        allowed = len(self.sent) <= RESENDS
        assert self.post(Action.RESEND, "") == Page("resent" if allowed else "no-more-resends")

    @precondition(lambda self: not self.over and self.challenge.page > 1)
    @rule(data=st.data())
    def answers_an_older_page_with_the_right_code(self, data):
        page = data.draw(st.integers(1, self.challenge.page - 1))
        before = self.challenge
        assert isinstance(self.post(Action.SUBMIT, self.codes.code(PAN, self.sent[-1]), page), Page)
        assert self.challenge == before

    @precondition(lambda self: not self.over and self.last is not None)
    @rule()
    def clicks_twice(self):
        submission, told = self.last
        if submission.page == self.challenge.page:
            return
        before = self.challenge
        reply = self.post_again(submission)
        assert self.challenge == before
        assert reply in (told, Page("stale-page"), Page(before.notice))

    @rule(minutes=st.integers(1, 6))
    def waits(self, minutes):
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: not self.over)
    @rule()
    def cancels(self):
        assert self.post(Action.CANCEL, "") == Over(Ending.CANCELLED)

    @invariant()
    def never_more_tries_or_codes_than_allowed(self):
        if not hasattr(self, "challenge"):
            return
        assert self.challenge.tries_left == TRIES - self.wrong >= 0
        assert self.challenge.answers == self.answers
        assert len(self.sent) <= 1 + RESENDS
        assert len(self.endings) <= 1
        assert (self.wrong == TRIES) == (self.endings == [Ending.TOO_MANY_TRIES])


Cardholder.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCardholder = Cardholder.TestCase
