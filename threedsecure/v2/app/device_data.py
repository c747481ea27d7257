"""What an SDK tells of its device (SDK Device Information): data in DD, in DPNA why some are not there, warnings in SW. Pure."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from threedsecure.redaction import redact
from threedsecure.v2.codec import decode_base64url, decode_object
from threedsecure.v2.errors import MessageError

MAX_DEVICE_INFO: Final = 48_000
"""Bytes: 64000 characters of base64url."""
MAX_SHOWN: Final = 300
COMMON: Final[Mapping[str, str]] = MappingProxyType(
    {
        "C001": "platform",
        "C002": "device model",
        "C003": "operating system, name",
        "C004": "operating system, version",
        "C005": "locale",
        "C006": "time zone",
        "C007": "advertising id",
        "C008": "screen resolution",
        "C009": "device name",
        "C010": "IP address",
        "C011": "latitude",
        "C012": "longitude",
        "C013": "application package",
        "C014": "sdkAppID",
        "C015": "SDK version",
        "C016": "sdkReferenceNumber",
        "C017": "local date and time, in UTC",
        "C018": "sdkTransID",
    }
)
APPLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "I001": "identifier for vendor",
        "I002": "user interface idiom",
        "I003": "font family names",
        "I004": "font names",
        "I005": "system font",
        "I006": "label font size",
        "I007": "button font size",
        "I008": "small system font size",
        "I009": "system font size",
        "I010": "system locale",
        "I011": "available locales",
        "I012": "preferred languages",
        "I013": "default time zone",
    }
)
ANDROID: Final = (
    (27, "telephony"),
    (38, "Wi-Fi"),
    (41, "Bluetooth"),
    (59, "build"),
    (64, "build version"),
    (83, "secure settings"),
    (98, "global settings"),
    (123, "system settings"),
    (128, "packages"),
    (129, "storage"),
    (130, "locales"),
    (135, "display"),
    (136, "file system"),
    (155, "since data version 1.6"),
)
"""The last number of each group in data version 1.1; later versions shift some."""
LAST_OF_WINDOWS: Final = 25
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "RE01": "not to be had in this market or region",
        "RE02": "not to be had on this platform or version, or deprecated",
        "RE03": "the user has not given the permission",
        "RE04": "there is no value",
    }
)
WARNINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SW01": "the device is rooted or jailbroken (high)",
        "SW02": "the SDK has been tampered with (high)",
        "SW03": "an emulator runs the app (high)",
        "SW04": "a debugger is attached (medium)",
        "SW05": "the operating system is not supported (high)",
    }
)
_IDENTIFIER: Final = re.compile("([ACIW])([0-9]{3})")


def name_of(identifier: str) -> str:
    """What an identifier of DD stands for; empty where nobody has said."""
    found = _IDENTIFIER.fullmatch(identifier)
    if found is None:
        return ""
    kind, number = found[1], int(found[2])
    if kind == "A":
        group = next((words for last, words in ANDROID if 0 < number <= last), "")
        return group and f"Android: {group}"
    if kind == "W":
        return "Windows" if 0 < number <= LAST_OF_WINDOWS else ""
    return (COMMON if kind == "C" else APPLE).get(identifier, "")


def described(device_info: str) -> Iterator[tuple[str, str, str]]:
    """Path, value and meaning of all that deviceInfo says, without card numbers; nothing where it cannot be read."""
    try:
        told = redact(decode_object(decode_base64url(device_info, limit=MAX_DEVICE_INFO)))
    except MessageError:
        return
    yield "DV", _shown(told.get("DV")), "data version"
    for identifier, value in _members(told.get("DD")):
        yield f"DD.{identifier}", _shown(value), name_of(identifier)
    for identifier, reason in _members(told.get("DPNA")):
        words = ": ".join(filter(None, (name_of(identifier), REASONS.get(str(reason), ""))))
        yield f"DPNA.{identifier}", _shown(reason), words
    warnings = told.get("SW")
    for number, warning in enumerate(warnings if isinstance(warnings, list) else ()):
        yield f"SW[{number}]", _shown(warning), WARNINGS.get(str(warning), "")


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    return iter(value.items() if isinstance(value, dict) else ())


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text[:MAX_SHOWN]
