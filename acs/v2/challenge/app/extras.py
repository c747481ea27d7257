"""What a native screen has beside its question: images, words that explain, the way to the banking app, the additional button."""

from typing import Any, Final
from urllib.parse import quote, urlencode

from acs.cardholder.challenge import Challenge
from acs.cardholder.confirmation import Confirmation
from acs.cardholder.methods.table import Question
from acs.cardholder.texts import HELP, Notice, notice_text, translated
from acs.settings import AcsSettings
from acs.v2.decision.versions import LATEST
from acs.v2.records import Transaction
from threedsecure.v2.app import bridging

DENSITIES: Final = ("medium", "high", "extraHigh")
"""160, 320 and 480 dots an inch; since 2.3.1 there are colours instead, and the largest does."""
MAX_LINK: Final = 2_048
MAX_OLD_LINK: Final = 256
OTHER_WAY: Final = "Use a code by SMS instead"
_CODE: Final = ("code-label", "code-text")
_APP: Final = ("app-label", "app-text")
_EXPLAINED: Final = {Question.SMS_CODE: _CODE, Question.BANKING_APP: _APP}


def images(asked: Confirmation, version: str, settings: AcsSettings) -> dict[str, Any]:
    """issuerImage and psImage, at the address of the bank."""
    named = {"issuerImage": f"bank-{settings.bank.key}", "psImage": f"scheme-{asked.scheme.key}"}
    return {element: _addresses(f"{settings.public_url}/static/{name}", version) for element, name in named.items()}


def explanations(challenge: Challenge, language: str) -> dict[str, str]:
    """Why the cardholder is asked, and what to do about it, behind labels that open it."""
    words = {"whyInfoLabel": HELP["why-label"], "whyInfoText": HELP["why-text"]}
    if challenge.question in _EXPLAINED:
        label, text = _EXPLAINED[challenge.question]
        words |= {"expandInfoLabel": HELP[label], "expandInfoText": HELP[text]}
    return {element: translated(text, language) for element, text in words.items()}


def banking_app(transaction: Transaction, asked: Confirmation, settings: AcsSettings, language: str) -> dict[str, Any]:
    """The link to the banking app where the SDK opens it (before 2.3.1 in the Bridging extension), and before 2.3.1 what is read by
    who comes back by hand."""
    session, version = transaction.session, transaction.purchase.version
    elements: dict[str, Any] = {}
    if version != LATEST:
        elements["challengeAddInfo"] = notice_text(Notice("back-again"), language)
    if session is None or not session.opens_app or not asked.phone:
        return elements
    link = {
        "oobAppURL": _link(f"{settings.phone_url}/phones/{quote(asked.phone, safe='')}", session.app_url, version),
        "oobAppLabel": translated(HELP["open-app"], language),
    }
    return elements | (link if version == LATEST else bridging.extension(link))


def _link(phone: str, app_url: str | None, version: str) -> str:
    """The banking app on that phone, with the way back to the requestor's app where there is room for it."""
    back = f"{phone}?{urlencode({'return': app_url})}" if app_url else phone
    return back if len(back) <= (MAX_LINK if version == LATEST else MAX_OLD_LINK) else phone


def additional_button(challenge: Challenge, version: str, language: str) -> dict[str, str]:
    """For whoever waits for a code and gets none, or has no smartphone (since 2.3.1)."""
    if version != LATEST or not (challenge.other_way or challenge.question is Question.SMS_CODE):
        return {}
    words = OTHER_WAY if challenge.other_way else HELP["no-code"]
    return {"challengeAddLabel": translated(words, language)}


def _addresses(base: str, version: str) -> dict[str, str]:
    if version == LATEST:
        return {"default": f"{base}-{DENSITIES[-1]}.png"}
    return {density: f"{base}-{density}.png" for density in DENSITIES}
