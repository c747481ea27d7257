"""`POST /3ds2/areq`: the directory server asks, the issuer decides."""

from __future__ import annotations  # else those of inner functions are evaluated with every message

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from acs.cardholder.challenge import ShowPrompt
from acs.cardholder.passkeys.ceremony import Asserted, Outcome
from acs.cardholder.securecode import Verdict
from acs.cards.issued import CO_BADGED, advice, issued, under
from acs.cards.plays import keeps_silent
from acs.cards.records import Card, OnFile
from acs.cards.rules.then import instructed
from acs.cards.status import CardStatus, asked, passed_unasked, using
from acs.forms import note_assertion
from acs.settings import AcsSettings
from acs.v2.background.deciding import ask_issuer, service_of
from acs.v2.challenge.app.device import language_of, version_of
from acs.v2.challenge.app.keys import signed_content
from acs.v2.challenge.app.rendering import app_of, in_the_app
from acs.v2.decision.card_status import considered, paid, passes, wished
from acs.v2.decision.decide import decide
from acs.v2.decision.extensions import asked_by
from acs.v2.decision.outside import as_decided, as_rule, question
from acs.v2.decision.passkeys import OF_PASSKEYS, within_reach
from acs.v2.decision.payment_confirmation import Second, confirmed, requestors_ceremony, second_of, transaction_of
from acs.v2.decision.preferences import as_the_rules_want, device_of, offers_other_way
from acs.v2.decision.versions import APP, LATEST
from acs.v2.decision.wallet import wallet_within_reach
from acs.v2.issuer import EmvIssuer
from acs.v2.lifecycle import begin, purchase_of, receive_second
from acs.v2.messages import ares
from acs.v2.records import Purchase, Transaction
from acs.v2.states import State
from acs.v2.storage.finals import kept_of
from threedsecure.cards.plays import AnswerErro, KeepSilent, Method
from threedsecure.errors import ProtocolError
from threedsecure.rules import Seen
from threedsecure.v2.codec import encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.conditions import text
from threedsecure.v2.validation.as_of import NONE, day_of
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.views import AuthenticationRequest
from threedsecure.web.randomness import Randomness
from threedsecure.web.serving.receiving import received
from threedsecure.web.straight import soon, then
from threedsecure.web.wire import WireRequest, WireResponse, message_response

METHOD_COMPLETED: Final = "Y"
"""threeDSCompInd."""
BROWSER: Final = "02"
"""deviceChannel."""
_ACCEPTED: Final = frozenset({"AReq", "Erro"})
MAX_AREQ_BYTES: Final = 256 * 1024
"""An AReq with everything in it: messageExtension alone may take 81920 characters."""


def areq(issuer: EmvIssuer, request: WireRequest) -> WireResponse | Awaitable[WireResponse]:
    message = _decode(request, issuer.settings)
    if message["messageType"] == "Erro":
        return WireResponse()
    view = AuthenticationRequest.from_message(message)
    day = None if issuer.settings.rules_as_of == NONE else _day(issuer)
    if day is not None:
        view = as_the_rules_want(view, message, day)
    purchase = purchase_of(message, view)
    if day is not None and offers_other_way(message, view.acct_number, day):
        purchase = replace(purchase, other_way=True)
    if view.device_channel == APP:
        purchase = replace(purchase, app=app_of(message), language=language_of(message))
    if view.version != LATEST and "messageExtension" in message:
        purchase = replace(purchase, extensions=asked_by(message, version_of(message)))
    second = None
    if view.version == LATEST and view.device_channel == BROWSER:
        second = second_of(message)
        if second is None and message.get("threeDSRequestorSpcSupport") == "Y":
            purchase = replace(purchase, payee_origin=text(message, "payeeOrigin"))
    if purchase.asks_to_bind:
        purchase = replace(purchase, device=device_of(message))
    arrived = Seen("AReq", message, request.headers)
    rule = issuer.rulebook.consult(arrived, view.three_ds_server_trans_id)
    if second is not None:
        return _after_confirming(issuer, request, view, purchase, second, rule)
    return then(rule, partial(_begin, issuer, request, view, purchase))


def _day(issuer: EmvIssuer) -> str | None:
    return day_of(issuer.settings.rules_as_of, issuer.runtime.clock.now())


async def _after_confirming(
    issuer: EmvIssuer,
    request: WireRequest,
    view: AuthenticationRequest,
    purchase: Purchase,
    second: Second,
    consulted: Mapping[str, Any] | Awaitable[Mapping[str, Any] | None] | None,
) -> WireResponse:
    """The AReq that follows an ARes S: what it brings is judged first, once for all."""
    rule = await soon(consulted)
    asserted = await _asserted(issuer, view, purchase, second)
    if asserted is not None:
        ids = {"threeDSServerTransID": purchase.three_ds_server_trans_id, "dsTransID": purchase.ds_trans_id}
        note_assertion(issuer, asserted, ids)
    return await soon(_begin(issuer, request, view, purchase, rule, second, asserted))


async def _asserted(
    issuer: EmvIssuer, view: AuthenticationRequest, purchase: Purchase, second: Second
) -> Asserted | None:
    """What the assertion is worth; None where the browser has none to bring."""
    if second.assertion is None:
        return None
    now, settings, secret = issuer.runtime.clock.now(), issuer.settings, issuer.runtime.vault.secret
    name = transaction_of(second)
    change = (
        None
        if name is None
        else await issuer.storage.change(
            name,
            lambda first, _counter: receive_second(
                first, second, purchase, view.acct_number, now, requestors_ceremony(first, settings, secret)
            ),
        )
    )
    unknown = Asserted(Verdict.WRONG, Outcome.CHOSEN, words="challenge: not one that was given here")
    return unknown if change is None else change.asserted


def _begin(
    issuer: EmvIssuer,
    request: WireRequest,
    view: AuthenticationRequest,
    purchase: Purchase,
    rule: Mapping[str, Any] | None,
    second: Second | None = None,
    asserted: Asserted | None = None,
) -> WireResponse | Awaitable[WireResponse]:
    service = service_of(issuer.settings, rule)
    printed = None if service is None else issued(view.acct_number, None)
    if service is None or printed is None:
        return _decided(issuer, request, view, purchase, rule, second, asserted)
    return _decided_outside(issuer, request, view, purchase, service, printed, second, asserted)


async def _decided_outside(
    issuer: EmvIssuer,
    request: WireRequest,
    view: AuthenticationRequest,
    purchase: Purchase,
    service: str,
    printed: Card,
    second: Second | None,
    asserted: Asserted | None,
) -> WireResponse:
    """Let the issuer's own service decide, and answer as it does."""
    registration = await issuer.storage.registration(view.acct_number)
    scenario = printed.scenario if registration is None else registration.scenario
    confirms = None if second is None else asserted is not None and asserted.verdict is Verdict.CORRECT
    asking = question(request.message or {}, printed.scheme, scenario, confirms)
    chosen = await ask_issuer(issuer.runtime, issuer.settings, service, asking)
    return await soon(_decided(issuer, request, as_decided(view, chosen), purchase, as_rule(chosen), second, asserted))


def _decided(
    issuer: EmvIssuer,
    request: WireRequest,
    view: AuthenticationRequest,
    purchase: Purchase,
    rule: Mapping[str, Any] | None,
    second: Second | None = None,
    asserted: Asserted | None = None,
) -> WireResponse | Awaitable[WireResponse]:
    told = view.three_ds_server_trans_id if view.three_ds_comp_ind == METHOD_COMPLETED else None
    name = issuer.runtime.randomness.of("acsTransID", view.three_ds_server_trans_id)
    now = issuer.runtime.clock.now()

    def decided(card: OnFile) -> tuple[Transaction | AnswerErro | None, CardStatus]:
        bought = purchase if card.method_seen is None else replace(purchase, method_seen=card.method_seen)
        return decided_for(view, bought, rule, card, now, issuer.settings, name, second, asserted)

    found = issuer.storage.begin(view.acct_number, decided, method_of=told)
    return then(found, partial(_answer, issuer, request, view))


def _answer(
    issuer: EmvIssuer, request: WireRequest, view: AuthenticationRequest, found: Transaction | AnswerErro | None
) -> WireResponse | Awaitable[WireResponse]:
    match found:
        case None:
            raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "acctNumber", description=advice(view.acct_number))
        case AnswerErro(code, detail):
            raise MessageError(code, detail)
    if found.due_at is not None:
        issuer.scheduler.note(found.due_at)
    if found.state is State.DECOUPLED or keeps_silent(found.card):
        return _late(issuer, request, found)
    return _response(issuer, request, found)


async def _late(issuer: EmvIssuer, request: WireRequest, transaction: Transaction) -> WireResponse:
    if transaction.state is State.DECOUPLED:
        await issuer.runtime.journal.written()  # the phone is told of nothing that may be lost
        await issuer.asking.ask(transaction, ShowPrompt())
    if keeps_silent(transaction.card):
        await asyncio.sleep(issuer.settings.silence)  # whoever waits by the virtual clock gives up first
    return _response(issuer, request, transaction)


def _response(issuer: EmvIssuer, request: WireRequest, transaction: Transaction) -> WireResponse:
    signed, ceremony = None, None
    if transaction.state is State.CREQ_AWAITED:
        signed = signed_content(issuer, transaction)
    elif transaction.state is State.SPC_AWAITED:
        ceremony = requestors_ceremony(transaction, issuer.settings, issuer.runtime.vault.secret)
    answer = ares(transaction, issuer.settings, signed, ceremony)
    response = message_response(answer, encode(answer))
    response.promises = True
    if issuer.storage.is_without_row(transaction):
        beside = issuer.runtime.journal.is_of_this_turn(request.noted)
        response.noting = {"kept": kept_of(transaction, beside_its_areq=beside)}
    return response


def decided_for(
    view: AuthenticationRequest,
    purchase: Purchase,
    rule: Mapping[str, Any] | None,
    on_file: OnFile,
    now: datetime,
    settings: AcsSettings,
    randomness: Randomness,
    second: Second | None = None,
    asserted: Asserted | None = None,
) -> tuple[Transaction | AnswerErro | None, CardStatus]:
    """The new transaction, or why there is none - None for a card that is not ours -, and the card's status after it: pure.
    `second`: what an AReq brings that follows an ARes S, `asserted`: what its assertion is worth."""
    card_status = on_file.card_status
    card = issued(view.acct_number, on_file.registration)
    if rule is not None:
        card = instructed(card, view.acct_number, rule)
    if card is None:
        return None, card_status
    if card.scheme in CO_BADGED and purchase.ds_url is not None:  # each scheme's directory server has a path of its own
        card = under(card, urlsplit(purchase.ds_url).path.split("/"))
    limits = card.within(settings.limits)
    decision, purchase = considered(
        decide(wished(view, purchase, card_status), card, now, method_seen=purchase.method_seen),
        view,
        purchase,
        card_status,
        limits,
        now,
    )
    if isinstance(decision, AnswerErro):
        return decision, card_status
    late = decision.late if isinstance(decision, KeepSilent) else decision
    reached = wallet_within_reach(
        within_reach(late, purchase, card_status, card.pan, settings), purchase, day_of(settings.rules_as_of, now)
    )
    settled, purchase = in_the_app(reached, purchase)
    standing = confirmed(settled, purchase, second, asserted)
    begun = begin(randomness.uuid(), purchase, card, standing, now, settings)
    if begun.method in OF_PASSKEYS:
        begun = replace(begun, passkeys=card_status.passkeys)
    elif asserted is not None and asserted.passkey is not None and standing is not settled:
        begun = replace(begun, method=Method.SPC)
    if asserted is not None and asserted.passkey is not None:
        card_status = using(card_status, asserted.passkey)
    if begun.result is None:
        return begun, asked(card_status, now, limits)
    if (limits.unasked or limits.unasked_amount) and passes(standing, view):
        card_status = passed_unasked(card_status, paid(view))
    return begun, card_status


def answer_error(error: ProtocolError, request: WireRequest) -> WireResponse:
    """The Erro for an AReq; Erro travel with HTTP 200 (errors, section 3)."""
    if not isinstance(error, MessageError):
        error = MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, str(error))
    error.message = error.message or request.message
    if (error.message or {}).get("messageType") == "Erro":
        return WireResponse()  # an Erro is never answered with another (errors, section 2)
    message = erro(error, component="A")
    return message_response(message, encode(message))


def _decode(request: WireRequest, settings: AcsSettings) -> dict[str, Any]:
    if request.media_type != "application/json":
        raise MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, "the content type is not application/json")
    message = received(request, _ACCEPTED, settings.versions)
    request.message = message
    if message["messageType"] != "Erro":
        check(message, context_of(message, Leg.DS_TO_ACS))
    return message
