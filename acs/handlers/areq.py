"""`POST /3ds2/areq`: the directory server asks, the issuer decides."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from acs.cards import advice, issued
from acs.decision import AnswerErro, Ask, KeepSilent, Settle, decide
from acs.issuer import Issuer
from acs.lifecycle import begin, purchase_of
from acs.messages import ares
from acs.records import Card, Purchase, Transaction
from acs.settings import AcsSettings
from threedsecure.errors import ProtocolError
from threedsecure.v2.checking import Leg, check, context_of
from threedsecure.v2.codec import decode, encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.views import AuthenticationRequest
from threedsecure.web.clock import Clock
from threedsecure.web.wire import WireRequest, WireResponse, message_response

_AREQ: Final = frozenset({"AReq"})
MAX_AREQ_BYTES: Final = 256 * 1024
"""An AReq with everything in it: messageExtension alone may take 81920 characters."""


async def areq(issuer: Issuer, request: WireRequest) -> WireResponse:
    message = _decode(request, issuer.settings)
    view = AuthenticationRequest.from_message(message)
    card = issued(view.acct_number, await issuer.storage.registration(view.acct_number))
    if card is None:
        raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "acctNumber", description=advice(view.acct_number))
    decision = await _decide(issuer, view, card)
    transaction = await _begin(issuer, purchase_of(view, message["dsReferenceNumber"]), card, decision)
    if transaction.due_at is not None:
        issuer.agenda.note(transaction.due_at)
    answer = ares(transaction, issuer.settings)
    return message_response(answer, encode(answer))


async def _begin(issuer: Issuer, purchase: Purchase, card: Card, decision: Settle | Ask) -> Transaction:
    """The new transaction, written, under an identifier that no other one has."""
    uuid = issuer.runtime.randomness.uuid
    transaction = begin(uuid(), purchase, card, decision, _now(issuer), issuer.settings)
    while not await issuer.storage.add(transaction):
        transaction = replace(transaction, acs_trans_id=uuid())
    return transaction


def answer_error(error: ProtocolError, request: WireRequest) -> WireResponse:
    """The Erro for an AReq; Erro travel with HTTP 200 (errors, section 3)."""
    if not isinstance(error, MessageError):
        error = MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, str(error))
    error.message = error.message or request.message
    message = erro(error, component="A")
    return message_response(message, encode(message))


def _decode(request: WireRequest, settings: AcsSettings) -> dict[str, Any]:
    if request.media_type != "application/json":
        raise MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, "the content type is not application/json")
    message = decode(request.body, accepts=_AREQ, versions=settings.versions)
    request.message = message
    check(message, context_of(message, Leg.DS_TO_ACS))
    return message


async def _decide(issuer: Issuer, view: AuthenticationRequest, card: Card) -> Settle | Ask:
    match decide(view, card, _now(issuer)):
        case KeepSilent(late):
            await _keep_silent(issuer.runtime.clock, issuer.settings.silence)
            return late
        case AnswerErro(code, detail):
            raise MessageError(code, detail)
        case decision:
            return decision


async def _keep_silent(clock: Clock, seconds: float) -> None:
    """`seconds` of the virtual clock, and of the real one where that stands still or a test has moved it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await clock.sleep_until(clock.now() + timedelta(seconds=seconds))


def _now(issuer: Issuer) -> datetime:
    return issuer.runtime.clock.now()
