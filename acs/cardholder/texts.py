"""The words of the challenge pages in the cardholder's language.

English stands in the templates and in this file; other languages are gettext catalogues under `locales/`.
"""

from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from msgspec import Struct

LANGUAGES: Final = ("en", "fr", "de", "es", "it", "nl", "pt")
DEFAULT_LANGUAGE: Final = "en"


def _(message: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return message


_NOTICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wrong-code": _("That code is not right."),
        "expired-code": _("That code has expired. Ask for a new one."),
        "superseded-code": _("That code was replaced by a newer one. Type the code of the latest message."),
        "replayed-code": _("That code was already used. Ask for a new one."),
        "blank-code": _("Type the code that you received."),
        "resent": _("A new code is on its way. Only the latest code works."),
        "no-more-resends": _("No more codes can be sent for this payment."),
        "stale-page": _("You answered an older page. Please go on here."),
        "contact-bank": _("For your security this payment is refused. Please contact your bank."),
        "cancelled": _("You have cancelled. This payment is not confirmed."),
        "timed-out": _("Too much time has passed. This payment is not confirmed."),
        "blank-password": _("Type your password."),
        "blank-answer": _("Type your answer."),
        "blank-choice": _("Choose an answer first."),
        "not-decided": _("Your banking app has no answer yet. Approve there, then continue."),
        "wrong-password": _("That password is not right."),
        "wrong-answer": _("That answer is not right."),
        "wrong-choice": _("Those are not your pictures."),
        "app-failed": _("We could not reach your banking app. Cancel and try again later."),
        "declined": _("You have declined. This payment is not confirmed."),
        "card-locked": _("Your card is locked for payments online. Please contact your bank."),
        "wrong-passkey": _("That passkey does not confirm this payment."),
        "wrong-wallet": _("What your wallet answered does not confirm this payment."),
        "passkey-unused": _("Your passkey could not be used. Type the code that we have sent you instead."),
        "sms-failed": _("We could not send the code. Ask for a new one."),
        "back-again": _("If you have approved the payment in your banking app, continue."),
        "no-code": _(
            "The code goes to the phone that your bank knows. If it is no longer yours, please contact your bank."
        ),
    }
)
COUNTED_NOTICES: Final = frozenset(
    {
        "wrong-code",
        "expired-code",
        "superseded-code",
        "replayed-code",
        "blank-code",
        "blank-password",
        "blank-answer",
        "wrong-password",
        "wrong-answer",
        "wrong-choice",
        "wrong-passkey",
        "wrong-wallet",
    }
)
CALM_NOTICES: Final = frozenset(
    {"resent", "cancelled", "declined", "not-decided", "back-again", "no-code", "passkey-unused"}
)
HELP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "why-label": _("Why am I asked?"),
        "why-text": _("Your bank makes sure that it is you who pays with your card."),
        "code-label": _("What is this code?"),
        "code-text": _(
            "It is for this payment alone, and valid for a few minutes. Never give it to anyone, not even to your bank."
        ),
        "app-label": _("How does it work?"),
        "app-text": _("Approve the payment in the app of your bank, then come back here and continue."),
        "open-app": _("Open the banking app"),
        "no-code": _("I did not get the code"),
    }
)
"""What an app's screen explains, marked for translation. Labels have at most 45 characters in every language."""
_DECOUPLED: Final = _("%(issuer)s asks you in its banking app. You may close this page.")
MAX_CARDHOLDER_INFO: Final = 128

_TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "error": _("Something went wrong"),
        "bad-request": _("This request cannot be read"),
        "unknown-transaction": _("This payment is not known"),
        "transaction-over": _("This payment is already decided"),
    }
)


class Notice(Struct, frozen=True):
    """What the cardholder is told. `kind` is a name of the table above; `tries_left` is said too when it is given.

    Errors: `ValueError` for another kind."""

    kind: str
    tries_left: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _NOTICES:
            raise ValueError(f"no notice is called {self.kind!r}")


def choose_language(browser_language: str | None) -> str:
    """The language of the pages for a `browserLanguage` (BCP 47, "fr-CA"); English where there is no catalogue."""
    primary = (browser_language or "").replace("_", "-").partition("-")[0].strip().lower()
    return primary if primary in LANGUAGES else DEFAULT_LANGUAGE


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language of `LANGUAGES`."""
    if language == DEFAULT_LANGUAGE:
        return NullTranslations()
    with (files("acs.cardholder") / "locales" / language / "LC_MESSAGES" / "acs.mo").open("rb") as catalogue:
        return GNUTranslations(catalogue)


def notice_text(notice: Notice, language: str) -> str:
    """The notice in words; the tries left stand in it as a digit, and no other digit does."""
    catalogue = translations(language)
    told = catalogue.gettext(_NOTICES[notice.kind])
    if notice.tries_left is None:
        return told
    tries = catalogue.ngettext("You have %(num)d try left.", "You have %(num)d tries left.", notice.tries_left)
    return f"{told} {tries % {'num': notice.tries_left}}"


def title_text(key: str, language: str) -> str:
    """The title of an error page; a key that is not in the table gets the general one."""
    return translations(language).gettext(_TITLES.get(key, _TITLES["error"]))


def decoupled_text(issuer: str, language: str) -> str:
    """cardholderInfo of an ARes D: at most 128 characters."""
    return (translations(language).gettext(_DECOUPLED) % {"issuer": issuer})[:MAX_CARDHOLDER_INFO]


def translated(text: str, language: str) -> str:
    """A text that is marked for translation elsewhere."""
    return translations(language).gettext(text)


def counted(singular: str, plural: str, number: int, language: str) -> str:
    """The form of a text that goes with `number`, translated."""
    return translations(language).ngettext(singular, plural, number)
