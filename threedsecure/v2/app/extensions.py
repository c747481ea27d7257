"""Message extensions of EMVCo's by which messages of 2.1.0 and 2.2.0 say what only 2.3.1 has elements for. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

BRIDGING: Final = "A000000802-004"
DEVICE_ACKNOWLEDGEMENT: Final = "A000000802-001"
VERSIONS: Final = ("1.0", "2.0")
"""Those that exist of both; all messages of a transaction say the same."""
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {BRIDGING: "Bridging", DEVICE_ACKNOWLEDGEMENT: "Device Acknowledgment"}
)


def extension(identifier: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of messageExtension."""
    return {"name": _NAMES[identifier], "id": identifier, "criticalityIndicator": False, "data": dict(data)}


def read(message: Mapping[str, Any], identifier: str) -> Mapping[str, Any]:
    """The data of an extension; nothing where the message has no such one, or one that cannot be read."""
    extensions = message.get("messageExtension")
    for one in extensions if isinstance(extensions, list) else ():
        if isinstance(one, Mapping) and one.get("id") == identifier:
            data = one.get("data")
            return data if isinstance(data, Mapping) else {}
    return {}


def version_of(message: Mapping[str, Any], identifier: str) -> str:
    """Which version of an extension a message has; empty where it has none that is known."""
    version = read(message, identifier).get("version")
    return version if version in VERSIONS else ""
