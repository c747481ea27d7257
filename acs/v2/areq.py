"""`POST /3ds2/areq`: the directory server asks, the issuer decides."""

from __future__ import annotations  # else those of inner functions are evaluated with every message

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from acs.cardholder.challenge import ShowPrompt
from acs.cards.issued import advice, issued
from acs.cards.plays import keeps_silent
from acs.cards.records import OnFile
from acs.cards.rules.then import instructed
from acs.cards.status import CardStatus, asked
from acs.settings import AcsSettings
from acs.v2.decision.card_status import considered, wished
from acs.v2.decision.decide import decide
from acs.v2.decision.preferences import device_of, echoed
from acs.v2.issuer import EmvIssuer
from acs.v2.lifecycle import begin, purchase_of
from acs.v2.messages import ares
from acs.v2.records import Purchase, Transaction
from acs.v2.states import State
from acs.v2.storage.finals import kept_of
from threedsecure.cards.plays import AnswerErro, KeepSilent
from threedsecure.errors import ProtocolError
from threedsecure.rules import Seen
from threedsecure.v2.codec import encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.views import AuthenticationRequest
from threedsecure.web.randomness import Randomness
from threedsecure.web.serving.receiving import received
from threedsecure.web.straight import then
from threedsecure.web.wire import WireRequest, WireResponse, message_response

METHOD_COMPLETED: Final = "Y"
"""threeDSCompInd."""
_ACCEPTED: Final = frozenset({"AReq", "Erro"})
MAX_AREQ_BYTES: Final = 256 * 1024
"""An AReq with everything in it: messageExtension alone may take 81920 characters."""


def areq(issuer: EmvIssuer, request: WireRequest) -> WireResponse | Awaitable[WireResponse]:
    message = _decode(request, issuer.settings)
    if message["messageType"] == "Erro":
        return WireResponse()
    view = AuthenticationRequest.from_message(message)
    purchase = purchase_of(view, message["dsReferenceNumber"], echoed(message))
    if purchase.asks_to_bind:
        purchase = replace(purchase, device=device_of(message))
    arrived = Seen("AReq", message, request.headers)
    rule = issuer.rulebook.consult(arrived, view.three_ds_server_trans_id)
    return then(rule, partial(_begin, issuer, request, view, purchase))


def _begin(
    issuer: EmvIssuer,
    request: WireRequest,
    view: AuthenticationRequest,
    purchase: Purchase,
    rule: Mapping[str, Any] | None,
) -> WireResponse | Awaitable[WireResponse]:
    told = view.three_ds_server_trans_id if view.three_ds_comp_ind == METHOD_COMPLETED else None
    name = issuer.runtime.randomness.of("acsTransID", view.three_ds_server_trans_id)
    now = issuer.runtime.clock.now()

    def decided(card: OnFile) -> tuple[Transaction | AnswerErro | None, CardStatus]:
        bought = purchase if card.method_seen is None else replace(purchase, method_seen=card.method_seen)
        return decided_for(view, bought, rule, card, now, issuer.settings, name)

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
    answer = ares(transaction, issuer.settings)
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
) -> tuple[Transaction | AnswerErro | None, CardStatus]:
    """The new transaction, or why there is none - None for a card that is not ours -, and the card's status after it: pure."""
    card_status, limits = on_file.card_status, settings.limits
    card = issued(view.acct_number, on_file.registration)
    if rule is not None:
        card = instructed(card, view.acct_number, rule)
    if card is None:
        return None, card_status
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
    settled = decision.late if isinstance(decision, KeepSilent) else decision
    begun = begin(randomness.uuid(), purchase, card, settled, now, settings)
    return begun, card_status if begun.result is not None else asked(card_status, now, limits)


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
