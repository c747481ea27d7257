"""What the cardholder sees of the issuer: the challenge and the pages around it.

Everything is a plain form that works without JavaScript, in a frame of any challenge window size. Serve the pages with
`threedsecure.web.wire.page(html, frame_ancestors="*")`: any gateway may frame them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final
from zlib import crc32

from jinja2 import Environment

from acs.cardholder.amounts import amount_text
from acs.cardholder.texts import (
    CALM_NOTICES,
    COUNTED_NOTICES,
    Notice,
    choose_language,
    notice_text,
    title_text,
    translated,
    translations,
)
from threedsecure.cards.schemes import Scheme
from threedsecure.web.serving.templates import environment

__all__ = [
    "BROWSER_SEEN_PATH",
    "STATIC",
    "ChallengePage",
    "Choice",
    "Notice",
    "app_page",
    "auto_page",
    "challenge_page",
    "choice_page",
    "error_page",
    "method_page",
    "password_page",
    "post_back_page",
    "silent_method_page",
]

STATIC: Final = files("acs.cardholder") / "static"
BROWSER_SEEN_PATH: Final = "/3ds2/method/seen"
READING_MILLISECONDS: Final = 3000
LOOKS: Final = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: what is posted, and what is read. `label`: marked for translation, or the same in all languages."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ChallengePage:
    """What a challenge page shows.

    `language`: BCP 47, as the browser told it. `amount`: in minor units, `currency`: numeric (ISO 4217), or empty where
    nothing is paid, `exponent`: its decimals.
    `masked_pan`: any form whose last four characters are the card's. `phone_hint`: the phone number, partly hidden.
    `hidden`: fields that come back with the answer. `window_size`: challengeWindowSize, "01" to "05".
    `asks_for_trust`: whether the cardholder can trust the merchant from now on, `asks_to_bind`: have this device remembered.
    """

    language: str
    scheme: Scheme
    issuer_name: str
    merchant_name: str
    amount: int
    currency: str
    exponent: int
    masked_pan: str
    phone_hint: str
    action_url: str
    hidden: Mapping[str, str]
    notice: Notice | None
    tries_left: int
    can_resend: bool
    sent_at: datetime
    window_size: str
    asks_for_trust: bool = False
    asks_to_bind: bool = False


def challenge_page(view: ChallengePage) -> str:
    """The page that asks for the code."""
    return _render("challenge.html", view.language, notice=_counted(view), **_purchase(view))


def password_page(view: ChallengePage, label: str, *, hides: bool) -> str:
    """The page that asks for a word that the cardholder knows. `label`: marked for translation; `hides`: shown as dots."""
    return _render("password.html", view.language, notice=_counted(view), label=label, hides=hides, **_purchase(view))


def choice_page(view: ChallengePage, label: str, choices: Sequence[Choice], *, several: bool) -> str:
    """The page that asks to choose one of `choices`, or `several`."""
    return _render(
        "choice.html",
        view.language,
        notice=_counted(view),
        label=label,
        choices=choices,
        several=several,
        **_purchase(view),
    )


def app_page(view: ChallengePage, state_url: str) -> str:
    """The page that waits for the banking app, with a button to go on. `state_url` tells its script whether the wait is over."""
    return _render("app.html", view.language, notice=_counted(view), state_url=state_url, **_purchase(view))


def auto_page(view: ChallengePage, delay_ms: int) -> str:
    """The page that answers itself after `delay_ms` milliseconds, with `action` = submit and no code."""
    return _render("auto.html", view.language, notice=None, delay=delay_ms, **_purchase(view))


def post_back_page(*, language: str, url: str, fields: Mapping[str, str], notice: Notice | None) -> str:
    """The page that carries `fields` to `url`: at once, or, when there is a notice to read, after three seconds."""
    delay = READING_MILLISECONDS if notice else 0
    return _render("post_back.html", language, url=url, fields=fields, notice=notice, delay=delay)


def method_page(*, url: str, fields: Mapping[str, str], transaction_id: str) -> str:
    """The 3DS Method page, which no one sees: it tells the ACS what browser it runs in, and carries `fields` to `url`.
    `transaction_id`: threeDSServerTransID."""
    return _render(
        "method.html", "en", url=url, fields=fields, transaction_id=transaction_id, seen_url=BROWSER_SEEN_PATH
    )


def silent_method_page() -> str:
    """A 3DS Method page that never calls back."""
    return _render("method.html", "en", url=None, fields={})


def error_page(*, language: str, title_key: str, detail: str) -> str:
    """A page that says what cannot be done; `title_key` names a title of `texts`, `detail` is for developers, in English."""
    chosen = choose_language(language)
    return _render("error.html", chosen, title=title_text(title_key, chosen), detail=detail)


def _counted(view: ChallengePage) -> Notice | None:
    """The notice, with the tries left where it matters."""
    notice = view.notice
    if notice is not None and notice.tries_left is None and notice.kind in COUNTED_NOTICES:
        return replace(notice, tries_left=view.tries_left)
    return notice


def _purchase(view: ChallengePage) -> dict[str, Any]:
    language = choose_language(view.language)
    return {
        "view": view,
        "amount": amount_text(view.amount, view.currency, view.exponent, language) if view.currency else None,
        "card_ending": view.masked_pan[-4:],
        "look": crc32(view.issuer_name.encode()) % LOOKS,
        "sent_at": view.sent_at.astimezone(UTC),
    }


def _render(name: str, browser_language: str, **values: Any) -> str:
    language = choose_language(browser_language)
    return _environment(language).get_template(name).render(language=language, **values)


@cache
def _environment(language: str) -> Environment:
    """One per language, because a template is translated by its environment."""
    pages = environment("acs.cardholder")
    pages.add_extension("jinja2.ext.i18n")
    pages.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    pages.filters["told"] = lambda notice: notice_text(notice, language)
    pages.filters["translated"] = lambda text: translated(text, language)
    pages.tests["calm"] = lambda notice: notice.kind in CALM_NOTICES
    return pages
