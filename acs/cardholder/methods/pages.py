"""Which words ask which question, and which page shows them."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from acs.cardholder.methods import html_page, multi_select, outcome, single_select
from acs.cardholder.methods.table import Question
from acs.cardholder.pages import (
    ChallengePage,
    Choice,
    app_page,
    auto_page,
    challenge_page,
    choice_page,
    in_app_page,
    outcome_page,
    passkey_page,
    password_page,
    wallet_page,
)
from acs.cardholder.passkeys.ceremony import Ceremony
from acs.settings import AcsSettings
from threedsecure.addresses import is_email


def _(message: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return message


_PASSWORD: Final = _("Password of your online bank")
_FIRST_PET: Final = _("Name of your first pet")
_WHERE_TO: Final = _("Where shall we send the code?")
_PICTURES: Final = _("Choose the two pictures of your secret")
_IS_IT_YOU: Final = _("Are you making this payment?")
_YES_AND_NO: Final = (Choice(html_page.YES, _("Yes, it is me")), Choice(html_page.NO, _("No, it is not me")))
_OUTCOME_CODE: Final = "Outcome code"
_SMS_CODE: Final = _("Code received by SMS")
_EMAIL_CODE: Final = _("Code received by e-mail")
_OPEN_THE_APP: Final = _("Open your banking app and approve the payment there.")
_PASSKEY: Final = _("Confirm with your passkey")
_WALLET: Final = _("Confirm in your wallet")
_WAIT: Final = _("Your bank is checking this payment.")


_WITHOUT_FIELD: Final = {
    Question.BANKING_APP: _OPEN_THE_APP,
    Question.PASSKEY: _PASSKEY,
    Question.PAYMENT_CONFIRMATION: _PASSKEY,
    Question.WALLET: _WALLET,
    Question.NOTHING_PASS: _WAIT,
    Question.NOTHING_FAIL: _WAIT,
}


class Wording(Struct, frozen=True):
    """What a question asks: with `choices`, of which one or `several` are chosen, or with a field for what is typed, which `hides`
    it, or with neither. `label`: marked for translation."""

    label: str
    choices: tuple[Choice, ...] = ()
    several: bool = False
    types: bool = False
    hides: bool = False


def wording(question: Question, phones: Sequence[str]) -> Wording:
    """The words of a question. `phones`: the cardholder's numbers, the first one first."""
    match question:
        case Question.SMS_CODE:
            return Wording(_EMAIL_CODE if is_email(phones[0]) else _SMS_CODE, types=True)
        case Question.PASSWORD:
            return Wording(_PASSWORD, types=True, hides=True)
        case Question.KNOWLEDGE:
            return Wording(_FIRST_PET, types=True)
        case Question.CHOOSE_PHONE:
            numbers = zip(single_select.CHOICES, phones, strict=True)
            return Wording(_WHERE_TO, tuple(Choice(value, phone_hint(number)) for value, number in numbers))
        case Question.CHOOSE_SEVERAL:
            pictures = tuple(Choice(value, label) for value, label in multi_select.CHOICES.items())
            return Wording(_PICTURES, pictures, several=True)
        case Question.HTML_PAGE:
            return Wording(_IS_IT_YOU, _YES_AND_NO)
        case Question.CHOOSE_OUTCOME:
            return Wording(_IS_IT_YOU, tuple(Choice(value, label) for value, label in outcome.BUTTONS.items()))
        case Question.OUTCOME_CODE:
            return Wording(_OUTCOME_CODE, types=True)
        case _:
            return Wording(_WITHOUT_FIELD[question])


def method_page(
    view: ChallengePage,
    question: Question,
    phones: Sequence[str],
    settings: AcsSettings,
    ceremony: Ceremony | None = None,
) -> str:
    """The page of a challenge at this question. `phones`: the cardholder's numbers, the first one first; `ceremony`: what a passkey
    is asked for with."""
    if ceremony is not None:
        return passkey_page(view, ceremony)
    match question:
        case Question.SMS_CODE:
            return challenge_page(view)
        case Question.WALLET:
            return wallet_page(view)
        case Question.BANKING_APP:
            return app_page(view, settings.state_url)
        case Question.CHOOSE_OUTCOME:
            return outcome_page(view, _IS_IT_YOU, outcome.BUTTONS)
        case Question.NOTHING_PASS | Question.NOTHING_FAIL:
            return auto_page(view, int(settings.auto_delay.total_seconds() * 1000))
        case _:
            asked = wording(question, phones)
            if asked.choices:
                return choice_page(view, asked.label, asked.choices, several=asked.several)
            return password_page(view, asked.label, hides=asked.hides)


def page_in_app(view: ChallengePage, question: Question, phones: Sequence[str]) -> str:
    """The same question in the web view of an app."""
    asked = wording(question, phones)
    return in_app_page(view, asked.label, asked.choices, several=asked.several, types=asked.types, hides=asked.hides)


def phone_hint(number: str) -> str:
    """A phone number, or an e-mail address, that only its owner recognises."""
    if is_email(number):
        name, at, host = number.partition("@")
        return f"{name[0]}••••{at}{host}"
    return f"•• •• •• {number[-2:]}"
