"""The habit of test systems: who plays the cardholder chooses how it ends, by a button or by a code that is typed.

`Y`, `N`, `A`, `U` and `R` mean in either generation of the protocol what transStatus means. The codes are those of gateways with
Netcetera's test ACS (Axepta, Computop, Nexi)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct


class Chosen(Struct, frozen=True):
    """`reason`: transStatusReason, where the choice says one."""

    status: Literal["Y", "N", "A", "U", "R"]
    reason: str | None = None


BUTTONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Y": "Y: authenticated",
        "N": "N: not authenticated",
        "A": "A: attempted",
        "U": "U: could not be performed",
        "R": "R: rejected",
    }
)
"""Labels by what is posted; for whoever tests, the same in all languages."""

CODES: Final[Mapping[str, Chosen]] = MappingProxyType(
    {
        "1234": Chosen("Y"),
        "1111": Chosen("N"),
        "2222": Chosen("R"),
        "3333": Chosen("U"),
        "7777": Chosen("A"),
        "8888": Chosen("N", "10"),
        "9999": Chosen("N", "08"),
        **{f"{number:04}": Chosen("N", f"{number:02}") for number in range(1, 12)},
    }
)


def pressed(value: str) -> Chosen | None:
    return Chosen(value) if value in BUTTONS else None  # type: ignore[arg-type]


def typed(value: str) -> Chosen | None:
    return CODES.get(value.strip())
