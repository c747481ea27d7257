"""The Erro: what a component answers, or sends on, when a message was wrong or a peer silent (Annex B, Erro)."""

import re
from collections.abc import Mapping
from typing import Any, Final

from threedsecure.errors import PeerTimedOut, TransportError
from threedsecure.redaction import redact_card_numbers
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.messages import MESSAGES, METHOD_DATA

IDS: Final = ("threeDSServerTransID", "acsTransID", "dsTransID", "sdkTransID")
LONGEST: Final = 2048
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}").fullmatch
_NAME_LIST: Final = re.compile(r"[A-Za-z0-9_.\[\],-]+").fullmatch


def erro(
    error: MessageError, *, component: str, ids: Mapping[str, Any] | None = None, version: str | None = None
) -> dict[str, Any]:
    """The Erro that answers `error`. `component` found the fault: "C" SDK, "S" 3DS Server, "D" DS, "A" ACS.

    `ids` are transaction ids known from elsewhere; those of the faulty message are added where well-formed. `version` is
    that of the transaction; else that of the faulty message, else the highest we speak."""
    source = error.message or {}
    answer: dict[str, Any] = {
        "messageType": "Erro",
        "messageVersion": version or _version(source),
        "errorCode": error.code,
        "errorComponent": component,
        "errorDescription": _bounded(error.description),
        "errorDetail": _bounded(error.detail),
    }
    message_type = source.get("messageType")
    if isinstance(message_type, str) and message_type in MESSAGES and message_type != METHOD_DATA:
        answer["errorMessageType"] = message_type
    answer.update(_known_ids(source, ids or {}))
    return answer


def transport_error(error: TransportError, *, message: Mapping[str, Any] | None = None) -> MessageError:
    """402 for a peer that did not answer in time, 405 for one that could not be reached. `message`: the one that was sent."""
    code = ErrorCode.TRANSACTION_TIMED_OUT if isinstance(error, PeerTimedOut) else ErrorCode.CONNECTION_FAILURE
    return MessageError(code, error.reason, message=message)


def _version(source: Mapping[str, Any]) -> str:
    version = source.get("messageVersion")
    return version if isinstance(version, str) and version in SUPPORTED_VERSIONS else SUPPORTED_VERSIONS[-1]


def _known_ids(source: Mapping[str, Any], ids: Mapping[str, Any]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name in IDS:
        for value in (ids.get(name), source.get(name)):
            if isinstance(value, str) and _UUID(value):
                known[name] = value
                break
    return known


def _bounded(words: str) -> str:
    """At most 2,048 characters: a list of names loses whole names, other words their end. Never empty."""
    words = redact_card_numbers(words) or "-"
    if len(words) <= LONGEST:
        return words
    cut = words[:LONGEST]
    return cut.rpartition(",")[0] if _NAME_LIST(words) and "," in cut else cut[:-1] + "…"
