"""The CRes: the elements of a native screen, or a page for the SDK's web view, made of the same words as the browser's pages."""

from typing import Any, Final

from acs.cardholder.amounts import amount_text
from acs.cardholder.answers import begun, challenge_view
from acs.cardholder.challenge import Challenge
from acs.cardholder.confirmation import Confirmation
from acs.cardholder.methods.pages import Wording, page_in_app, wording
from acs.cardholder.methods.single_select import phones
from acs.cardholder.methods.table import Question
from acs.cardholder.texts import CALM_NOTICES, COUNTED_NOTICES, Notice, choose_language, notice_text, translated
from acs.settings import AcsSettings
from acs.v2.challenge.app import extras
from acs.v2.challenge.app.rendering import (
    HTML_OUT_OF_BAND,
    HTML_PAGE,
    INFORMATION,
    OUT_OF_BAND,
    TEXT,
    ui_type,
)
from acs.v2.decision.versions import LATEST
from acs.v2.messages import cres
from acs.v2.records import App, Transaction, confirmation
from threedsecure.v2.app.session import counted
from threedsecure.v2.codec import encode_base64url

MAX_LABEL: Final = 45
MAX_TEXT: Final = 350
MAX_BOX_TEXT: Final = 64


def challenge_cres(transaction: Transaction, notice: str | None, settings: AcsSettings) -> dict[str, Any]:
    """The CRes that asks the question of an open challenge. `notice`: what is told about the answer before."""
    asked = confirmation(transaction, settings)
    challenge, _ = begun(asked)
    app = _app(transaction)
    shown = ui_type(challenge.question, app.interface, transaction.purchase.version)
    if shown in (HTML_PAGE, HTML_OUT_OF_BAND):
        screen = _html(transaction, asked, challenge, notice, settings)
    else:
        screen = _native(transaction, asked, challenge, shown, notice, settings)
    return {**_head(transaction), "challengeCompletionInd": "N", "acsUiType": shown, **screen}


def final_cres(transaction: Transaction) -> dict[str, Any]:
    """The CRes that ends the challenge."""
    return {**_head(transaction), "challengeCompletionInd": "Y", **cres(transaction)}


def _head(transaction: Transaction) -> dict[str, Any]:
    return {
        "messageType": "CRes",
        "messageVersion": transaction.purchase.version,
        "threeDSServerTransID": transaction.purchase.three_ds_server_trans_id,
        "acsTransID": transaction.acs_trans_id,
        "sdkTransID": transaction.purchase.sdk_trans_id,
        "acsCounterAtoS": counted(answering(transaction)),
    }


def answering(transaction: Transaction) -> int:
    """The counter of the answer to the CReq that was taken last: both sides count alike."""
    session = transaction.session
    return 0 if session is None else session.counter - 1


def _html(
    transaction: Transaction, asked: Confirmation, challenge: Challenge, notice: str | None, settings: AcsSettings
) -> dict[str, str]:
    """The page; beside the banking app and before 2.3.1 the one for who comes back from it, too."""
    notices = {"acsHTML": notice}
    if challenge.question is Question.BANKING_APP and transaction.purchase.version != LATEST:
        notices["acsHTMLRefresh"] = "back-again"
    views = {element: challenge_view(asked, told, settings, {}) for element, told in notices.items()}
    number = phones(asked.phone)
    return {
        element: encode_base64url(page_in_app(view, challenge.question, number).encode())
        for element, view in views.items()
    }


def _native(
    transaction: Transaction,
    asked: Confirmation,
    challenge: Challenge,
    shown: str,
    notice: str | None,
    settings: AcsSettings,
) -> dict[str, Any]:
    language = choose_language(asked.language)
    words = wording(challenge.question, phones(asked.phone))
    screen: dict[str, Any] = {
        "challengeInfoHeader": _label(translated(_heading(asked), language)),
        "challengeInfoText": _text(asked, challenge, words, notice, language),
    }
    if notice is not None and notice not in CALM_NOTICES:
        screen["challengeInfoTextIndicator"] = "Y"
    version, bank = transaction.purchase.version, settings.of(asked.pan)
    screen |= extras.images(asked, version, bank) | extras.explanations(challenge, language)
    screen |= _entry(version, challenge, words, shown, language)
    screen |= _buttons(challenge, shown, language) | extras.additional_button(challenge, version, language)
    if challenge.question is Question.BANKING_APP:
        screen |= extras.banking_app(transaction, asked, bank, language)
    return screen | _boxes(version, challenge, language)


def _text(asked: Confirmation, challenge: Challenge, words: Wording, notice: str | None, language: str) -> str:
    """What is read above the field: the notice, the purchase, and what to do where nothing is typed or chosen."""
    lines = []
    if notice is not None:
        tries = challenge.tries_left if notice in COUNTED_NOTICES else None
        lines.append(notice_text(Notice(notice, tries), language))
    if asked.pays:
        lines.append(amount_text(int(asked.amount or 0), asked.currency or "", asked.exponent, language))
    lines.append(asked.merchant_name)
    if not words.types and not words.choices:
        lines.append(translated(words.label, language))
    return "\n".join(filter(None, lines))[:MAX_TEXT]


def _entry(version: str, challenge: Challenge, words: Wording, shown: str, language: str) -> dict[str, Any]:
    """What is typed into or chosen from."""
    label = _label(translated(words.label, language))
    if shown == TEXT and version == LATEST:
        return {"challengeEntryBox": _box(challenge.question, words, label)} | _second_box(challenge, language)
    if shown == TEXT:
        return {"challengeInfoLabel": label}
    if not words.choices:
        return {}
    choices = [{choice.value: _label(translated(choice.label, language))} for choice in words.choices]
    return {"challengeInfoLabel": label, "challengeSelectInfo": choices}


def _second_box(challenge: Challenge, language: str) -> dict[str, Any]:
    """The next question on the same screen, where nothing has to be sent for it in between."""
    following = challenge.next_question
    if following is None or following is Question.SMS_CODE:
        return {}
    words = wording(following, ())
    return {"challengeEntryBoxTwo": _box(following, words, _label(translated(words.label, language)))}


def _box(question: Question, words: Wording, label: str) -> dict[str, str]:
    box = {"challengeDataEntryLabel": label}
    if question is Question.SMS_CODE:
        return box | {
            "challengeDataEntryKeyboardType": "01",
            "challengeDataEntryAutofill": "Y",
            "challengeDataEntryAutofillType": "01",
        }
    box["challengeDataEntryKeyboardType"] = "02"
    if words.hides:
        box |= {"challengeDataEntryMasking": "Y", "challengeDataEntryToggle": "Y"}
    return box


def _buttons(challenge: Challenge, shown: str, language: str) -> dict[str, str]:
    if shown == OUT_OF_BAND:
        return {"oobContinueLabel": _label(translated("Continue", language))}
    if shown == INFORMATION:
        return {"infoContinueLabel": _label(translated("Continue", language))}
    buttons = {"submitAuthenticationLabel": _label(translated("Confirm", language))}
    if challenge.question is Question.SMS_CODE and challenge.resends_left > 0:
        buttons["resendInformationLabel"] = _label(translated("Send a new code", language))
    return buttons


def _boxes(version: str, challenge: Challenge, language: str) -> dict[str, str]:
    """The switches beside the question: trust the merchant, remember the device."""
    boxes = {}
    if challenge.trusts is not None and challenge.last_question:
        name = "trustListInfoText" if version == LATEST else "whitelistingInfoText"
        boxes[name] = translated("Trust this merchant from now on", language)[:MAX_BOX_TEXT]
    if challenge.binds is not None and challenge.last_question:
        boxes["deviceBindingInfoText"] = translated("Remember this device", language)[:MAX_BOX_TEXT]
    return boxes


def _heading(asked: Confirmation) -> str:
    return "Confirm your payment" if asked.pays else "Confirm that it is you"


def _label(text: str) -> str:
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def _app(transaction: Transaction) -> App:
    if transaction.purchase.app is None:
        raise ValueError("the challenge is not one of an app")
    return transaction.purchase.app
