"""`POST /3ds1/pareq` (PaReq, TermUrl and MD from the browser) and `POST /3ds1/challenge/answer` (the forms of our own pages)."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from acs.cardholder.answers import challenge_response, error_response, last_words
from acs.cardholder.challenge import Action, SendCode, Submission
from acs.cardholder.methods.table import Question
from acs.cardholder.pages import Marks, Notice, post_back_page
from acs.cardholder.phone import send_code
from acs.cardholder.texts import DEFAULT_LANGUAGE
from acs.cards.plays import play_v1_of
from acs.forms import note_answer, note_exposure, read_answer, verdict_on
from acs.v1.issuer import V1Context
from acs.v1.lifecycle import Change, Finish, Refuse, Show, code_sent, receive_answer, receive_pareq
from acs.v1.messages import pares
from acs.v1.records import Authentication, Payment, confirmation
from acs.v1.states import EventRefused
from threedsecure.addresses import is_web_address
from threedsecure.v1 import messages
from threedsecure.v1.codec import decode, encode
from threedsecure.v1.envelope import pack, unpack
from threedsecure.v1.errors import ErrorCode, InvalidRequest, InvalidRequestCode, MessageError
from threedsecure.v1.identifiers import message_id, pares_id
from threedsecure.v1.signature.signing import SignatureDefect
from threedsecure.v1.validation.checking import check
from threedsecure.v1.views import for_journal
from threedsecure.web.scheduler import keep_waiting
from threedsecure.web.wire import Problem, WireRequest, WireResponse, page, read_form

MAX_FORM_BYTES: Final = 256 * 1024

MAX_MD: Final = 8 * 1024
"""The protocol says nothing of MD's size; 1024 characters is what merchants are advised to keep to."""
_PAREQ: Final = frozenset({"PAReq"})
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")


async def pareq(context: V1Context, request: WireRequest) -> WireResponse:
    try:
        form = _form(request)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    try:
        message = decode(unpack(form["PaReq"]), accepts=_PAREQ)
        check(message)
    except MessageError as error:
        return _error_back(context, error, form)
    return await _receive(context, request, message, form)


async def answer(context: V1Context, request: WireRequest) -> WireResponse:
    try:
        given = read_answer(context.issuer, request)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    found = await context.storage.load(given.acs_trans_id)
    if found is None:
        note_answer(context.issuer, given, {})
        return error_response(404, "unknown-transaction", "acsTransID is not known here")
    now = context.issuer.runtime.clock.now()
    mark = context.issuer.mark(given.acs_trans_id, given.page, given.action, given.value)
    submission = Submission(given.action, given.page, given.value, mark)
    drawn = await context.draw(found, code=given.action is Action.RESEND or _code_follows(found))
    codes, settings = context.issuer.codes, context.issuer.settings
    try:
        change = await context.storage.change(
            found.name, lambda record: receive_answer(record, submission, now, drawn, codes, settings)
        )
    except EventRefused as error:
        note_answer(context.issuer, given, {"refused": str(error)})
        return error_response(409, "error", str(error))
    note_answer(context.issuer, given, verdict_on(change.authentication.challenge, change.ended) if change else {})
    return await _respond(context, change, found)


def _code_follows(found: Authentication) -> bool:
    """Whether the right answer to the page leads to a code by SMS."""
    return found.challenge is not None and found.challenge.next_question is Question.SMS_CODE


async def _receive(
    context: V1Context, request: WireRequest, message: dict[str, Any], form: Mapping[str, str]
) -> WireResponse:
    found = await context.storage.of_account(message["CH"]["acctID"])
    if found is None:
        _journal(context, "Browser", "ACS", message, None)
        return await _refused(context, message, form, _unknown_account(message["CH"]["acctID"]), pan=None)
    _journal(context, "Browser", "ACS", message, found)
    note_exposure(context.issuer, found.card.pan, {"acsTransID": found.name}, "MD", form.get("MD"))
    play = play_v1_of(found.card.scenario)
    if play.page == "error":
        error = MessageError(ErrorCode.TRANSIENT_FAILURE, "the scenario of this card asks for it", message=message)
        return _error_back(context, error, form, found)
    if play.page == "silence":
        await keep_waiting(context.issuer.runtime.clock, context.issuer.settings.silence)
    payment = _payment(context, request, message, form)
    drawn = await context.draw(found, code=play.method is not None and found.payment is None)
    now, settings = context.issuer.runtime.clock.now(), context.issuer.settings
    change = await context.storage.change(
        found.name, lambda record: receive_pareq(record, payment, now, drawn, settings)
    )
    if change is not None and isinstance(change.answer, Refuse):
        return await _refused(context, message, form, change.answer.refusal, pan=found.card.pan, found=found)
    return await _respond(context, change, found)


async def _respond(context: V1Context, change: Change | None, found: Authentication) -> WireResponse:
    """Do what the change asks for, and answer."""
    if change is None:
        return error_response(404, "unknown-transaction", "the authentication has been forgotten")
    await context.mark(change)
    changed = change.authentication
    if not isinstance(change.answer, Show):
        return await _final(context, changed)
    for effect in change.effects:
        if isinstance(effect, SendCode):
            asked = confirmation(changed, context.issuer.settings)
            taken = await send_code(context.issuer.line, asked, effect.counter)
            changed = await _note_sent(context, changed, effect.counter, taken=taken)
    notice = changed.challenge.notice if changed.challenge else None
    settings = context.issuer.settings.of(changed.card.pan)
    asked = confirmation(changed, settings)
    return challenge_response(asked, change.answer.notice or notice, settings, context.issuer.page_token)


async def _note_sent(context: V1Context, found: Authentication, counter: int, *, taken: bool) -> Authentication:
    now = context.issuer.runtime.clock.now()
    change = await context.storage.change(
        found.name, lambda record: Change(code_sent(record, counter, now, taken=taken), Finish())
    )
    return change.authentication if change is not None else found


async def _final(context: V1Context, found: Authentication) -> WireResponse:
    """The end: the last words to the cardholder, and the PARes on its way to TermUrl."""
    payment, outcome = found.payment, found.outcome
    if payment is None or outcome is None:
        return error_response(409, "error", "the authentication has no result")
    asked = play_v1_of(found.card.scenario).defect if outcome.status == "Y" else None
    defect = None if asked is None else SignatureDefect(asked)
    form = {"TermUrl": payment.term_url, "MD": payment.md}
    language = found.card.language or payment.language or DEFAULT_LANGUAGE
    notice = last_words(outcome.ending)
    settings = context.issuer.settings.of(found.card.pan)
    marks = Marks(settings.issuer_name, confirmation(found, settings).scheme)
    return await _signed_back(
        context, pares(found), form, found, defect=defect, notice=notice, language=language, marks=marks
    )


async def _refused(
    context: V1Context,
    message: Mapping[str, Any],
    form: Mapping[str, str],
    refusal: InvalidRequest,
    *,
    pan: str | None,
    found: Authentication | None = None,
) -> WireResponse:
    """PARes U with an IReq, for a PAReq that is none of ours, or not any more."""
    runtime = context.issuer.runtime
    answer = messages.refused(
        message, refusal, now=runtime.clock.now(), pares_id=pares_id(context.issuer.draws_for(message).bytes), pan=pan
    )
    return await _signed_back(context, answer, form, found)


async def _signed_back(
    context: V1Context,
    answer: Mapping[str, Any],
    form: Mapping[str, str],
    found: Authentication | None,
    *,
    defect: SignatureDefect | None = None,
    notice: Notice | None = None,
    language: str = DEFAULT_LANGUAGE,
    marks: Marks | None = None,
) -> WireResponse:
    _journal(context, "ACS", "Browser", answer, found)
    value = pack(await context.signing.sign(encode(answer), defect))
    return _post_back(value, form, notice, language, marks)


def _error_back(
    context: V1Context, error: MessageError, form: Mapping[str, str], found: Authentication | None = None
) -> WireResponse:
    """An Error in the place of the PARes: the merchant is told, the cardholder sees the shop again."""
    answer = messages.error(error, message_id=message_id(context.issuer.draws_for(error.message).bytes))
    _journal(context, "ACS", "Browser", answer, found)
    return _post_back(pack(encode(answer)), form, None, DEFAULT_LANGUAGE)


def _post_back(
    value: str, form: Mapping[str, str], notice: Notice | None, language: str, marks: Marks | None = None
) -> WireResponse:
    fields = {"PaRes": value, "MD": form.get("MD", "")}
    html = post_back_page(language=language, url=form["TermUrl"], fields=fields, notice=notice, marks=marks)
    return page(html, frame_ancestors="*")


def _form(request: WireRequest) -> dict[str, str]:
    """PaReq, TermUrl and MD. Without an http(s) TermUrl nothing is sent anywhere. Errors: `Problem`."""
    form = read_form(request)
    if "PaReq" not in form:
        raise Problem(400, "Bad Request", "the form has no field PaReq")
    if not is_web_address(form.get("TermUrl", "")):
        raise Problem(400, "Bad Request", "TermUrl is not an absolute http or https address")
    if len(form.get("MD", "")) > MAX_MD:
        raise Problem(400, "Bad Request", f"MD is longer than {MAX_MD} characters")
    return form


def _unknown_account(acct_id: str) -> InvalidRequest:
    """55 for an acctID that could be ours and is not, 56 for one that another ACS must have given."""
    try:
        ours = len(base64.b64decode(acct_id, validate=True)) == 20
    except (binascii.Error, ValueError):
        ours = False
    if ours:
        return InvalidRequest(InvalidRequestCode.TRANSACTION_DATA_INVALID, "CH.acctID")
    return InvalidRequest(InvalidRequestCode.PAREQ_MISROUTED, "CH.acctID is not of this ACS")


def _payment(context: V1Context, request: WireRequest, message: dict[str, Any], form: Mapping[str, str]) -> Payment:
    told = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    return Payment(
        pareq=message,
        digest=hashlib.sha256("".join(form["PaReq"].split()).encode()).hexdigest(),
        term_url=form["TermUrl"],
        md=form.get("MD", ""),
        language=told if _LANGUAGE.fullmatch(told) else None,
        began_at=context.issuer.runtime.clock.now(),
    )


def _journal(
    context: V1Context, sender: str, receiver: str, message: Mapping[str, Any], found: Authentication | None
) -> None:
    """A browser's leg is filed under the VEReq that the acctID comes from, and from then on by the name that texts carry."""
    runtime = context.issuer.runtime
    runtime.journal.record(
        runtime.clock.now(),
        sender,
        receiver,
        message["messageType"],
        for_journal(message),
        transaction_id=found.name if found else None,
    )
