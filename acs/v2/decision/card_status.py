"""The answer to an AReq once the card's status is considered: locked, asked too often, or trusting the merchant."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from acs.cards.plays import Decision, Defer
from acs.cards.reasons import FREQUENCY_EXCEEDED, NOT_PERMITTED_TO_CARDHOLDER
from acs.cards.status import CardStatus, asked_too_often, is_due
from acs.settings import Limits
from acs.v2.decision.preferences import PAYMENT, THREE_RI
from acs.v2.decision.result import BOUND, NOT_BOUND, NOT_TRUSTED, TRUSTED
from acs.v2.decision.versions import LATEST
from acs.v2.records import Purchase
from threedsecure.cards.plays import AnswerErro, Ask, KeepSilent, Method, Settle
from threedsecure.v2.views import AuthenticationRequest, integer

NO_CHALLENGE_TRUSTED: Final = "08"
BINDING_STATUS_CHECK: Final = "13"
"""threeRIInd."""


def considered(
    decision: Decision,
    request: AuthenticationRequest,
    purchase: Purchase,
    card_status: CardStatus,
    limits: Limits,
    now: datetime,
) -> tuple[Decision, Purchase]:
    """The decision that stands, and the purchase with what the trust list says where the requestor asked it."""
    if isinstance(decision, (AnswerErro, KeepSilent)):
        return decision, purchase
    if card_status.locked:
        return Settle("N", NOT_PERMITTED_TO_CARDHOLDER), purchase
    if _asks_the_list(request, card_status):
        purchase = replace(purchase, trust_status=TRUSTED if purchase.merchant in card_status.trusted else NOT_TRUSTED)
    purchase = _with_device(request, purchase, card_status)
    if (
        (limits.unasked or limits.unasked_amount)
        and passes(decision, request)
        and is_due(card_status, paid(request), limits)
    ):
        decision = Ask(Method.SMS_CODE)
    if not isinstance(decision, (Ask, Defer)):
        return decision, purchase
    if asked_too_often(card_status, now, limits):
        return Settle("N", FREQUENCY_EXCEEDED), purchase
    if purchase.merchant in card_status.trusted:
        purchase = replace(purchase, asks_for_trust=False)
    return decision, purchase


def passes(decision: object, request: AuthenticationRequest) -> bool:
    """Whether this is a payment of the cardholder's that passes without a challenge."""
    pays = request.message_category == PAYMENT and request.device_channel != THREE_RI
    return pays and isinstance(decision, Settle) and decision.trans_status == "Y"


def paid(request: AuthenticationRequest) -> int:
    return integer(request.purchase_amount) or 0


def wished(request: AuthenticationRequest, purchase: Purchase, card_status: CardStatus) -> AuthenticationRequest:
    """The request without the exemption of the trust list where the cardholder keeps a list and the merchant is not on it."""
    if not _asks_the_list(request, card_status) or purchase.merchant in card_status.trusted:
        return request
    others = tuple(asked for asked in request.challenge_indicators if asked != NO_CHALLENGE_TRUSTED)
    return replace(request, challenge_indicators=others)


def _with_device(request: AuthenticationRequest, purchase: Purchase, card_status: CardStatus) -> Purchase:
    """What is told of the device where the requestor asks: a device that is remembered is not asked about again."""
    if purchase.asks_to_bind and purchase.device in card_status.devices:
        return replace(purchase, binding_status=BOUND, asks_to_bind=False)
    if request.three_ri_ind == BINDING_STATUS_CHECK and request.version == LATEST:
        return replace(purchase, binding_status=BOUND if card_status.devices else NOT_BOUND)
    return purchase


def _asks_the_list(request: AuthenticationRequest, card_status: CardStatus) -> bool:
    """The trust list exists since 2.2.0. A cardholder who was never asked about a merchant keeps none."""
    return (
        card_status.keeps_list and request.version != "2.1.0" and NO_CHALLENGE_TRUSTED in request.challenge_indicators
    )
