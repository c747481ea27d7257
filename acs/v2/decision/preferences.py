"""What the 3DS Requestor wishes (threeDSRequestorChallengeInd, Annex A) and how far an issuer follows it: pure.

A wish for a challenge is granted where a challenge can be shown. A wish for none is granted too, unless the card insists
(scenario `challenge-mandated`). Data shared for information (06) are never answered with an authentication."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from acs.v2.decision.versions import LATEST
from threedsecure.cards import cartes_bancaires
from threedsecure.cards.schemes import networks
from threedsecure.v2.validation.checking import Leg, context_of
from threedsecure.v2.validation.dated import needs_challenge, needs_other_way
from threedsecure.v2.views import AuthenticationRequest, integer

DATA_SHARE_ONLY: Final = "06"
CHALLENGE_MANDATED: Final = "04"
WANT_A_CHALLENGE: Final = frozenset({"03", "04", "09", "12", "13", "14"})
"""09 and 12 want one for its question: whether to trust the merchant, or to bind the device."""
WANT_NONE: Final = frozenset({"02", "08", "10", "11"})
INFORM: Final = frozenset({"05", "06", "07"})
"""The requestor has analysed the risk or authenticated the cardholder itself: transStatus I may answer."""
NOT_LISTED: Final = "N"
BINDING_PROMPT: Final = "12"
THREE_RI: Final = "03"
PAYMENT: Final = "01"
_DEVICE: Final = (
    "browserUserAgent",
    "browserLanguage",
    "browserScreenHeight",
    "browserScreenWidth",
    "browserColorDepth",
    "browserTZ",
    "sdkAppID",
)

EXEMPTIONS: Final = frozenset({"05", "08", "10", "11"})
"""Indicators that transChallengeExemption (2.3.1) repeats when they were followed."""

_STATUSES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = MappingProxyType(
    {
        "2.1.0": (),
        "2.2.0": (("whiteListStatus", "whiteListStatusSource"),),
        "2.3.1": (
            ("trustListStatus", "trustListStatusSource"),
            ("deviceBindingStatus", "deviceBindingStatusSource"),
        ),
    }
)


def as_the_rules_want(request: AuthenticationRequest, areq: Mapping[str, Any], day: str) -> AuthenticationRequest:
    """The request as one that mandates a challenge where a rule that is in force on `day` has every payment challenged."""
    if not needs_challenge(areq, context_of(areq, Leg.DS_TO_ACS), networks(request.acct_number), day):
        return request
    return replace(request, challenge_indicators=(CHALLENGE_MANDATED,))


def offers_other_way(areq: Mapping[str, Any], pan: str, day: str) -> bool:
    """Whether a rule that is in force on `day` wants a way to authenticate without a smartphone."""
    return needs_other_way(areq, context_of(areq, Leg.DS_TO_ACS), networks(pan), day)


def wants_challenge(request: AuthenticationRequest) -> bool:
    return not shares_data_only(request) and not WANT_A_CHALLENGE.isdisjoint(request.challenge_indicators)


def mandates_challenge(request: AuthenticationRequest) -> bool:
    return not shares_data_only(request) and CHALLENGE_MANDATED in request.challenge_indicators


def wants_none(request: AuthenticationRequest, scheme: str) -> bool:
    """A trust list exemption (08) is not followed where the requestor itself says that the merchant is not listed."""
    asked = WANT_NONE.intersection(request.challenge_indicators)
    return _is_safer(request, scheme) or bool(asked - {"08"} if request.trust_list_status == NOT_LISTED else asked)


def informs(request: AuthenticationRequest) -> bool:
    """Whether transStatus I may answer: it exists since 2.2.0."""
    return request.version != "2.1.0" and not INFORM.isdisjoint(request.challenge_indicators)


def shares_data_only(request: AuthenticationRequest) -> bool:
    return DATA_SHARE_ONLY in request.challenge_indicators


def exemption(request: AuthenticationRequest, scheme: str) -> str | None:
    """The exemption that the requestor asks for; `SAFER` is that of Cartes Bancaires."""
    if _is_safer(request, scheme):
        return cartes_bancaires.SAFER
    return next((asked for asked in request.challenge_indicators if asked in EXEMPTIONS), None)


def _is_safer(request: AuthenticationRequest, scheme: str) -> bool:
    """Whether it is one of the payments that Safe'R by CB is about, which the cardholder makes."""
    return (
        scheme == cartes_bancaires.SCHEME
        and request.message_category == PAYMENT
        and request.device_channel != THREE_RI
        and cartes_bancaires.spares(
            request.challenge_indicators, integer(request.purchase_amount), request.purchase_currency
        )
    )


def wants_binding(request: AuthenticationRequest) -> bool:
    """Whether the page is to offer to remember the device: 2.3.1, where there is one."""
    return (
        BINDING_PROMPT in request.challenge_indicators
        and request.version == LATEST
        and request.device_channel != THREE_RI
    )


def device_of(areq: Mapping[str, Any]) -> str:
    """Stands for the browser or the app: the same for the same one, as far as an AReq tells."""
    told = [str(areq.get(name, "")) for name in _DEVICE]
    return hashlib.sha256("\0".join(told).encode(errors="replace")).hexdigest()


def echoed(areq: Mapping[str, Any]) -> dict[str, str]:
    """The statuses of trust list and device binding that an AReq tells, with their sources, for its ARes."""
    told = [pair for pair in _STATUSES[areq["messageVersion"]] if pair[0] in areq]
    return {name: areq[name] for pair in told for name in pair if name in areq}
