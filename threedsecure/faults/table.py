"""Which fault makes sense at which point."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from threedsecure.faults.points import POINTS, Carrier

_ANSWERED: Final = (
    "delay",
    "silence",
    "reset",
    "truncate",
    "dribble",
    "status",
    "redirect",
    "content-type",
    "gzip-lie",
    "garbage",
)
_REQUESTED: Final = (
    "delay",
    "silence",
    "refuse",
    "reset",
    "truncate",
    "dribble",
    "content-type",
    "garbage",
    "twice",
)
_NAMES: Final = ("drop", "set", "rename", "duplicate-key", "swap-ids")
_JSON: Final = (*_NAMES, "retype", "shuffle")
_XML: Final = _NAMES
_SIGNED: Final = ("wrong-signature", "wrong-chain", "expired-certificate", "no-signature")
_REPLACED: Final = ("critical-extension", "erro")

SENSIBLE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "PRes": (*_ANSWERED, *_JSON, *_REPLACED),
        "ARes": (*_ANSWERED, *_JSON, *_REPLACED),
        "RRes": (*_ANSWERED, *_JSON, *_REPLACED),
        "Erro": (*_ANSWERED, *_JSON),
        "VERes": (*_ANSWERED, *_XML, *_REPLACED),
        "AReq": _REQUESTED,
        "RReq": (*_REQUESTED, *_JSON, *_REPLACED),
        "VEReq": _REQUESTED,
        "SMS": ("delay", "silence", "refuse", "reset", "twice", "set"),
        "Method page": _ANSWERED,
        "challenge page": _ANSWERED,
        "CRes page": _ANSWERED,
        "PARes page": _ANSWERED,
        "Method callback": (*_NAMES, "retype", "shuffle", "padded-base64", "garbage", "silence", "twice", "late"),
        "CRes post": (*_JSON, *_REPLACED, "padded-base64", "garbage", "silence", "twice", "other-session"),
        "PARes": (*_XML, *_SIGNED, "erro", "garbage", "silence", "twice"),
    }
)
"""By the name of the point."""

_HOW: Final[Mapping[Carrier, str]] = MappingProxyType(
    {
        Carrier.ANSWER: "an answer",
        Carrier.REQUEST: "a request that the simulator makes",
        Carrier.PAGE: "a page",
        Carrier.POST: "what a browser posts",
    }
)


def refusal(at: str, do: str) -> str | None:
    """Why there is no fault `do` at the point `at`; None when there is."""
    sensible = SENSIBLE[at]
    if do in sensible:
        return None
    return f"{do} makes no sense at {at}, which is {_HOW[POINTS[at].carrier]}: there are {', '.join(sensible)}"
