"""The bank's own page, where a cardholder makes passkeys for a card: whoever knows the number of a test card is logged in.

The page carries no card number in its address, but a name that only this bank can read."""

import hmac
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from acs.cardholder.answers import error_response
from acs.cardholder.pages import Banking, banking_page, login_page
from acs.cardholder.passkeys.credentials import ALGORITHMS, MAX_ID, Refused, decoded, encoded, registered
from acs.cards.issued import issued
from acs.cards.status import CardStatus, with_passkey, without_passkeys
from acs.issuer import Issuer
from acs.settings import BANKING_PATH, AcsSettings
from threedsecure.secrets.vault import SealBroken
from threedsecure.web.serving.doors import Door
from threedsecure.web.serving.service import Route
from threedsecure.web.wire import (
    Problem,
    WireRequest,
    WireResponse,
    json_response,
    page,
    read_form,
    read_json,
    see_other,
)

LABEL: Final = b"online banking"
MAX_BYTES: Final = 64 * 1024
MAX_CHALLENGE: Final = 100
MAX_NUMBER: Final = 32
VALID_FOR: Final = timedelta(minutes=10)
"""How long the cardholder may take to make a passkey, and as long the browser asks."""
_SECONDS_BYTES: Final = 8


def routes(issuer: Issuer) -> list[Route]:
    at = f"{BANKING_PATH}/{{name}}"
    return [
        Route("GET", BANKING_PATH, partial(_door, issuer)),
        Route("POST", BANKING_PATH, partial(_log_in, issuer), door=Door.PAGE),
        Route("GET", at, partial(_page, issuer)),
        Route("POST", at, partial(_make, issuer), MAX_BYTES),
        Route("POST", f"{at}/options", partial(_options, issuer)),
        Route("POST", f"{at}/forget", partial(_forget, issuer), door=Door.PAGE),
    ]


def address(issuer: Issuer, pan: str) -> str | None:
    """The page of a card; None where the bank's address has no name that passkeys could belong to."""
    bank = issuer.settings.of(pan).at_a_name
    return None if bank is None else f"{bank.banking_url}/{encoded(issuer.runtime.vault.box(LABEL).seal(pan.encode()))}"


async def _door(issuer: Issuer, request: WireRequest) -> WireResponse:
    return page(login_page(_language(request), issuer.settings.issuer_name, unknown=False))


async def _log_in(issuer: Issuer, request: WireRequest) -> WireResponse:
    pan = "".join(read_form(request).get("card", "")[:MAX_NUMBER].split())
    if issued(pan, None) is None and pan not in issuer.settings.other_cards.by_number:
        return page(login_page(_language(request), issuer.settings.issuer_name, unknown=True), 422)
    at = address(issuer, pan)
    return _no_name(issuer.settings) if at is None else see_other(at)


async def _page(issuer: Issuer, request: WireRequest) -> WireResponse:
    try:
        pan, bank = _card(issuer, request)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    kept = await issuer.cards.card_status(pan)
    shown = Banking(
        language=_language(request),
        issuer_name=bank.issuer_name,
        card_ending=pan[-4:],
        made_at=tuple(passkey.made_at for passkey in kept.passkeys),
        path=request.match["name"],
    )
    return page(banking_page(shown), form_action="'self'")


async def _options(issuer: Issuer, request: WireRequest) -> WireResponse:
    """PublicKeyCredentialCreationOptionsJSON."""
    pan, bank = _card(issuer, request)
    kept = await issuer.cards.card_status(pan)
    until = issuer.runtime.clock.now() + VALID_FOR
    user = issuer.runtime.randomness.uuid().encode()
    named = f"{bank.issuer_name} •••• {pan[-4:]}"
    return json_response(
        {
            "rp": {"id": bank.rp_id, "name": bank.issuer_name},
            "user": {"id": encoded(user), "name": named, "displayName": named},
            "challenge": encoded(_challenge(issuer, pan, until)),
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
            "timeout": int(VALID_FOR.total_seconds() * 1000),
            "excludeCredentials": [{"type": "public-key", "id": passkey.id} for passkey in kept.passkeys],
            "authenticatorSelection": {
                "authenticatorAttachment": "platform",
                "residentKey": "required",
                "userVerification": "required",
            },
            "attestation": "none",
            # Without it a payment can never be confirmed with the passkey (Secure Payment Confirmation, section 4).
            "extensions": {"payment": {"isPayment": True}},
        }
    )


async def _make(issuer: Issuer, request: WireRequest) -> WireResponse:
    """`{"challenge": as it was given, "registration": RegistrationResponseJSON}`."""
    pan, bank = _card(issuer, request)
    body, now = read_json(request), issuer.runtime.clock.now()
    registration = body.get("registration")
    if not isinstance(registration, dict):
        raise Problem(400, "Bad Request", "registration is missing")

    def made(card_status: CardStatus) -> CardStatus:
        given = _given(issuer, pan, body.get("challenge"), now)
        known = card_status.passkeys
        passkey = registered(registration, challenge=given, origin=bank.origin, rp_id=bank.rp_id, now=now, known=known)
        return with_passkey(card_status, passkey)

    try:
        kept = await issuer.cards.keep_status(pan, made)
    except Refused as refused:
        raise Problem(422, "Unprocessable Content", str(refused)) from refused
    return json_response({"id": kept.passkeys[-1].id}, 201)


async def _forget(issuer: Issuer, request: WireRequest) -> WireResponse:
    pan, _ = _card(issuer, request)
    await issuer.cards.keep_status(pan, without_passkeys)
    return see_other(address(issuer, pan) or "")


def _card(issuer: Issuer, request: WireRequest) -> tuple[str, AcsSettings]:
    """The card that the address names, and its bank. Errors: `Problem` 404, 409."""
    try:
        sealed = decoded(request.match.get("name"), MAX_ID, "name")
        pan = issuer.runtime.vault.box(LABEL).open(sealed).decode()
    except (Refused, SealBroken) as error:
        raise Problem(404, "Not Found", "this address was not written here") from error
    bank = issuer.settings.of(pan).at_a_name
    if bank is None:
        raise Problem(409, "Conflict", _no_name_words(issuer.settings))
    return pan, bank


def _challenge(issuer: Issuer, pan: str, until: datetime) -> bytes:
    """Good until then, and for this card; nobody else can write it."""
    seconds = int(until.timestamp()).to_bytes(_SECONDS_BYTES)
    return seconds + issuer.runtime.vault.secret("passkey made", pan, seconds.hex())


def _given(issuer: Issuer, pan: str, text: object, now: datetime) -> bytes:
    """The challenge that was given. Errors: `Refused`."""
    challenge = decoded(text, MAX_CHALLENGE, "challenge")
    until = datetime.fromtimestamp(min(int.from_bytes(challenge[:_SECONDS_BYTES]), _LATEST), UTC)
    if not hmac.compare_digest(challenge, _challenge(issuer, pan, until)) or until <= now:
        raise Refused("challenge", "not one that was given in the last ten minutes")
    return challenge


_LATEST: Final = int(datetime(9999, 1, 1, tzinfo=UTC).timestamp())


def _no_name(settings: AcsSettings) -> WireResponse:
    return error_response(409, "error", _no_name_words(settings))


def _no_name_words(settings: AcsSettings) -> str:
    return (
        f"{settings.public_url} has no name that passkeys could belong to; start with --bank-domain (docs/passkeys.md)"
    )


def _language(request: WireRequest) -> str:
    return request.headers.get("accept-language", "").partition(",")[0]


def described(issuer: Issuer, pan: str, card_status: CardStatus) -> dict[str, Any]:
    """For the control calls."""
    passkeys = [
        {"id": one.id, "made_at": one.made_at.isoformat(), "counter": one.counter} for one in card_status.passkeys
    ]
    return {"page": address(issuer, pan), "passkeys": passkeys}
