"""What a CReq of an app does to its transaction: the same pure challenge as in a browser, answered by elements, not by forms."""

from collections.abc import Mapping
from dataclasses import replace as changed
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec.structs import replace

from acs.cardholder.challenge import Action, Ending, NextCounter, Submission
from acs.cardholder.methods.table import Question
from acs.cardholder.securecode import SecureCodes
from acs.settings import AcsSettings
from acs.v2.challenge.app.rendering import NATIVE
from acs.v2.decision.versions import APP
from acs.v2.lifecycle import (
    Change,
    Finish,
    Show,
    check_against,
    expire,
    give_up,
    open_challenge,
    receive_answer,
    refuse,
)
from acs.v2.records import Session, Transaction
from acs.v2.states import OPEN, Event, after
from threedsecure.cards.plays import Method
from threedsecure.v2.app import bridging
from threedsecure.v2.app.session import A128GCM, counted
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.context import Context, Leg
from threedsecure.v2.validation.as_of import day_of
from threedsecure.v2.validation.dated import check_dated_creq
from threedsecure.v2.validation.identifiers import same_id

CANCELLED: Final = "01"
SUPPORTED: Final = "01"
SDK_TIMED_OUT: Final = "08"
MAX_HTML_FIELDS: Final = 20
_ANSWERS: Final = ("challengeDataEntry", "challengeHTMLDataEntry", "oobContinue", "infoContinueIndicator")
_NOT_COLLECTED: Final = frozenset({Ending.NEVER_BEGUN, Ending.LEFT_IDLE, Ending.APP_TIMED_OUT, Ending.BROKEN})


class AppRequest(Struct, frozen=True):
    """A CReq that was decrypted and passed the tables. `enc`: how it was encrypted; `mark`: the same for the same answer."""

    message: Mapping[str, Any]
    enc: str
    mark: str


def receive(
    transaction: Transaction,
    request: AppRequest,
    now: datetime,
    next_counter: NextCounter,
    codes: SecureCodes,
    settings: AcsSettings,
) -> Change:
    """The next step of the challenge. A CReq that is wrong for it ends it."""
    transaction = expire(transaction, now)
    try:
        check_identifiers(transaction, request.message)
        change = _receive(transaction, request, now, next_counter, codes, settings)
    except MessageError as error:
        return refuse(transaction, error, now)
    session = change.transaction.session
    if isinstance(change.answer, Finish) and session is not None:
        return changed(change, transaction=replace(change.transaction, session=replace(session, told=True)))
    return change


def check_waits(transaction: Transaction, now: datetime) -> None:
    """The transaction still waits for a CReq, so that there is a reason to decrypt one. Errors: `MessageError` 402, 305, 315."""
    transaction = expire(transaction, now)
    if transaction.state in OPEN or _collects(transaction):
        return
    check_against(transaction, transaction.purchase.version, transaction.purchase.three_ds_server_trans_id)
    after(transaction.state, Event.CREQ)


def receive_erro(transaction: Transaction, message: Mapping[str, Any], now: datetime) -> Transaction:
    """The SDK says that it timed out, or that a CRes was wrong: either ends the challenge."""
    timed_out = message.get("errorCode") == ErrorCode.TRANSACTION_TIMED_OUT
    ending = Ending.APP_TIMED_OUT if timed_out else Ending.BROKEN
    return give_up(transaction, ending, now, None if timed_out else message)


def check_counter(transaction: Transaction, message: Mapping[str, Any]) -> None:
    """sdkCounterStoA is the next one, as far as it is a text at all. Errors: `MessageError` 302."""
    expected = counted(transaction.session.counter if transaction.session is not None else 0)
    found = message.get("sdkCounterStoA")
    if isinstance(found, str) and len(found) == len(expected) and found.isdecimal() and found != expected:
        raise MessageError(
            ErrorCode.DATA_DECRYPTION_FAILURE,
            "sdkCounterStoA",
            description=f"sdkCounterStoA is {found}, where {expected} comes next",
            message=message,
        )


def check_encryption(transaction: Transaction, enc: object) -> None:
    """The SDK keeps to the content encryption of its first CReq; a split SDK has no choice. Errors: `MessageError` 302, 310."""
    app, session = transaction.purchase.app, transaction.session
    if app is not None and app.split and enc != A128GCM:
        raise MessageError(ErrorCode.CRYPTOGRAPHIC_ALGORITHM_WRONG, f"a split SDK encrypts with {A128GCM}")
    if session is not None and session.enc != enc:
        raise MessageError(ErrorCode.DATA_DECRYPTION_FAILURE, f"enc was {session.enc} before")


def check_rules(transaction: Transaction, message: Mapping[str, Any], now: datetime, settings: AcsSettings) -> None:
    """What a rule that is in force wants of the first CReq where the banking app takes part. Errors: `MessageError` 201."""
    day = day_of(settings.rules_as_of, now)
    if day is not None and transaction.method is Method.OUT_OF_BAND:
        context = Context(transaction.purchase.version, APP, leg=Leg.TO_ACS)
        check_dated_creq(message, context, transaction.card.scheme, day)


def check_identifiers(transaction: Transaction, message: Mapping[str, Any]) -> None:
    """Errors: `MessageError` 301 naming those that are another transaction's."""
    known = {"acsTransID": transaction.acs_trans_id, "sdkTransID": transaction.purchase.sdk_trans_id or ""}
    foreign = [name for name, value in known.items() if not same_id(str(message.get(name)), value)]
    if foreign:
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, ",".join(foreign), message=message)


def _receive(
    transaction: Transaction,
    request: AppRequest,
    now: datetime,
    next_counter: NextCounter,
    codes: SecureCodes,
    settings: AcsSettings,
) -> Change:
    message, session = request.message, transaction.session
    if not _collects(transaction):
        check_against(transaction, message["messageVersion"], message["threeDSServerTransID"])
        transaction = replace(transaction, state=after(transaction.state, Event.CREQ))
    check_encryption(transaction, request.enc)
    check_counter(transaction, message)
    if message.get("challengeCancel") == SDK_TIMED_OUT:
        return Change(give_up(_advanced(transaction, request, now), Ending.APP_TIMED_OUT, now, None), Finish())
    if session is None:
        check_rules(transaction, message, now, settings)
        opened = open_challenge(transaction, _session(request, now), now, next_counter, settings)
        if message.get("challengeCancel") is None:
            _check_first(message)
            return opened
        transaction = opened.transaction
    else:
        transaction = _advanced(transaction, request, now)
    told = _told(transaction, message)
    if told is not None:
        return Change(replace(transaction, due_at=now + settings.timers.idle), Show(told))
    change = receive_answer(transaction, submission(transaction, request), now, next_counter, codes, settings)
    second = _second(transaction, change, request)
    return change if second is None else receive_answer(change.transaction, second, now, next_counter, codes, settings)


def _told(transaction: Transaction, message: Mapping[str, Any]) -> str | None:
    """What is read on the same screen after something that answers nothing: the banking app does not open, or the additional
    button, where there is one."""
    if transaction.state not in OPEN or transaction.challenge is None:
        return None
    if message.get("oobAppStatus") is not None:
        return "app-failed"
    app = transaction.purchase.app
    offered = app is not None and app.interface == NATIVE and transaction.challenge.question is Question.SMS_CODE
    return "no-code" if offered and message.get("challengeAddCode") is not None else None


def _second(transaction: Transaction, change: Change, request: AppRequest) -> Submission | None:
    """What was typed into the second box answers the next question, once the first answer was right."""
    second, before, after_first = (
        request.message.get("challengeDataEntryTwo"),
        transaction.challenge,
        change.transaction.challenge,
    )
    if second is None or before is None or after_first is None or not isinstance(change.answer, Show):
        return None
    if after_first.stage == before.stage:
        return None
    return Submission(Action.SUBMIT, after_first.page, second, f"{request.mark} 2")


def _collects(transaction: Transaction) -> bool:
    """Whether the challenge was decided outside the app, and the SDK comes for its final CRes."""
    session, result = transaction.session, transaction.result
    if session is None or result is None or session.told or transaction.state in OPEN:
        return False
    return result.ending not in _NOT_COLLECTED


def _session(request: AppRequest, now: datetime) -> Session:
    told = request.message.get("oobAppURLInd") or bridging.read(request.message).get("oobAppURLInd")
    opens_app, app_url = told == SUPPORTED, request.message.get("threeDSRequestorAppURL")
    return Session("", "", "", None, now, enc=request.enc, counter=1, opens_app=opens_app, app_url=app_url)


def _advanced(transaction: Transaction, request: AppRequest, now: datetime) -> Transaction:
    session = transaction.session or replace(_session(request, now), counter=0)
    return replace(transaction, session=replace(session, counter=session.counter + 1))


def _check_first(message: Mapping[str, Any]) -> None:
    """The first CReq answers nothing. Errors: `MessageError` 203."""
    early = [name for name in (*_ANSWERS, "resendChallenge", "challengeAddCode") if name in message]
    if early:
        raise MessageError(ErrorCode.FORMAT_INVALID, ",".join(early), message=message)


def submission(transaction: Transaction, request: AppRequest) -> Submission:
    """What the cardholder did, by the elements of the CReq. Errors: `MessageError` 203."""
    message = request.message
    if transaction.challenge is None:
        raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "the transaction is not challenged", message=message)
    fields = _html_fields(message.get("challengeHTMLDataEntry"))
    value = message.get("challengeDataEntry") or fields.get("challengeValue", "")
    return Submission(
        _action(message, fields, other_way=transaction.challenge.other_way),
        transaction.challenge.page,
        value,
        request.mark,
        trusts="Y" in _boxes(message, fields, "whitelistingDataEntry", "trustListDataEntry", "trustMerchant"),
        binds="Y" in _boxes(message, fields, "deviceBindingDataEntry", "bindDevice"),
    )


def _boxes(message: Mapping[str, Any], fields: Mapping[str, str], *names: str) -> set[Any]:
    return {source.get(name) for source in (message, fields) for name in names}


def _action(message: Mapping[str, Any], fields: Mapping[str, str], *, other_way: bool) -> Action:
    """The additional button offers the other way, where there is one."""
    cancelled = message.get("challengeCancel")
    if cancelled is not None:
        if cancelled != CANCELLED:
            raise MessageError(ErrorCode.FORMAT_INVALID, "challengeCancel", message=message)
        return Action.CANCEL
    if message.get("challengeAddCode") is not None and other_way:
        return Action.RESEND
    if message.get("challengeAddCode") is not None:
        raise MessageError(ErrorCode.FORMAT_INVALID, "challengeAddCode", message=message)
    if message.get("resendChallenge") == "Y" or fields.get("action") == Action.RESEND:
        return Action.RESEND
    return Action.CANCEL if fields.get("action") == Action.CANCEL else Action.SUBMIT


def _html_fields(query: object) -> dict[str, str]:
    """The fields of the form that the SDK's web view caught; one that stands several times is a choice of several."""
    if not isinstance(query, str):
        return {}
    try:
        pairs = parse_qsl(query.lstrip("?"), keep_blank_values=True, max_num_fields=MAX_HTML_FIELDS)
    except ValueError as error:
        raise MessageError(ErrorCode.FORMAT_INVALID, "challengeHTMLDataEntry") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    return fields
