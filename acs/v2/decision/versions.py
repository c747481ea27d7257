"""What each protocol version calls what the ACS says: 2.3.1 says more about an app, names exemptions, and passes an Erro on
with the result."""

from collections.abc import Mapping
from typing import Any, Final

from threedsecure.cards.cartes_bancaires import SAFER

LATEST: Final = "2.3.1"
APP: Final = "01"
DEVICE_INFO_VERSION: Final = "1.6"
"""The version of the SDK device information that is understood; none of it is read yet."""
PORTRAIT: Final = "01"
"""deviceUserInterfaceMode."""

_ERRO_SENT: Final = "10"
_ERRO_RECEIVED: Final = "09"
_SDK: Final = "C"
_TRANSACTION_ERROR: Final = "06"


def of_the_channel(version: str, device_channel: str) -> dict[str, Any]:
    """What every ARes of a channel carries in a version."""
    if version != LATEST or device_channel != APP:
        return {}
    return {"threeDSRequestorAppURLInd": "N", "deviceInfoRecognisedVersion": DEVICE_INFO_VERSION}


def exempted(version: str, exemption: str | None) -> dict[str, Any]:
    """transChallengeExemption, which exists since 2.3.1; that of Cartes Bancaires has an extension."""
    told = version == LATEST and exemption not in (None, SAFER)
    return {"transChallengeExemption": exemption} if told else {}


def cancelled(version: str, challenge_cancel: str, reported: Mapping[str, Any] | None) -> dict[str, Any]:
    """challengeCancel; in 2.3.1 an Erro that was sent in answer to a CReq has a code of its own (10), so has one that an SDK sent
    in answer to a CRes (09), and it goes along."""
    if version != LATEST or challenge_cancel != _TRANSACTION_ERROR or reported is None:
        return {"challengeCancel": challenge_cancel}
    code = _ERRO_RECEIVED if reported.get("errorComponent") == _SDK else _ERRO_SENT
    return {"challengeCancel": code, "challengeErrorReporting": dict(reported)}


def cardholder_info(version: str, text: str) -> dict[str, Any]:
    """cardholderInfo: words for the cardholder, an object in 2.3.1."""
    return {"cardholderInfo": {"text": text} if version == LATEST else text}
