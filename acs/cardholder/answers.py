"""How the browser's endpoints answer a person: the page of an open challenge, and the page that says what cannot be done."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from acs.cardholder.challenge import Challenge, Ending
from acs.cardholder.confirmation import Confirmation
from acs.cardholder.methods.pages import method_page, phone_hint
from acs.cardholder.methods.single_select import phones
from acs.cardholder.pages import ChallengePage, Notice, error_page
from acs.cardholder.texts import DEFAULT_LANGUAGE
from acs.settings import AcsSettings
from threedsecure.errors import ProtocolError
from threedsecure.web.wire import WireRequest, WireResponse, page

LAST_WORDS: Final = {
    Ending.TOO_MANY_TRIES: "contact-bank",
    Ending.CANCELLED: "cancelled",
    Ending.DECLINED: "declined",
    Ending.CARD_LOCKED: "card-locked",
    Ending.NEVER_BEGUN: "timed-out",
    Ending.LEFT_IDLE: "timed-out",
}


def error_response(status: int, title_key: str, detail: str, language: str = DEFAULT_LANGUAGE) -> WireResponse:
    """A page that says what cannot be done. `title_key`: a title of `texts`."""
    return page(error_page(language=language, title_key=title_key, detail=detail), status, frame_ancestors="*")


def too_large(error: ProtocolError, _request: WireRequest) -> WireResponse:
    """A form that is longer than the endpoint reads."""
    return error_response(413, "bad-request", str(error))


def last_words(ending: Ending | None) -> Notice | None:
    """What the cardholder is told at the end, where there is something to tell."""
    words = LAST_WORDS.get(ending) if ending else None
    return Notice(words) if words else None


def challenge_response(
    asked: Confirmation, notice: str | None, settings: AcsSettings, page_token: Callable[[str, int], str]
) -> WireResponse:
    """The page of an open challenge. `settings`: of the bank that speaks; `page_token`: what the page's form carries."""
    challenge, _ = begun(asked)
    hidden = {"acsTransID": asked.reference, "page": page_token(asked.reference, challenge.page)}
    view = challenge_view(asked, notice, settings, hidden)
    response = page(
        method_page(view, challenge.question, phones(asked.phone), settings, asked.ceremony), frame_ancestors="*"
    )
    # Not no-store: the back button would end in a browser's error.
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def begun(asked: Confirmation) -> tuple[Challenge, datetime]:
    """The challenge that a page shows, and since when. Errors: `ValueError` where it has not begun."""
    if asked.challenge is None or asked.begun_at is None:
        raise ValueError("a page is shown only once the challenge has begun")
    return asked.challenge, asked.begun_at


def challenge_view(
    asked: Confirmation, notice: str | None, settings: AcsSettings, hidden: Mapping[str, str]
) -> ChallengePage:
    """What the page of an open challenge shows. `hidden`: the fields that come back with its form."""
    challenge, begun_at = begun(asked)
    numbers = phones(asked.phone)
    return ChallengePage(
        language=asked.language or DEFAULT_LANGUAGE,
        scheme=asked.scheme,
        issuer_name=settings.issuer_name,
        merchant_name=asked.merchant_name,
        amount=int(asked.amount or 0),
        currency=asked.currency or "",
        exponent=asked.exponent,
        masked_pan=f"•••• {asked.pan[-4:]}",
        phone_hint=phone_hint(numbers[challenge.phone]),
        action_url=asked.answer_url,
        hidden=hidden,
        notice=Notice(notice) if notice else None,
        tries_left=challenge.tries_left,
        can_resend=challenge.resends_left > 0,
        sent_at=challenge.code.sent_at if challenge.code else begun_at,
        window_size=asked.window_size,
        asks_for_trust=challenge.trusts is not None and challenge.last_question,
        asks_to_bind=challenge.binds is not None and challenge.last_question,
        other_way=challenge.other_way,
    )
