"""The Bridging extension in a challenge: elements of 2.3.1 for the banking app, in messages of 2.1.0 and 2.2.0. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from threedsecure.v2.app import extensions

VERSION: Final = "1.0"


def extension(challenge_data: Mapping[str, Any]) -> dict[str, Any]:
    """`messageExtension` with what is said of the challenge."""
    data = {"version": VERSION, "challengeData": dict(challenge_data)}
    return {"messageExtension": [extensions.extension(extensions.BRIDGING, data)]}


def read(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """challengeData of a message; nothing where it has no such extension, or one that cannot be read."""
    told = extensions.read(message, extensions.BRIDGING).get("challengeData")
    return told if isinstance(told, Mapping) else {}
