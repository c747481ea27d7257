"""The answer to an AReq once the card's standing is considered: locked, asked too often, or trusting the merchant."""

import dataclasses
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from acs.cards.plays import AnswerErro, Ask, Decision, Defer, KeepSilent, Settle
from acs.cards.reasons import FREQUENCY_EXCEEDED, NOT_PERMITTED_TO_CARDHOLDER
from acs.cards.status import Standing, asked_too_often
from acs.settings import Limits
from acs.v2.decision.result import BOUND, NOT_BOUND, NOT_TRUSTED, TRUSTED
from acs.v2.decision.versions import LATEST
from acs.v2.records import Purchase
from threedsecure.v2.views import AuthenticationRequest

NO_CHALLENGE_TRUSTED: Final = "08"
BINDING_STATUS_CHECK: Final = "13"
"""threeRIInd."""


def considered(
    decision: Decision,
    request: AuthenticationRequest,
    purchase: Purchase,
    standing: Standing,
    limits: Limits,
    now: datetime,
) -> tuple[Decision, Purchase]:
    """The decision that stands, and the purchase with what the trust list says where the requestor asked it."""
    if isinstance(decision, AnswerErro | KeepSilent):
        return decision, purchase
    if standing.locked:
        return Settle("N", NOT_PERMITTED_TO_CARDHOLDER), purchase
    if _asks_the_list(request, standing):
        purchase = replace(purchase, trust_status=TRUSTED if purchase.merchant in standing.trusted else NOT_TRUSTED)
    purchase = _with_device(request, purchase, standing)
    if not isinstance(decision, Ask | Defer):
        return decision, purchase
    if asked_too_often(standing, now, limits):
        return Settle("N", FREQUENCY_EXCEEDED), purchase
    if purchase.merchant in standing.trusted:
        purchase = replace(purchase, asks_for_trust=False)
    return decision, purchase


def wished(request: AuthenticationRequest, purchase: Purchase, standing: Standing) -> AuthenticationRequest:
    """The request without the exemption of the trust list where the cardholder keeps a list and the merchant is not on it."""
    if not _asks_the_list(request, standing) or purchase.merchant in standing.trusted:
        return request
    others = tuple(asked for asked in request.challenge_indicators if asked != NO_CHALLENGE_TRUSTED)
    return dataclasses.replace(request, challenge_indicators=others)


def _with_device(request: AuthenticationRequest, purchase: Purchase, standing: Standing) -> Purchase:
    """What is told of the device where the requestor asks: a device that is remembered is not asked about again."""
    if purchase.asks_to_bind and purchase.device in standing.devices:
        return replace(purchase, binding_status=BOUND, asks_to_bind=False)
    if request.three_ri_ind == BINDING_STATUS_CHECK and request.version == LATEST:
        return replace(purchase, binding_status=BOUND if standing.devices else NOT_BOUND)
    return purchase


def _asks_the_list(request: AuthenticationRequest, standing: Standing) -> bool:
    """The trust list exists since 2.2.0. A cardholder who was never asked about a merchant keeps none."""
    return standing.keeps_list and request.version != "2.1.0" and NO_CHALLENGE_TRUSTED in request.challenge_indicators
