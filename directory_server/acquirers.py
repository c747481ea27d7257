"""Who sends messages of 3-D Secure 1.0.2, and which of them are refused."""

from dataclasses import dataclass
from typing import Final

from threedsecure.v1.errors import InvalidRequestCode


@dataclass(frozen=True, slots=True)
class Acquirer:
    """An acquirer by its BIN. `merchants`: those that take part, None for all; `password`: what its merchants authenticate with
    where the region wants one; `refusal`: the code with which all of them are refused."""

    acq_bin: str
    merchants: frozenset[str] | None = None
    password: str | None = None
    refusal: InvalidRequestCode | None = None


TEST_ACQUIRERS: Final = (
    Acquirer("99999900050", refusal=InvalidRequestCode.ACQUIRER_NOT_PARTICIPATING),
    Acquirer("99999900051", merchants=frozenset({"PARTICIPANT"})),
    Acquirer("99999900052", password="SECRET52"),  # noqa: S106 - printed in the documentation, for tests
    Acquirer("99999900058", refusal=InvalidRequestCode.ACCESS_DENIED),
)
"""Acquirer BINs that are there to be refused."""
