"""Where a message stands: its version, channel, category and leg. They choose the column of the tables that it is held against."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

SUPPORTED_VERSIONS: Final = ("2.1.0", "2.2.0", "2.3.1")

APP: Final = "01"
BRW: Final = "02"
THREE_RI: Final = "03"
PA: Final = "01"
NPA: Final = "02"


class Leg(StrEnum):
    """Who sends to whom."""

    THREE_DS_SERVER_TO_DS = "3DS Server to DS"
    DS_TO_ACS = "DS to ACS"
    ACS_TO_DS = "ACS to DS"
    DS_TO_THREE_DS_SERVER = "DS to 3DS Server"
    TO_ACS = "SDK or browser to ACS"
    FROM_ACS = "ACS to SDK or browser"
    METHOD = "3DS Requestor to ACS, 3DS Method"


class Context(Struct, frozen=True):
    """`request` is the AReq of the transaction and `response` its ARes, where known: rules between messages read them."""

    version: str
    device_channel: str = BRW
    message_category: str = PA
    leg: Leg = Leg.THREE_DS_SERVER_TO_DS
    request: Mapping[str, Any] | None = None
    response: Mapping[str, Any] | None = None


def context_of(
    message: Mapping[str, Any],
    leg: Leg,
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
) -> Context:
    """The context of `message`: read from itself when it is an AReq, else from the AReq of its transaction (`request`).

    Always defined: where channel or category are missing or ill-formed they are guessed from the elements that are there, so that
    one wrong element does not hide others."""
    source = message if request is None else request
    version, channel = message.get("messageVersion"), source.get("deviceChannel")
    category = source.get("messageCategory")
    if version not in SUPPORTED_VERSIONS:
        version = _version(request)
    if channel not in (APP, BRW, THREE_RI):
        channel = _channel(message, source)
    if category not in (PA, NPA):
        category = _category(source.get("messageCategory", message.get("messageCategory")))
    if request is None and response is None and len(category) == len(PA):
        return _alone(version, channel, category, leg)
    return Context(version, channel, category, leg, request, response)


@lru_cache(maxsize=256)
def _alone(version: str, channel: str, category: str, leg: Leg) -> Context:
    """The context of a message that is held against no other: the same for very many messages."""
    return Context(version, channel, category, leg)


def _version(request: Mapping[str, Any] | None) -> str:
    version = request.get("messageVersion") if request is not None else None
    return str(version) if version in SUPPORTED_VERSIONS else SUPPORTED_VERSIONS[-1]


def _channel(message: Mapping[str, Any], source: Mapping[str, Any]) -> str:
    if any(
        name in message for name in ("sdkTransID", "sdkAppID", "acsRenderingType", "acsCounterAtoS", "sdkCounterStoA")
    ):
        return APP
    if "threeRIInd" in source and "browserUserAgent" not in source:
        return THREE_RI
    return BRW


def _category(category: object) -> str:
    return category if isinstance(category, str) and (category == NPA or "80" <= category <= "99") else PA
