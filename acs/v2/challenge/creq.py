"""`POST /3ds2/challenge` (the CReq) and `POST /3ds2/challenge/answer` (the forms of our own pages)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from acs.cardholder.answers import error_response
from acs.cardholder.challenge import Action, Submission
from acs.cardholder.phone import wallet_key, wallet_url
from acs.cards.plays import rreq_order_of
from acs.forms import Answer, note_answer, note_assertion, note_exposure, read_answer, verdict_on
from acs.settings import AcsSettings
from acs.v2.challenge.answers import erro_response, final_response, open_response
from acs.v2.decision.wallet import wallet_request
from acs.v2.issuer import EmvIssuer
from acs.v2.lifecycle import ChallengeRequest, Change, Finish, Show, expire, receive_answer, receive_creq, refuse
from acs.v2.messages import identifiers
from acs.v2.records import Transaction
from acs.v2.states import EventRefused, State
from threedsecure.cards.plays import RReqOrder
from threedsecure.secrets.wallet import Request, looks_presented, written
from threedsecure.v2.codec import decode_base64url
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.forms import decode_creq
from threedsecure.v2.validation.checking import Context, Leg, check, defined
from threedsecure.web.scheduler import keep_waiting
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

MAX_FORM_BYTES: Final = 160 * 1024
"""A CReq whose messageExtension is as long as it may be, in base64url."""
MAX_SESSION_DATA: Final = 1024
SESSION_DATA: Final = "threeDSSessionData"


async def creq(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    try:
        form = read_form(request)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    if "creq" not in form:
        return error_response(400, "bad-request", "the form has no field creq")
    session_data = form.get(SESSION_DATA)
    try:
        acs_trans_id, challenge_request = _read(request, form["creq"], session_data, issuer.settings)
        change = await _receive(issuer, acs_trans_id, challenge_request)
        note_exposure(issuer, change.transaction.card.pan, identifiers(change.transaction), SESSION_DATA, session_data)
    except MessageError as error:
        refused = await _refuse(issuer, error)
        if refused is None:
            return _nowhere_to_send(error)
        change = refused
    return await _respond(issuer, change, session_data)


async def answer(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    try:
        given = read_answer(issuer, request)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    return await _answered(issuer, given)


async def back_from_wallet(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """`GET /3ds2/challenge/wallet`: the wallet has sent the browser back, with `response` or `error`."""
    acs_trans_id, query = request.query.get("acsTransID", ""), request.query
    page_number = issuer.page_of(acs_trans_id, query.get("page", ""))
    if page_number is None:
        return error_response(403, "bad-request", "this address was not written here")
    value = query.get("response") or query.get("error") or ""
    return await _answered(issuer, Answer(acs_trans_id, Action.SUBMIT, page_number, value, trusts=False, binds=False))


async def _answered(issuer: EmvIssuer, given: Answer) -> WireResponse:
    """What the cardholder did on the page that is shown."""
    asked = await _wallet(issuer, given)
    if asked is not None and not given.value:
        return see_other(f"{wallet_url(issuer.settings, asked[0])}?{urlencode({'request': written(asked[1])})}")
    key = None if asked is None else await wallet_key(issuer.line, asked[0])
    now = issuer.runtime.clock.now()
    mark = issuer.mark(given.acs_trans_id, given.page, given.action, given.value)
    try:
        change = await issuer.storage.change(
            given.acs_trans_id,
            lambda transaction, next_counter: receive_answer(
                transaction,
                Submission(given.action, given.page, given.value, mark, given.trusts, given.binds),
                now,
                next_counter,
                issuer.codes,
                issuer.settings,
                issuer.runtime.vault.secret,
                key,
            ),
        )
    except EventRefused as error:
        note_answer(issuer, given, {"refused": error.detail})
        return error_response(409, "error", error.detail)
    if change is None:
        note_answer(issuer, given, {})
        return error_response(404, "unknown-transaction", "acsTransID is not known here")
    result = change.transaction.result
    note_answer(issuer, given, verdict_on(change.transaction.challenge, result.ending if result else None))
    if change.asserted is not None:
        kind = "passkey" if asked is None else "wallet"
        note_assertion(issuer, change.asserted, identifiers(change.transaction), kind)
    return await _respond(issuer, change, None)


async def _wallet(issuer: EmvIssuer, given: Answer) -> tuple[str, Request] | None:
    """The cardholder's phone, and what its wallet is asked, for an answer that leads there or may come from there."""
    if given.action is not Action.SUBMIT or (given.value and not looks_presented(given.value)):
        return None
    found = await issuer.storage.load(given.acs_trans_id)
    if found is None or found.challenge is None or found.challenge.page != given.page:
        return None
    found = expire(found, issuer.runtime.clock.now())
    token = issuer.page_token(given.acs_trans_id, given.page)
    request = wallet_request(found, issuer.settings, issuer.runtime.vault.secret, token)
    return None if request is None else (found.card.phone, request)


async def nothing_posted(_issuer: EmvIssuer, _request: WireRequest) -> WireResponse:
    """A person who opened the address of a form."""
    return error_response(405, "bad-request", "this address takes forms that are posted")


def _nowhere_to_send(error: MessageError) -> WireResponse:
    """A CReq that names no transaction of ours: no notificationURL is known, so the page itself says what was wrong."""
    unknown = error.code == ErrorCode.TRANSACTION_ID_NOT_RECOGNISED
    title = "unknown-transaction" if unknown else "bad-request"
    return error_response(404 if unknown else 400, title, f"Erro {error.code}: {error.detail}")


async def _receive(issuer: EmvIssuer, acs_trans_id: str, challenge_request: ChallengeRequest) -> Change:
    now = issuer.runtime.clock.now()
    change = await issuer.storage.change(
        acs_trans_id,
        lambda transaction, next_counter: receive_creq(
            transaction, challenge_request, now, next_counter, issuer.settings
        ),
    )
    if change is None:
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, "acsTransID")
    return change


async def _refuse(issuer: EmvIssuer, error: MessageError) -> Change | None:
    """A CReq that does not pass the tables ends the transaction that it names, if there is one."""
    name = (error.message or {}).get("acsTransID")
    if not isinstance(name, str):
        return None
    now = issuer.runtime.clock.now()
    return await issuer.storage.change(name, lambda transaction, _counter: refuse(transaction, error, now))


async def _respond(issuer: EmvIssuer, change: Change, session_data: str | None) -> WireResponse:
    """Do what the change asks for, and answer."""
    transaction = change.transaction
    if transaction.due_at is not None and transaction.state is not State.DECIDED:
        issuer.scheduler.note(transaction.due_at)
    match change.answer:
        case Show(notice):
            return await _show(issuer, change, notice)
        case Finish():
            await settle(issuer, transaction)
            return final_response(issuer, transaction)
        case refused:
            await settle(issuer, transaction)
            kept = transaction.session.session_data if transaction.session else session_data
            return erro_response(issuer, transaction, refused.error, kept)


async def _show(issuer: EmvIssuer, change: Change, notice: str | None) -> WireResponse:
    for effect in change.effects:
        notice = await issuer.asking.ask(change.transaction, effect) or notice
    return open_response(issuer, change.transaction, notice)


async def settle(issuer: EmvIssuer, transaction: Transaction) -> None:
    """The RReq goes before the final answer, but the cardholder does not wait for ever."""
    if transaction.state is not State.DECIDED:
        return
    issuer.outbox.start(transaction.acs_trans_id)
    await issuer.outbox.settle(transaction.acs_trans_id)
    if rreq_order_of(transaction.card.scenario) is RReqOrder.LONG_BEFORE:
        await keep_waiting(issuer.runtime.clock, issuer.settings.result_lead)


def _read(
    request: WireRequest, value: str, session_data: str | None, settings: AcsSettings
) -> tuple[str, ChallengeRequest]:
    """The acsTransID and the CReq that a form carries. Errors: `MessageError`, with what could be decoded."""
    message = decode_creq(value, versions=settings.versions)
    request.message = message
    context = Context(message["messageVersion"], leg=Leg.TO_ACS)
    check(message, context)
    if session_data is not None:
        _check_session_data(session_data, message)
    read = ChallengeRequest(
        value=value,
        digest=_digest(defined(message, context)),
        version=message["messageVersion"],
        three_ds_server_trans_id=message["threeDSServerTransID"],
        window_size=message["challengeWindowSize"],
        session_data=session_data,
    )
    return message["acsTransID"], read


def _check_session_data(session_data: str, message: Mapping[str, Any]) -> None:
    """base64url of at most 1024 characters (flows, section 4)."""
    try:
        decode_base64url(session_data[: MAX_SESSION_DATA + 1], limit=MAX_SESSION_DATA * 3 // 4, element=SESSION_DATA)
    except MessageError as error:
        raise MessageError(error.code, error.detail, message=message) from error


def _digest(message: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()
