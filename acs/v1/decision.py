"""How a PARes calls the ending of a challenge."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from acs.cardholder.challenge import Ending

STATUS_OF_ENDING: Final[Mapping[Ending, str]] = MappingProxyType({Ending.PASSED: "Y", Ending.BROKEN: "U"})
"""The PARes by the ending of a challenge; every other one is N."""


def status_of(ending: Ending) -> str:
    return STATUS_OF_ENDING.get(ending, "N")
