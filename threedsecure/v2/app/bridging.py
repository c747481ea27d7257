"""The Bridging extension: elements of 2.3.1's challenge for the banking app, in messages of 2.1.0 and 2.2.0. Pure."""

from collections.abc import Mapping
from typing import Any, Final

ID: Final = "A000000802-004"
NAME: Final = "Bridging"
VERSION: Final = "1.0"


def extension(challenge_data: Mapping[str, Any]) -> dict[str, Any]:
    """`messageExtension` with what is said of the challenge."""
    data = {"version": VERSION, "challengeData": dict(challenge_data)}
    return {"messageExtension": [{"name": NAME, "id": ID, "criticalityIndicator": False, "data": data}]}


def read(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """challengeData of a message; nothing where it has no such extension, or one that cannot be read."""
    extensions = message.get("messageExtension")
    for one in extensions if isinstance(extensions, list) else ():
        if isinstance(one, Mapping) and one.get("id") == ID:
            data = one.get("data")
            told = data.get("challengeData") if isinstance(data, Mapping) else None
            return told if isinstance(told, Mapping) else {}
    return {}
