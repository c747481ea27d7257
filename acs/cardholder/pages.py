"""What the cardholder sees of the issuer: the challenge and the pages around it.

Everything is a plain form that works without JavaScript, in a frame of any challenge window size. Serve the pages with
`threedsecure.web.wire.page(html, frame_ancestors="*")`: any gateway may frame them.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final
from zlib import crc32

import orjson
from jinja2 import Environment
from markupsafe import escape
from msgspec import Struct
from msgspec.structs import replace

from acs.cardholder.amounts import amount_text
from acs.cardholder.passkeys.ceremony import Ceremony
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
    "Banking",
    "ChallengePage",
    "Choice",
    "Marks",
    "Notice",
    "app_page",
    "auto_page",
    "banking_page",
    "challenge_page",
    "choice_page",
    "error_page",
    "in_app_page",
    "login_page",
    "method_page",
    "passkey_page",
    "password_page",
    "post_back_page",
    "silent_method_page",
    "wallet_page",
]

STATIC: Final = files("acs.cardholder") / "static"
BROWSER_SEEN_PATH: Final = "/3ds2/method/seen"
READING_MILLISECONDS: Final = 3000
LOOKS: Final = 4
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_HOLE: Final = re.compile("\0(\\w+)\0")


class Choice(Struct, frozen=True):
    """One of several answers: what is posted, and what is read. `label`: marked for translation, or the same in all languages."""

    value: str
    label: str


class Marks(Struct, frozen=True):
    """Whose page it is: the bank, and the scheme under the name that its programme has."""

    issuer_name: str
    scheme: Scheme


class Banking(Struct, frozen=True):
    """What the bank's page of passkeys shows. `language`: as the browser told it; `made_at`: when each passkey was made; `path`:
    the last part of its address."""

    language: str
    issuer_name: str
    card_ending: str
    made_at: tuple[datetime, ...]
    path: str


class ChallengePage(Struct, frozen=True):
    """What a challenge page shows.

    `language`: BCP 47, as the browser told it. `amount`: in minor units, `currency`: numeric (ISO 4217), or empty where
    nothing is paid, `exponent`: its decimals.
    `masked_pan`: any form whose last four characters are the card's. `phone_hint`: the phone number, partly hidden.
    `hidden`: fields that come back with the answer. `window_size`: challengeWindowSize, "01" to "05".
    `asks_for_trust`: whether the cardholder can trust the merchant from now on, `asks_to_bind`: have this device remembered.
    `other_way`: a code by SMS is offered instead.
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
    other_way: bool = False


def challenge_page(view: ChallengePage) -> str:
    """The page that asks for the code."""
    sent_at = view.sent_at.astimezone(UTC)
    words = {"sent_at": f"{sent_at:%Y-%m-%dT%H:%M:%SZ}", "time_sent": f"{sent_at:%H:%M} UTC", "phone": view.phone_hint}
    return _question("challenge.html", view, words, can_resend=view.can_resend)


def password_page(view: ChallengePage, label: str, *, hides: bool) -> str:
    """The page that asks for a word that the cardholder knows. `label`: marked for translation; `hides`: shown as dots."""
    return _question("password.html", view, {"label": _translated(label, view)}, hides=hides)


def choice_page(view: ChallengePage, label: str, choices: Sequence[Choice], *, several: bool) -> str:
    """The page that asks to choose one of `choices`, or `several`."""
    answers = {choice.value: _translated(choice.label, view) for choice in choices}
    return _question("choice.html", view, {"label": _translated(label, view)}, answers, several=several)


def outcome_page(view: ChallengePage, label: str, buttons: Mapping[str, str]) -> str:
    """The page that asks a tester how it is to end, a button for each: what is posted, and what it says."""
    return _question("outcome.html", view, {"label": _translated(label, view)}, buttons)


def app_page(view: ChallengePage, state_url: str) -> str:
    """The page that waits for the banking app, with a button to go on. `state_url` tells its script whether the wait is over."""
    return _question("app.html", view, {"state_url": state_url}, other_way=view.other_way)


def in_app_page(
    view: ChallengePage, label: str, choices: Sequence[Choice], *, several: bool, types: bool, hides: bool
) -> str:
    """The question as an app's SDK shows it: nothing of it is loaded from elsewhere, no script runs, and its form goes by GET to
    the address that the SDK catches (SDK specification, section 4.2.6)."""
    answers = {choice.value: _translated(choice.label, view) for choice in choices}
    words = {"label": _translated(label, view)}
    shows = {"can_resend": view.can_resend, "other_way": view.other_way}
    return _question("in_app.html", view, words, answers, several=several, types=types, hides=hides, **shows)


def passkey_page(view: ChallengePage, ceremony: Ceremony) -> str:
    """The page that asks for a passkey, or for a payment to be confirmed with one; its script hands the browser what that needs."""
    asked = orjson.dumps(ceremony.options).decode()
    return _question("passkey.html", view, {"asked": asked}, pays=ceremony.expected.payment is not None)


def wallet_page(view: ChallengePage) -> str:
    """The page whose button leads to the cardholder's wallet."""
    return _question("wallet.html", view, {})


def login_page(language: str, issuer_name: str, *, unknown: bool) -> str:
    """The bank's page that asks whose passkeys are to be seen. `unknown`: the number that was typed is no card of this bank."""
    return _render(
        "login.html", choose_language(language), {"issuer": issuer_name}, {"unknown": unknown, **_look(issuer_name)}
    )


def banking_page(shown: Banking) -> str:
    """The bank's page of a card's passkeys."""
    days = {f"{at:%Y-%m-%dT%H:%M:%SZ}": f"{at:%Y-%m-%d %H:%M} UTC" for at in shown.made_at}
    words = {"issuer": shown.issuer_name, "card_ending": shown.card_ending, "path": shown.path}
    language = choose_language(shown.language)
    return _render("banking.html", language, words, _look(shown.issuer_name), _NONE, days)


def auto_page(view: ChallengePage, delay_ms: int) -> str:
    """The page that answers itself after `delay_ms` milliseconds, with `action` = submit and no code."""
    return _question("auto.html", view, {"delay": str(delay_ms)})


def post_back_page(
    *, language: str, url: str, fields: Mapping[str, str], notice: Notice | None, marks: Marks | None = None
) -> str:
    """The page that carries `fields` to `url`: at once, or, when there is a notice to read, after three seconds. `marks`: whose
    page it is, where that is known."""
    language = choose_language(language)
    told, choices = _told(notice, language)
    words, choices = {"url": url, **told}, choices | {"delay": READING_MILLISECONDS if notice else 0, "scheme": None}
    if marks is not None:
        words |= {"issuer": marks.issuer_name, "programme": marks.scheme.programme}
        choices |= {"scheme": marks.scheme.key, **_look(marks.issuer_name)}
    return _render("post_back.html", language, words, choices, fields)


def method_page(*, url: str, fields: Mapping[str, str], transaction_id: str) -> str:
    """The 3DS Method page, which no one sees: it tells the ACS what browser it runs in, and carries `fields` to `url`.
    `transaction_id`: threeDSServerTransID."""
    words = {"url": url, "transaction_id": transaction_id, "seen_url": BROWSER_SEEN_PATH}
    return _render("method.html", "en", words, {}, fields)


def silent_method_page() -> str:
    """A 3DS Method page that never calls back."""
    return _render("method.html", "en", {}, {"url": None})


def error_page(*, language: str, title_key: str, detail: str) -> str:
    """A page that says what cannot be done; `title_key` names a title of `texts`, `detail` is for developers, in English."""
    chosen = choose_language(language)
    return _render("error.html", chosen, {"title": title_text(title_key, chosen), "detail": detail}, {})


def _question(
    name: str, view: ChallengePage, more: Mapping[str, str], answers: Mapping[str, str] = _NONE, **choices: bool
) -> str:
    """A page with the purchase above the question."""
    language, notice = choose_language(view.language), view.notice
    if notice is not None and notice.tries_left is None and notice.kind in COUNTED_NOTICES:
        notice = replace(notice, tries_left=view.tries_left)
    told, chosen = _told(notice, language)
    words = {
        "issuer": view.issuer_name,
        "merchant": view.merchant_name,
        "programme": view.scheme.programme,
        "card_ending": view.masked_pan[-4:],
        "action_url": view.action_url,
        "window_size": view.window_size,
    }
    chosen |= {
        "scheme": view.scheme.key,
        **_look(view.issuer_name),
        "asks_for_trust": view.asks_for_trust,
        "asks_to_bind": view.asks_to_bind,
    }
    if view.currency:
        words["amount"] = amount_text(view.amount, view.currency, view.exponent, language)
    else:
        chosen["amount"] = None
    return _render(name, language, {**words, **told, **more}, chosen | choices, view.hidden, answers)


def _look(issuer_name: str) -> dict[str, Hashable]:
    return {"look": crc32(issuer_name.encode()) % LOOKS}


def _told(notice: Notice | None, language: str) -> tuple[dict[str, str], dict[str, Hashable]]:
    """Words and choices for a page with a notice, or without one."""
    if notice is None:
        return {}, {"notice": None, "kind": None, "calm": False}
    return {"notice": notice_text(notice, language), "kind": notice.kind}, {"calm": notice.kind in CALM_NOTICES}


def _translated(text: str, view: ChallengePage) -> str:
    return translated(text, choose_language(view.language))


def _render(
    name: str,
    language: str,
    words: Mapping[str, str],
    choices: Mapping[str, Hashable],
    fields: Mapping[str, str] = _NONE,
    answers: Mapping[str, str] = _NONE,
) -> str:
    """The page that the template makes of `words`, `choices`, and names with their values in `fields` and `answers`. Jinja is asked
    once for all pages that differ in words alone; those are filled in."""
    filled = dict(words)
    for kind, pairs in (("field", fields), ("answer", answers)):
        for number, (key, value) in enumerate(pairs.items()):
            filled[f"{kind}{number}"], filled[f"{kind}{number}_value"] = key, value
    page = _with_holes(name, language, tuple(words), tuple(choices.items()), len(fields), len(answers))
    return page % {hole: escape(word) for hole, word in filled.items()}


@lru_cache(maxsize=256)
def _with_holes(
    name: str,
    language: str,
    words: tuple[str, ...],
    choices: tuple[tuple[str, Hashable], ...],
    fields: int,
    answers: int,
) -> str:
    """A page with a place for each word, as the % operator fills them."""
    values: dict[str, Any] = {word: _hole(word) for word in words} | dict(choices)
    values["fields"] = {_hole(f"field{number}"): _hole(f"field{number}_value") for number in range(fields)}
    values["answers"] = {_hole(f"answer{number}"): _hole(f"answer{number}_value") for number in range(answers)}
    written = _environment(language).get_template(name).render(language=language, **values)
    return _HOLE.sub(r"%(\1)s", written.replace("%", "%%"))


def _hole(name: str) -> str:
    return f"\0{name}\0"


@cache
def _environment(language: str) -> Environment:
    """One per language, because a template is translated by its environment."""
    pages = environment("acs.cardholder")
    pages.add_extension("jinja2.ext.i18n")
    pages.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return pages
