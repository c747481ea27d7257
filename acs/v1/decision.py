"""What VERes and PARes call an ending of a challenge, and a refusal that a scenario asks for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from acs.cardholder.challenge import Ending
from threedsecure.v1.errors import InvalidRequest, InvalidRequestCode

STATUS_OF_ENDING: Final[Mapping[Ending, str]] = MappingProxyType(
    {Ending.PASSED: "Y", Ending.ATTEMPTED: "A", Ending.UNAVAILABLE: "U", Ending.BROKEN: "U"}
)
"""The PARes by the ending of a challenge; every other one is N."""


def status_of(ending: Ending, version: str) -> str:
    return spoken(STATUS_OF_ENDING.get(ending, "N"), version)


def spoken(status: str, version: str) -> str:
    """1.0.1 has no word for an attempt."""
    return "U" if status == "A" and version == "1.0.1" else status


def refusal_of(code: str | None) -> InvalidRequest | None:
    """The IReq with this iReqCode, for a card that asks for it."""
    return None if code is None else InvalidRequest(InvalidRequestCode(code), "the scenario of this card asks for it")
