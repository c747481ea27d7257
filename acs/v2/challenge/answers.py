"""How the browser's endpoints answer: pages for people, and the self-posting page that carries a message to the 3DS Requestor."""

from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec.structs import replace

from acs.cardholder.challenge import Ending
from acs.cardholder.methods.pages import method_page, phone_hint
from acs.cardholder.methods.single_select import phones
from acs.cardholder.pages import ChallengePage, Notice, error_page, post_back_page
from acs.issuer import Issuer
from acs.v2.messages import answered_with, cres, form_value
from acs.v2.records import Transaction
from threedsecure.cards.schemes import SCHEMES, Scheme
from threedsecure.v1.grammar.tables import VERSIONS as CLASSIC_VERSIONS
from threedsecure.v2.errors import MessageError
from threedsecure.web.wire import WireRequest, WireResponse, page, read_form

MAX_FIELDS: Final = 40
DEFAULT_LANGUAGE: Final = "en"
LAST_WORDS: Final = {
    Ending.TOO_MANY_TRIES: "contact-bank",
    Ending.CANCELLED: "cancelled",
    Ending.DECLINED: "declined",
    Ending.CARD_LOCKED: "card-locked",
    Ending.NEVER_BEGUN: "timed-out",
    Ending.LEFT_IDLE: "timed-out",
}


def posted_fields(request: WireRequest) -> dict[str, str]:
    """Errors: `Problem`."""
    return read_form(request)


def posted_values(request: WireRequest, name: str) -> list[str]:
    """Every value of a field that may stand several times. Errors: none; what is no form has none."""
    try:
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return []
    return [value for field, value in pairs if field == name]


def error_response(status: int, title_key: str, detail: str, language: str = DEFAULT_LANGUAGE) -> WireResponse:
    """A page that says what cannot be done. `title_key`: a title of `acs.cardholder.texts`."""
    return page(error_page(language=language, title_key=title_key, detail=detail), status, frame_ancestors="*")


def challenge_response(issuer: Issuer, transaction: Transaction, notice: str | None) -> WireResponse:
    """The page of an open challenge."""
    challenge = transaction.challenge
    if challenge is None:
        raise ValueError("a page is shown only once the challenge has begun")
    view = _view(issuer, transaction, notice)
    settings = issuer.settings.of(transaction.card.pan)
    html = method_page(view, challenge.question, phones(transaction.card.phone), settings)
    response = page(html, frame_ancestors="*")
    response.headers["Cache-Control"] = (
        "private, no-cache"  # not no-store: the back button would end in a browser's error
    )
    return response


def final_response(transaction: Transaction) -> WireResponse:
    """The end of a challenge: the last words to the cardholder, and the CRes on its way to notificationURL."""
    ending = transaction.result.ending if transaction.result else None
    words = LAST_WORDS.get(ending) if ending else None
    session_data = transaction.session.session_data if transaction.session else None
    return _post_back(transaction, "cres", cres(transaction), session_data, Notice(words) if words else None)


def erro_response(
    issuer: Issuer, transaction: Transaction, error: MessageError, session_data: str | None
) -> WireResponse:
    """An Erro on its way to notificationURL. Errors are for the gateway; the cardholder sees the shop again."""
    message = answered_with(transaction, error)
    if transaction.purchase.notification_url is None:
        return error_response(400, "error", f"Erro {error.code}: {error.detail}", language_of(transaction))
    return _post_back(transaction, issuer.settings.erro_field, message, session_data, None)


def language_of(transaction: Transaction) -> str:
    return transaction.card.language or transaction.purchase.language or DEFAULT_LANGUAGE


def _post_back(
    transaction: Transaction, field: str, message: dict[str, Any], session_data: str | None, notice: Notice | None
) -> WireResponse:
    fields = {field: form_value(message)}
    if session_data is not None:
        fields["threeDSSessionData"] = session_data
    url = transaction.purchase.notification_url or ""
    html = post_back_page(language=language_of(transaction), url=url, fields=fields, notice=notice)
    response = page(html, frame_ancestors="*")
    response.message = message
    return response


def _view(issuer: Issuer, transaction: Transaction, notice: str | None) -> ChallengePage:
    challenge, session, purchase = transaction.challenge, transaction.session, transaction.purchase
    if challenge is None or session is None:
        raise ValueError("a page is shown only once the challenge has begun")
    name, settings = transaction.acs_trans_id, issuer.settings.of(transaction.card.pan)
    return ChallengePage(
        language=language_of(transaction),
        scheme=_scheme(transaction),
        issuer_name=settings.issuer_name,
        merchant_name=purchase.merchant_name,
        amount=int(purchase.amount or 0),
        currency=purchase.currency or "",
        exponent=purchase.exponent,
        masked_pan=f"•••• {transaction.card.pan[-4:]}",
        phone_hint=phone_hint(phones(transaction.card.phone)[challenge.phone]),
        action_url=settings.classic_answer_url if _classic(transaction) else settings.answer_url,
        hidden={"acsTransID": name, "page": issuer.page_token(name, challenge.page)},
        notice=Notice(notice) if notice else None,
        tries_left=challenge.tries_left,
        can_resend=challenge.resends_left > 0,
        sent_at=challenge.code.sent_at if challenge.code else session.begun_at,
        window_size=session.window_size,
        asks_for_trust=challenge.trusts is not None and challenge.last_question,
        asks_to_bind=challenge.binds is not None and challenge.last_question,
    )


def _classic(transaction: Transaction) -> bool:
    return transaction.purchase.version in CLASSIC_VERSIONS


def _scheme(transaction: Transaction) -> Scheme:
    """The scheme under the name that its programme had in the protocol's time."""
    scheme = SCHEMES[transaction.card.scheme]
    if not _classic(transaction) or scheme.classic_programme is None:
        return scheme
    return replace(scheme, programme=scheme.classic_programme)
