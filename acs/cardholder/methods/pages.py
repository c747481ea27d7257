"""Which page asks which question."""

from collections.abc import Sequence
from typing import Final

from acs.cardholder.methods import html_page, multi_select, outcome, single_select
from acs.cardholder.methods.table import Question
from acs.cardholder.pages import (
    ChallengePage,
    Choice,
    app_page,
    auto_page,
    challenge_page,
    choice_page,
    outcome_page,
    password_page,
)
from acs.settings import AcsSettings


def _(message: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return message


_PASSWORD: Final = _("Password of your online bank")
_FIRST_PET: Final = _("Name of your first pet")
_WHERE_TO: Final = _("Where shall we send the code?")
_PICTURES: Final = _("Choose the two pictures of your secret")
_IS_IT_YOU: Final = _("Are you making this payment?")
_YES_AND_NO: Final = (Choice(html_page.YES, _("Yes, it is me")), Choice(html_page.NO, _("No, it is not me")))


def method_page(view: ChallengePage, question: Question, phones: Sequence[str], settings: AcsSettings) -> str:
    """The page of a challenge at this question. `phones`: the cardholder's numbers, the first one first."""
    match question:
        case Question.SMS_CODE:
            return challenge_page(view)
        case Question.PASSWORD:
            return password_page(view, _PASSWORD, hides=True)
        case Question.KNOWLEDGE:
            return password_page(view, _FIRST_PET, hides=False)
        case Question.CHOOSE_PHONE:
            numbers = zip(single_select.CHOICES, phones, strict=True)
            return choice_page(
                view, _WHERE_TO, [Choice(value, phone_hint(number)) for value, number in numbers], several=False
            )
        case Question.CHOOSE_SEVERAL:
            pictures = [Choice(value, label) for value, label in multi_select.CHOICES.items()]
            return choice_page(view, _PICTURES, pictures, several=True)
        case Question.HTML_PAGE:
            return choice_page(view, _IS_IT_YOU, _YES_AND_NO, several=False)
        case Question.CHOOSE_OUTCOME:
            return outcome_page(view, _IS_IT_YOU, outcome.BUTTONS)
        case Question.OUTCOME_CODE:
            return password_page(view, "Outcome code", hides=False)
        case Question.BANKING_APP:
            return app_page(view, settings.state_url)
        case Question.NOTHING_PASS | Question.NOTHING_FAIL:
            return auto_page(view, int(settings.auto_delay.total_seconds() * 1000))


def phone_hint(number: str) -> str:
    """A phone number that only its owner recognises."""
    return f"•• •• •• {number[-2:]}"
