"""What a PARes says of an authentication, per scheme: the masked card number and the TX element."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from threedsecure.cards.authentication_values import classic_authentication_value
from threedsecure.cards.schemes import SCHEMES
from threedsecure.v1.grammar.tables import NEWEST

CAVV_ALGORITHMS: Final[Mapping[str, str]] = MappingProxyType(
    {"visa": "2", "amex": "2", "jcb": "2", "discover": "2", "mastercard": "3"}
)
"""`cavvAlgorithm` in 1.0.2: 2 is CVV with ATN, 3 is Mastercard's SPA."""

CAVV_ALGORITHM_1_0_1: Final = "1"
"""1.0.1 knows only 0 (HMAC) and 1 (CVV)."""

STATUSES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"1.0.1": ("Y", "N", "U"), "1.0.2": ("Y", "N", "U", "A")}
)


def date_time(instant: datetime) -> str:
    """`YYYYMMDD HH:MM:SS` of an instant in UTC."""
    return f"{instant:%Y%m%d %H:%M:%S}"


def masked_pan(pan: str, status: str, version: str = NEWEST) -> str:
    """The card number of a PARes: the last four digits behind zeros with Y and A (in 1.0.1 the whole number), else zeros."""
    if status not in ("Y", "A"):
        return "0" * len(pan)
    return pan if version == "1.0.1" else pan[-4:].rjust(len(pan), "0")


def transaction(
    scheme: str,
    *,
    pan: str,
    status: str,
    merchant_name: str,
    transaction_number: int,
    now: datetime,
    version: str = NEWEST,
) -> dict[str, str]:
    """The TX element: time, status, ECI, and with Y and A the CAVV and its algorithm.

    `scheme`: a key of SCHEMES that had a 1.0.2 programme; `merchant_name` as in the PAReq; `transaction_number`: the ACS's own
    number of this transaction. Errors: ValueError for a status that `version` does not know, `NoAuthenticationValue`.
    """
    if status not in STATUSES[version]:
        raise ValueError(f"{version} has no status {status}")
    element = {"time": date_time(now), "status": status}
    if status in ("Y", "A"):
        element["cavv"] = classic_authentication_value(
            scheme, pan=pan, status=status, merchant_name=merchant_name, transaction_number=transaction_number
        )
    element["eci"] = SCHEMES[scheme].eci(status) or ""
    if status in ("Y", "A"):
        element["cavvAlgorithm"] = CAVV_ALGORITHM_1_0_1 if version == "1.0.1" else CAVV_ALGORITHMS[scheme]
    return element
