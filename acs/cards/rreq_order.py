"""When the RReq goes out beside the CRes, and whether they agree. By default it goes first and they do; a scenario can ask for what
hurts gateways.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Ordering(StrEnum):
    RIGHT = "right"
    RESULT_LONG_BEFORE = "long before"
    RESULT_LONG_AFTER = "long after"
    NO_RESULT = "never"
    RESULT_TWICE = "twice"
    CONTRADICTING = "contradicting"


ORDERINGS: Final[Mapping[str, Ordering]] = MappingProxyType(
    {
        "results-early": Ordering.RESULT_LONG_BEFORE,
        "results-late": Ordering.RESULT_LONG_AFTER,
        "results-never": Ordering.NO_RESULT,
        "results-twice": Ordering.RESULT_TWICE,
        "results-contradicting": Ordering.CONTRADICTING,
    }
)
"""By scenario name."""


def ordering_of(scenario: str) -> Ordering:
    return ORDERINGS.get(scenario, Ordering.RIGHT)
