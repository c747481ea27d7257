"""A step of a challenge, called as what it is: a function of what is on the page, what was posted, and the time."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from acs.cardholder import challenge as challenges
from acs.cardholder.challenge import (
    MAX_ANSWERS,
    Action,
    Challenge,
    Ending,
    Over,
    Page,
    SendCode,
    ShowPrompt,
    Step,
    Submission,
    answer,
    begin,
)
from acs.cardholder.methods.table import METHODS, Question
from acs.cardholder.passkeys.ceremony import Asserted, Outcome
from acs.cardholder.securecode import SentCode, Verdict
from threedsecure.cards.plays import Method

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RIGHT = "314159"


def begun(method=Method.SMS_CODE, tries=3, resends=2, **more):
    return begin(method, tries=tries, resends=resends, now=NOW, next_counter=lambda: 7, **more)


def posted(challenge, value=RIGHT, action=Action.SUBMIT, page=None, mark="mark", **boxes):
    submission = Submission(action, challenge.page if page is None else page, value, mark, **boxes)
    return answer(challenge, submission, NOW + SECOND, judge, lambda: 8)


def judge(sent, typed):
    assert sent.counter in (7, 8)
    return {RIGHT: Verdict.CORRECT, "": Verdict.BLANK, "old": Verdict.SUPERSEDED}.get(typed, Verdict.WRONG)


# --- how it begins ---


def test_a_code_is_sent_with_the_first_page():
    step = begun()
    assert step == Step(Challenge(Method.SMS_CODE, 3, 2, code=SentCode(7, NOW)), Page(None), (SendCode(7),))
    assert (step.challenge.page, step.challenge.answers, step.challenge.stage) == (1, 0, 0)


@pytest.mark.parametrize(
    ("method", "resends", "effects"),
    [
        (Method.PASSWORD, 0, ()),
        (Method.PASSWORD_AND_SMS_CODE, 2, ()),
        (Method.SINGLE_SELECT, 2, ()),
        (Method.PASSKEY, 2, ()),
        (Method.WALLET, 2, ()),
        (Method.OUT_OF_BAND, 0, (ShowPrompt(),)),
        (Method.HTML_PAGE, 0, ()),
    ],
)
def test_a_code_can_be_sent_again_where_one_is_sent_at_some_time(method, resends, effects):
    step = begun(method)
    assert (step.challenge.resends_left, step.effects, step.challenge.code) == (resends, effects, None)


@pytest.mark.parametrize("method", list(Method))
def test_a_method_needs_what_its_first_question_needs(method):
    challenge = begun(method).challenge
    needs = {Question.SMS_CODE: SendCode(7), Question.BANKING_APP: ShowPrompt()}.get(challenge.question)
    assert challenge.needs == needs
    assert challenge.question is METHODS[method].questions[0]


def test_without_a_code_there_is_nothing_to_send():
    assert Challenge(Method.SMS_CODE, 3, 2).needs is None


def test_the_last_question_has_no_next_one():
    first = begun(Method.SINGLE_SELECT).challenge
    last = replace(first, stage=1)
    assert (first.last_question, first.next_question) == (False, Question.SMS_CODE)
    assert (last.last_question, last.next_question) == (True, None)


@pytest.mark.parametrize(
    ("trusts", "binds", "boxes"),
    [(None, None, False), (False, None, True), (None, False, True), (True, True, True)],
)
def test_a_page_has_boxes_where_something_is_offered(trusts, binds, boxes):
    assert replace(begun().challenge, trusts=trusts, binds=binds).has_boxes is boxes


# --- answers ---


def test_the_right_code_passes():
    step = posted(begun().challenge)
    assert (step.reply, step.challenge.answers, step.effects) == (Over(Ending.PASSED), 1, ())


def test_a_wrong_code_costs_a_try_and_leads_to_the_next_page():
    before = begun().challenge
    step = posted(before, "000000", mark="first")
    assert step.reply == Page("wrong-code")
    assert step.challenge == replace(before, tries_left=2, answers=1, page=2, notice="wrong-code", last_answer="first")


def test_the_last_wrong_code_ends_it():
    step = posted(begun(tries=1).challenge, "000000")
    assert (step.reply, step.challenge.tries_left, step.challenge.answers) == (Over(Ending.TOO_MANY_TRIES), 0, 1)


def test_a_code_that_was_in_the_cardholders_hands_costs_no_try_and_is_an_answer():
    step = posted(begun(tries=1).challenge, "old")
    assert (step.reply, step.challenge.tries_left, step.challenge.answers) == (Page("superseded-code"), 1, 1)
    assert step.challenge.page == 2


def test_a_blank_field_is_neither_a_try_nor_an_answer_and_the_page_stays():
    step = posted(begun().challenge, "")
    assert step.reply == Page("blank-code")
    assert step.challenge == replace(begun().challenge, notice="blank-code")


def test_more_answers_than_two_digits_tell_are_99():
    almost = replace(begun(tries=9).challenge, answers=MAX_ANSWERS - 1)
    assert MAX_ANSWERS == 99
    step = posted(almost, "000000")
    assert step.challenge.answers == 99
    assert posted(step.challenge, "000000").challenge.answers == 99


def test_who_cancels_is_heard_on_any_page_and_has_answered_nothing():
    challenge = begun().challenge
    for page in (0, 1, 9):
        assert posted(challenge, action=Action.CANCEL, page=page) == Step(challenge, Over(Ending.CANCELLED))


@pytest.mark.parametrize(
    ("page", "mark", "notice"),
    [(1, "mark", "wrong-code"), (1, "other", "stale-page"), (0, "mark", "stale-page"), (3, "mark", "stale-page")],
)
def test_the_second_post_of_a_double_click_is_told_what_the_first_was_told(page, mark, notice):
    shown = posted(begun().challenge, "000000").challenge
    step = posted(shown, "000000", page=page, mark=mark)
    assert step == Step(shown, Page(notice))


@pytest.mark.parametrize("action", [Action.SUBMIT, Action.RESEND])
def test_the_first_page_has_none_before_it(action):
    challenge = begun().challenge
    assert posted(challenge, action=action, page=0).reply == Page("stale-page")


# --- another code ---


def test_a_new_code_takes_the_place_of_the_old_one():
    step = posted(begun().challenge, action=Action.RESEND)
    assert (step.reply, step.effects) == (Page("resent"), (SendCode(8),))
    challenge = step.challenge
    assert (challenge.resends_left, challenge.page, challenge.answers) == (1, 2, 0)
    assert (challenge.code.counter, challenge.code.superseded, challenge.code.sent_at) == (8, (7,), NOW + SECOND)


def test_no_more_codes_are_sent_than_may_be():
    spent = begun(resends=0).challenge
    step = posted(spent, action=Action.RESEND)
    assert (step.reply, step.effects, step.challenge.page) == (Page("no-more-resends"), (), 1)
    without = replace(begun().challenge, code=None)
    assert posted(without, action=Action.RESEND).reply == Page("no-more-resends")


# --- questions one after the other ---


@pytest.mark.parametrize("choice", ["1", "2"])
def test_the_phone_that_is_chosen_gets_the_code(choice):
    step = posted(begun(Method.SINGLE_SELECT).challenge, choice)
    assert (step.reply, step.effects) == (Page(None), (SendCode(8),))
    challenge = step.challenge
    assert (challenge.phone, challenge.stage, challenge.page, challenge.answers) == (int(choice) - 1, 1, 2, 1)
    assert challenge.code == SentCode(8, NOW + SECOND)
    assert posted(challenge).reply == Over(Ending.PASSED)


def test_a_choice_that_is_none_asks_again():
    step = posted(begun(Method.SINGLE_SELECT).challenge, "3")
    assert (step.reply, step.challenge.answers, step.challenge.tries_left) == (Page("blank-choice"), 0, 3)


def test_after_a_password_no_phone_was_chosen():
    step = posted(begun(Method.PASSWORD_AND_SMS_CODE).challenge, "imaginaire")
    assert (step.reply, step.challenge.phone, step.effects) == (Page(None), 0, (SendCode(8),))


@pytest.mark.parametrize(
    ("own", "typed", "reply"),
    [
        (None, "imaginaire", Over(Ending.PASSED)),
        (None, "Imaginaire", Page("wrong-password")),
        ("sesame", "sesame", Over(Ending.PASSED)),
        ("sesame", "imaginaire", Page("wrong-password")),
        ("sesame", " ", Page("blank-password")),
    ],
)
def test_a_card_may_have_a_password_of_its_own(own, typed, reply):
    assert posted(begun(Method.PASSWORD, password=own).challenge, typed).reply == reply


def test_a_card_with_a_password_answers_other_questions_as_all_do():
    step = posted(begun(Method.PASSWORD_AND_QUESTION, password="sesame").challenge, "sesame")
    assert step.reply == Page(None)
    assert posted(step.challenge, "felix").reply == Over(Ending.PASSED)


def test_a_page_that_fails_by_itself_is_an_answer():
    step = posted(begun(Method.AUTO_FAIL).challenge, "")
    assert (step.reply, step.challenge.answers) == (Over(Ending.FAILED), 1)


# --- endings that are chosen ---


@pytest.mark.parametrize(
    ("pressed", "ending"),
    [
        ("Y", Ending.PASSED),
        ("N", Ending.FAILED),
        ("A", Ending.ATTEMPTED),
        ("U", Ending.UNAVAILABLE),
        ("R", Ending.REJECTED),
    ],
)
def test_the_button_says_how_it_ends(pressed, ending):
    step = posted(begun(Method.CHOICE).challenge, pressed)
    assert (step.reply, step.challenge.answers, step.challenge.reason) == (Over(ending), 1, None)


def test_the_code_that_is_typed_may_say_why():
    step = posted(begun(Method.OUTCOME_CODE).challenge, " 8888 ")
    assert (step.reply, step.challenge.reason) == (Over(Ending.FAILED), "10")


@pytest.mark.parametrize(
    ("typed", "notice", "tries"), [("0", "wrong-answer", 2), ("", "blank-answer", 3), ("  ", "blank-answer", 3)]
)
def test_what_says_nothing_ends_nothing(typed, notice, tries):
    step = posted(begun(Method.OUTCOME_CODE).challenge, typed)
    assert (step.reply, step.challenge.tries_left, step.challenge.answers) == (Page(notice), tries, 3 - tries)


# --- the banking app ---


def test_before_the_banking_app_told_there_is_nothing_to_answer():
    step = posted(begun(Method.OUT_OF_BAND).challenge, "")
    assert (step.reply, step.challenge.answers) == (Page("not-decided"), 0)


@pytest.mark.parametrize(("approved", "ending"), [(True, Ending.PASSED), (False, Ending.DECLINED)])
def test_what_the_banking_app_told_decides_when_the_page_comes_back(approved, ending):
    told = replace(begun(Method.OUT_OF_BAND).challenge, approved=approved, trusts=False)
    step = posted(told, "", trusts=True)
    assert (step.reply, step.challenge.answers, step.challenge.trusts) == (Over(ending), 1, True)
    assert challenges.decided(told, approved=approved).reply == Over(ending)


def test_a_prompt_that_was_taken_has_a_name_and_one_that_was_not_is_asked_again():
    asked = replace(begun(Method.OUT_OF_BAND).challenge, ask_at=NOW)
    taken = challenges.prompted(asked, "prompt-1", NOW + SECOND)
    assert (taken.prompt, taken.ask_at, taken.notice) == ("prompt-1", None, None)
    failed = challenges.prompted(asked, None, NOW + SECOND)
    assert (failed.prompt, failed.ask_at, failed.notice) == (None, NOW + SECOND, "app-failed")
    assert challenges.prompted(asked, None).ask_at is None


# --- boxes ---


@pytest.mark.parametrize("box", ["trusts", "binds"])
@pytest.mark.parametrize(
    ("offered", "ticked", "kept"), [(None, True, None), (False, True, True), (False, False, False)]
)
def test_a_box_counts_only_where_it_was_offered(box, offered, ticked, kept):
    challenge = replace(begun().challenge, **{box: offered})
    assert getattr(posted(challenge, **{box: ticked}).challenge, box) is kept


# --- the phone ---


@pytest.mark.parametrize(
    ("counter", "taken", "notice", "asks"),
    [(7, True, "resent", None), (7, False, "sms-failed", None), (6, False, "resent", NOW), (8, True, "resent", NOW)],
)
def test_a_newer_code_does_not_care_what_became_of_the_older(counter, taken, notice, asks):
    challenge = replace(begun().challenge, notice="resent", ask_at=NOW)
    found = challenges.sent(challenge, counter, taken=taken)
    assert (found.notice, found.ask_at) == (notice, asks)


def test_where_no_code_was_to_be_sent_nothing_became_of_it():
    challenge = begun(Method.PASSWORD).challenge
    assert challenges.sent(challenge, 7, taken=False) is challenge


@pytest.mark.parametrize(
    ("method", "ask_at", "needs"),
    [
        (Method.SMS_CODE, None, ()),
        (Method.SMS_CODE, NOW + SECOND, ()),
        (Method.SMS_CODE, NOW, (SendCode(7),)),
        (Method.OUT_OF_BAND, NOW - SECOND, (ShowPrompt(),)),
        (Method.PASSWORD, NOW, ()),
    ],
)
def test_the_phone_is_asked_when_it_is_time(method, ask_at, needs):
    assert challenges.not_asked(replace(begun(method).challenge, ask_at=ask_at), NOW) == needs


def test_what_has_to_be_asked_is_noted_for_whoever_finds_it():
    step = begun()
    assert challenges.to_ask(step, NOW).challenge.ask_at == NOW
    nothing = begun(Method.PASSWORD)
    assert challenges.to_ask(nothing, NOW) is nothing


# --- passkeys ---


def asserted(challenge, found, **more):
    submission = Submission(Action.SUBMIT, challenge.page, "assertion", "mark", **more)
    return answer(challenge, submission, NOW, judge, lambda: 8, lambda value: found if value == "assertion" else None)


@pytest.mark.parametrize("method", [Method.PASSKEY, Method.SPC])
def test_an_assertion_passes_and_a_wrong_one_costs_a_try(method):
    challenge = replace(begun(method).challenge, binds=False)
    right = Asserted(Verdict.CORRECT, Outcome.CHOSEN)
    step = asserted(challenge, right, binds=True)
    assert (step.reply, step.asserted, step.challenge.binds) == (Over(Ending.PASSED), right, True)
    wrong = Asserted(Verdict.WRONG, Outcome.CHOSEN)
    step = asserted(challenge, wrong)
    assert (step.reply, step.asserted, step.challenge.tries_left) == (Page("wrong-passkey"), wrong, 2)


def test_what_the_browser_cannot_do_a_code_does():
    challenge = begun(Method.PASSKEY).challenge
    cannot = Asserted(Verdict.FALLS_BACK, Outcome.CHOSEN)
    step = asserted(challenge, cannot)
    assert (step.reply, step.effects, step.asserted) == (Page("passkey-unused"), (SendCode(8),), cannot)
    assert (step.challenge.method, step.challenge.stage, step.challenge.page) == (Method.SMS_CODE, 0, 2)
    assert step.challenge.resends_left == 2


def test_the_cardholder_may_ask_for_a_code_instead():
    step = posted(begun(Method.PASSKEY).challenge, action=Action.RESEND)
    assert (step.reply, step.effects) == (Page(None), (SendCode(8),))
    assert step.challenge.method is Method.SMS_CODE
