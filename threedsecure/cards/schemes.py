"""The card schemes: their names then and now, their registered identifiers and the ECI each gives to an outcome.

Sources: ECI values are payment-system rules, not EMVCo's (Visa, Mastercard, Amex, JCB, Discover and UnionPay public guides);
Cartes Bancaires follows the other brand on the card. RIDs: ISO/IEC 7816-5 registered application provider identifiers.
"""

from collections.abc import Container, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct


class Scheme(Struct, frozen=True):
    """One payment system.

    `key` is its name in addresses (`/visa/3ds2`); `programme` and `classic_programme` are what cardholders see today and saw
    with 3-D Secure 1.0.2; `directory_server_id` is the RID under which a 3DS SDK knows its directory server.
    """

    key: str
    name: str
    programme: str
    classic_programme: str | None
    directory_server_id: str
    eci_authenticated: str
    eci_attempted: str
    eci_failed: str
    pan_lengths: tuple[int, ...]

    def eci(self, trans_status: str) -> str | None:
        """The ECI that goes with a `transStatus`, or None where the scheme gives none."""
        match trans_status:
            case "Y":
                return self.eci_authenticated
            case "A":
                return self.eci_attempted
            case "N" | "U" | "R":
                return self.eci_failed
            case "I":
                return "06" if self.eci_failed == "00" else "07"
            case _:
                return None


_VISA_LIKE: Final = ("05", "06", "07")

SCHEMES: Final = MappingProxyType(
    {
        scheme.key: scheme
        for scheme in (
            Scheme("visa", "Visa", "Visa Secure", "Verified by Visa", "A000000003", *_VISA_LIKE, (16,)),
            Scheme(
                "mastercard",
                "Mastercard",
                "Mastercard Identity Check",
                "MasterCard SecureCode",
                "A000000004",
                "02",
                "01",
                "00",
                (16,),
            ),
            Scheme("amex", "American Express", "Amex SafeKey", "SafeKey", "A000000025", *_VISA_LIKE, (15,)),
            Scheme("cb", "Cartes Bancaires", "FAST'R by CB", None, "A000000042", *_VISA_LIKE, (16,)),
            Scheme("jcb", "JCB", "J/Secure", "J/Secure", "A000000065", *_VISA_LIKE, (16,)),
            Scheme("discover", "Discover", "ProtectBuy", "ProtectBuy", "A000000152", *_VISA_LIKE, (16,)),
            Scheme("unionpay", "UnionPay", "UnionPay 3-D Secure", None, "A000000333", *_VISA_LIKE, (16,)),
        )
    }
)

# By issuer identification number, longest first. The co-badged ones name Cartes Bancaires first.
_NETWORKS: Final = (
    ("4000002", ("cb", "visa")),
    ("5200002", ("cb", "mastercard")),
    ("6011", ("discover",)),
    *((str(prefix), ("jcb",)) for prefix in range(3528, 3590)),
    *((str(prefix), ("mastercard",)) for prefix in range(2221, 2721)),
    ("497", ("cb", "visa")),
    ("513", ("cb", "mastercard")),
    ("534", ("cb", "mastercard")),
    *((str(prefix), ("discover",)) for prefix in (*range(300, 306), *range(644, 650))),
    *((prefix, ("amex",)) for prefix in ("34", "37")),
    *((prefix, ("discover",)) for prefix in ("36", "38", "65")),
    ("62", ("unionpay",)),
    *((str(prefix), ("mastercard",)) for prefix in range(50, 70)),
    ("4", ("visa",)),
)
_BESIDE_CB: Final = ("visa", "mastercard")
_BY_PREFIX: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(dict(reversed(_NETWORKS)))


def networks(pan: str) -> tuple[str, ...]:
    """The schemes whose ranges may hold `pan`, the preferred one first; empty when no scheme begins its numbers so."""
    return next((_BY_PREFIX[pan[:length]] for length in range(7, 0, -1) if pan[:length] in _BY_PREFIX), ())


def eci(scheme: str, pan: str, trans_status: str) -> str | None:
    """The ECI that a scheme gives to an outcome with this card: Cartes Bancaires that of the other brand on it."""
    if scheme == "cb":
        scheme = next((name for name in networks(pan) if name != scheme), scheme)
    return SCHEMES[scheme].eci(trans_status)


def ecis(scheme: str, trans_status: str) -> tuple[str, ...]:
    """Those that a scheme gives to an outcome, whatever the card: Cartes Bancaires one for each brand that may be on it."""
    givers = _BESIDE_CB if scheme == "cb" else (scheme,)
    return tuple(given for name in givers if (given := SCHEMES[name].eci(trans_status)) is not None)


def badge(pan: str, wanted: Container[str]) -> str | None:
    """The first of the schemes on a co-badged card that is one of `wanted`; None where there is none, or only one on the card."""
    names = networks(pan)
    return next((name for name in names if name in wanted), None) if len(names) > 1 else None


def co_badged() -> dict[str, tuple[str, ...]]:
    """The beginnings of numbers that bear several brands: there the buyer chooses."""
    return {prefix: names for prefix, names in _BY_PREFIX.items() if len(names) > 1}
