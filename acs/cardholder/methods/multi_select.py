"""The cardholder picks, of six pictures, the two of the secret they once chose. The secret is published (docs/endings.md)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from acs.cardholder.securecode import Verdict


def _(message: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return message


CHOICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1": _("Lighthouse"),
        "2": _("Bicycle"),
        "3": _("Umbrella"),
        "4": _("Piano"),
        "5": _("Cherry"),
        "6": _("Anchor"),
    }
)
SECRET: Final = frozenset({"2", "5"})


def judge(chosen: str) -> Verdict:
    """`chosen`: the numbers of the choices, separated by commas, in any order."""
    picked = frozenset(number.strip() for number in chosen.split(",")) - {""}
    if not picked:
        return Verdict.BLANK
    return Verdict.CORRECT if picked == SECRET else Verdict.WRONG
