"""`POST /3ds2/app-challenge`: an encrypted CReq and its encrypted CRes; an Erro travels in clear, either way."""

from datetime import datetime
from typing import Any, Final

from acs.cards.plays import rreq_order_of
from acs.v2.challenge.app import steps
from acs.v2.challenge.app.keys import session_key
from acs.v2.challenge.app.screens import answering, challenge_cres, final_cres
from acs.v2.challenge.creq import settle
from acs.v2.issuer import EmvIssuer
from acs.v2.lifecycle import Change, Finish, Show, refuse
from acs.v2.messages import answered_with
from acs.v2.records import App, Transaction
from acs.v2.states import State
from threedsecure.cards.plays import RReqOrder
from threedsecure.errors import ProtocolError
from threedsecure.v2.app.jose import Jwe, NotDecrypted, parse
from threedsecure.v2.app.session import Sender, open_challenge, seal_challenge
from threedsecure.v2.codec import decode, encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Context, Leg, check
from threedsecure.web.wire import WireRequest, WireResponse, message_response

JOSE: Final = "application/jose; charset=utf-8"
MAX_BODY_BYTES: Final = 160 * 1024
"""A CReq whose messageExtension is as long as it may be, encrypted; nothing longer is decrypted."""
CHANNEL: Final = "01"
_ACCEPTED: Final = frozenset({"CReq"})
_ERRO: Final = frozenset({"Erro"})
_LET_BE: Final = frozenset({RReqOrder.NEVER, RReqOrder.LONG_AFTER})


async def app_challenge(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    if request.media_type == "application/json":
        return await _erro_received(issuer, request)
    if request.media_type != "application/jose":
        raise MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, "the content type is not application/jose")
    jwe = _parsed(request)
    transaction, app = await _named(issuer, jwe)
    now = issuer.runtime.clock.now()
    try:
        steps.check_waits(transaction, now)
        asked = _opened(issuer, request, jwe, transaction, app)
    except MessageError as error:
        error.message = error.message or request.message
        return await _refused(issuer, transaction.acs_trans_id, error, now)
    change = await issuer.storage.change(
        transaction.acs_trans_id,
        lambda found, next_counter: steps.receive(found, asked, now, next_counter, issuer.codes, issuer.settings),
    )
    if change is None:
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, "acsTransID")
    return await _respond(issuer, change, asked.enc)


def answer_error(error: ProtocolError, request: WireRequest) -> WireResponse:
    """The Erro for what names no transaction of ours; Erro travel with HTTP 200 and in clear."""
    if not isinstance(error, MessageError):
        error = MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, str(error))
    error.message = error.message or request.message
    return _in_clear(erro(error, component="A"))


async def _erro_received(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """What the SDK says in clear; it does not read the answer, and an Erro is never answered with another."""
    message = decode(request.body, accepts=_ERRO, versions=issuer.settings.versions)
    request.message = message
    name = message.get("acsTransID")
    if isinstance(name, str):
        now = issuer.runtime.clock.now()
        found = await issuer.storage.load(name)
        if found is not None and found.purchase.device_channel == CHANNEL:
            kept = await issuer.storage.replace(name, lambda one: steps.receive_erro(one, message, now))
            if kept is not None and kept.state is State.DECIDED:
                issuer.outbox.start(kept.acs_trans_id)
    return WireResponse()


def _parsed(request: WireRequest) -> Jwe:
    try:
        return parse(request.body.decode("ascii"), limit=MAX_BODY_BYTES)
    except (NotDecrypted, UnicodeDecodeError) as error:
        raise MessageError(ErrorCode.DATA_DECRYPTION_FAILURE, str(error)[:200]) from error


async def _named(issuer: EmvIssuer, jwe: Jwe) -> tuple[Transaction, App]:
    """The transaction that the header's kid names. Errors: `MessageError` 301 for none of an app."""
    name = jwe.header.get("kid")
    found = await issuer.storage.load(name) if isinstance(name, str) else None
    if found is None or found.purchase.device_channel != CHANNEL:
        raise MessageError(issuer.settings.unknown_kid, "kid names no challenge in an app")
    app = found.purchase.app
    if app is None:
        raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "the transaction is not challenged")
    return found, app


def _opened(issuer: EmvIssuer, request: WireRequest, jwe: Jwe, transaction: Transaction, app: App) -> steps.AppRequest:
    """The CReq in clear, held against the tables. Errors: `MessageError`."""
    enc = jwe.header.get("enc")
    steps.check_encryption(transaction, enc)
    try:
        plain = open_challenge(jwe, session_key(issuer, transaction.acs_trans_id, app), Sender.SDK)
    except NotDecrypted as error:
        raise MessageError(ErrorCode.DATA_DECRYPTION_FAILURE, str(error)) from error
    message = decode(plain, accepts=_ACCEPTED, versions=issuer.settings.versions)
    request.message = message
    steps.check_counter(transaction, message)
    check(message, Context(message["messageVersion"], CHANNEL, leg=Leg.TO_ACS))
    mark = issuer.mark(transaction.acs_trans_id, 0, "CReq", message["sdkCounterStoA"])
    return steps.AppRequest(message, str(enc), mark)


async def _refused(issuer: EmvIssuer, acs_trans_id: str, error: MessageError, now: datetime) -> WireResponse:
    change = await issuer.storage.change(acs_trans_id, lambda found, _counter: refuse(found, error, now))
    if change is None:
        raise error
    return await _respond(issuer, change, "")


async def _respond(issuer: EmvIssuer, change: Change, enc: str) -> WireResponse:
    """Do what the change asks for, and answer."""
    transaction = change.transaction
    if transaction.due_at is not None and transaction.state is not State.DECIDED:
        issuer.scheduler.note(transaction.due_at)
    match change.answer:
        case Show(notice):
            for effect in change.effects:
                notice = await issuer.asking.ask(transaction, effect) or notice
            settings = issuer.settings.of(transaction.card.pan)
            return _encrypted(issuer, transaction, challenge_cres(transaction, notice, settings), enc)
        case Finish():
            await settle(issuer, transaction)
            undelivered = await _undelivered(issuer, transaction)
            if undelivered is not None:
                return _in_clear(answered_with(transaction, undelivered))
            return _encrypted(issuer, transaction, final_cres(transaction), enc)
        case refused:
            await settle(issuer, transaction)
            return _in_clear(answered_with(transaction, refused.error))


async def _undelivered(issuer: EmvIssuer, transaction: Transaction) -> MessageError | None:
    """What the SDK is told in the place of its final CRes where the directory server did not take the RReq: 403 where it answered
    something else, 402 where it did not answer. Scenarios that hold the RReq back are let be."""
    if rreq_order_of(transaction.card.scenario) in _LET_BE:
        return None
    found = await issuer.storage.load(transaction.acs_trans_id)
    if found is None or found.delivery is None or found.delivery.acknowledged_at is not None:
        return None
    code = ErrorCode.TRANSIENT_FAILURE if found.delivery.given_up else ErrorCode.TRANSACTION_TIMED_OUT
    return MessageError(code, "the result could not be delivered to the directory server")


def _encrypted(issuer: EmvIssuer, transaction: Transaction, message: dict[str, Any], enc: str) -> WireResponse:
    app = transaction.purchase.app
    if app is None:
        raise ValueError("the challenge is not one of an app")
    key = session_key(issuer, transaction.acs_trans_id, app)

    def sealed(plain: bytes, defect: str | None) -> bytes:
        return seal_challenge(
            plain,
            key,
            Sender.ACS,
            enc=enc,
            kid=transaction.acs_trans_id,
            counter=answering(transaction),
            random=issuer.runtime.randomness.bytes,
            defect=defect,
        ).encode()

    return WireResponse(200, sealed(encode(message), None), JOSE, message=message, sealed=sealed)


def _in_clear(message: dict[str, Any]) -> WireResponse:
    return message_response(message, encode(message))
