"""`POST /3ds2/areq`: the directory server asks, the issuer decides."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from acs.cardholder.challenge import ShowPrompt
from acs.cards.issued import advice, issued
from acs.cards.plays import AnswerErro, KeepSilent, keeps_silent
from acs.cards.records import OnFile
from acs.cards.rules.then import instructed
from acs.cards.status import Standing, asked
from acs.settings import AcsSettings
from acs.v2.decision.card_status import considered, wished
from acs.v2.decision.decide import decide
from acs.v2.decision.preferences import device_of, echoed
from acs.v2.issuer import EmvIssuer
from acs.v2.lifecycle import begin, purchase_of
from acs.v2.messages import ares
from acs.v2.records import Purchase, Transaction
from acs.v2.states import State
from threedsecure.errors import ProtocolError
from threedsecure.rules import Seen
from threedsecure.v2.codec import decode, encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.views import AuthenticationRequest
from threedsecure.web.waiting import keep_waiting
from threedsecure.web.wire import WireRequest, WireResponse, message_response

METHOD_COMPLETED: Final = "Y"
"""threeDSCompInd."""
_ACCEPTED: Final = frozenset({"AReq", "Erro"})
MAX_AREQ_BYTES: Final = 256 * 1024
"""An AReq with everything in it: messageExtension alone may take 81920 characters."""


async def areq(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    message = _decode(request, issuer.settings)
    if message["messageType"] == "Erro":
        return WireResponse()
    view = AuthenticationRequest.from_message(message)
    purchase = purchase_of(view, message["dsReferenceNumber"], echoed(message))
    if purchase.asks_to_bind:
        purchase = replace(purchase, device=device_of(message))
    arrived = Seen("AReq", message, request.headers)
    rule = await issuer.rulebook.consult(arrived, view.three_ds_server_trans_id)
    transaction = await _begin(issuer, view, purchase, rule)
    if transaction.due_at is not None:
        issuer.scheduler.note(transaction.due_at)
    if transaction.state is State.DECOUPLED:
        await issuer.asking.ask(transaction, ShowPrompt())
    if keeps_silent(transaction.card):
        await keep_waiting(issuer.runtime.clock, issuer.settings.silence)
    answer = ares(transaction, issuer.settings)
    return message_response(answer, encode(answer))


async def _begin(
    issuer: EmvIssuer, view: AuthenticationRequest, purchase: Purchase, rule: Mapping[str, Any] | None
) -> Transaction:
    """The transaction that the decision makes, written. Errors: `MessageError`."""
    told = view.three_ds_server_trans_id if view.three_ds_comp_ind == METHOD_COMPLETED else None

    def decided(card: OnFile) -> tuple[Transaction | AnswerErro | None, Standing]:
        return _decided(issuer, view, replace(purchase, method_seen=card.method_seen), rule, card)

    match await issuer.storage.begin(view.acct_number, decided, method_of=told):
        case None:
            raise MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, "acctNumber", description=advice(view.acct_number))
        case AnswerErro(code, detail):
            raise MessageError(code, detail)
        case transaction:
            return transaction


def _decided(
    issuer: EmvIssuer,
    view: AuthenticationRequest,
    purchase: Purchase,
    rule: Mapping[str, Any] | None,
    on_file: OnFile,
) -> tuple[Transaction | AnswerErro | None, Standing]:
    """The new transaction, or why there is none - None for a card that is not ours -, and the card's standing after it."""
    standing, now, limits = on_file.standing, issuer.runtime.clock.now(), issuer.settings.limits
    card = issued(view.acct_number, on_file.registration)
    if rule is not None:
        card = instructed(card, view.acct_number, rule)
    if card is None:
        return None, standing
    decision, purchase = considered(
        decide(wished(view, purchase, standing), card, now, method_seen=purchase.method_seen),
        view,
        purchase,
        standing,
        limits,
        now,
    )
    if isinstance(decision, AnswerErro):
        return decision, standing
    settled = decision.late if isinstance(decision, KeepSilent) else decision
    name = issuer.runtime.randomness.of("acsTransID", view.three_ds_server_trans_id).uuid()
    begun = begin(name, purchase, card, settled, now, issuer.settings)
    return begun, standing if begun.result is not None else asked(standing, now, limits)


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
    message = decode(request.body, accepts=_ACCEPTED, versions=settings.versions)
    request.message = message
    if message["messageType"] != "Erro":
        check(message, context_of(message, Leg.DS_TO_ACS))
    return message
