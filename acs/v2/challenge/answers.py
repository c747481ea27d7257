"""How a challenge of EMV 3-D Secure is answered: its page, and the page that carries a message to the 3DS Requestor."""

from typing import Any

from msgspec.structs import replace

from acs.cardholder.answers import challenge_response, error_response, last_words
from acs.cardholder.pages import Marks, Notice, post_back_page
from acs.cardholder.texts import DEFAULT_LANGUAGE
from acs.issuer import Issuer
from acs.v2.decision.passkeys import ceremony_of
from acs.v2.messages import answered_with, cres, form_value
from acs.v2.records import Transaction, bank_of, confirmation
from threedsecure.cards.schemes import SCHEMES
from threedsecure.v2.errors import MessageError
from threedsecure.web.wire import WireResponse, page


def open_response(issuer: Issuer, transaction: Transaction, notice: str | None) -> WireResponse:
    """The page of an open challenge."""
    settings = bank_of(transaction, issuer.settings)
    asked = confirmation(transaction, issuer.settings)
    ceremony = ceremony_of(transaction, issuer.settings, issuer.runtime.vault.secret)
    return challenge_response(replace(asked, ceremony=ceremony), notice, settings, issuer.page_token)


def final_response(issuer: Issuer, transaction: Transaction) -> WireResponse:
    """The end of a challenge: the last words to the cardholder, and the CRes on its way to notificationURL."""
    words = last_words(transaction.result.ending if transaction.result else None)
    session_data = transaction.session.session_data if transaction.session else None
    return _post_back(issuer, transaction, "cres", cres(transaction), session_data, words)


def erro_response(
    issuer: Issuer, transaction: Transaction, error: MessageError, session_data: str | None
) -> WireResponse:
    """An Erro on its way to notificationURL. Errors are for the gateway; the cardholder sees the shop again."""
    message = answered_with(transaction, error)
    if transaction.purchase.notification_url is None:
        return error_response(400, "error", f"Erro {error.code}: {error.detail}", language_of(transaction))
    return _post_back(issuer, transaction, issuer.settings.erro_field, message, session_data, None)


def language_of(transaction: Transaction) -> str:
    return transaction.card.language or transaction.purchase.language or DEFAULT_LANGUAGE


def _post_back(
    issuer: Issuer,
    transaction: Transaction,
    field: str,
    message: dict[str, Any],
    session_data: str | None,
    notice: Notice | None,
) -> WireResponse:
    fields = {field: form_value(message)}
    if session_data is not None:
        fields["threeDSSessionData"] = session_data
    url = transaction.purchase.notification_url or ""
    marks = Marks(bank_of(transaction, issuer.settings).issuer_name, SCHEMES[transaction.card.scheme])
    html = post_back_page(language=language_of(transaction), url=url, fields=fields, notice=notice, marks=marks)
    response = page(html, frame_ancestors="*")
    response.message = message
    return response
