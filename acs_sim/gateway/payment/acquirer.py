"""The acquirer's part, played: it verifies the proof of authentication and then answers as the test card says. Pure."""

import base64
from typing import Final

from acs_sim.gateway.records.purchase import Purchase
from threedsecure.cards.authentication_values import (
    verify_classic_authentication_value,
    verify_emv_authentication_value,
)
from threedsecure.cards.schemes import SCHEMES

APPROVED: Final = "00"
SUSPECTED_FRAUD: Final = "59"


def proof_fault(purchase: Purchase, pan: str) -> str | None:
    """What is wrong with the proof of a purchase that was authenticated (Y) or attempted (A): `proof-missing`, `proof-wrong`,
    `eci-wrong`, or None. `pan` in clear."""
    authentication, scheme = purchase.authentication, purchase.scheme
    if authentication is None or scheme is None:
        return "proof-missing"
    if not authentication.value:
        return "proof-missing"
    if not _genuine(purchase, pan, scheme, authentication.trans_status, authentication.value):
        return "proof-wrong"
    known = {SCHEMES[network].eci(authentication.trans_status) for network in (scheme, *_networks(purchase))}
    return None if authentication.eci in known else "eci-wrong"


def _networks(purchase: Purchase) -> tuple[str, ...]:
    return purchase.card.networks if purchase.card else ()


def _genuine(purchase: Purchase, pan: str, scheme: str, trans_status: str, value: str) -> bool:
    """Under which method the cardholder was authenticated, a Visa value says itself; for the others every code is tried. A
    value of 1.0.2 needs no method."""
    if purchase.v1 is not None:
        name = purchase.request.merchant_name[:25]
        return verify_classic_authentication_value(scheme, value, pan=pan, status=trans_status, merchant_name=name)
    return any(
        verify_emv_authentication_value(
            scheme,
            value,
            pan=pan,
            trans_status=trans_status,
            ds_trans_id=purchase.ds_trans_id or "",
            purchase_amount=purchase.request.amount,
            purchase_currency=purchase.request.currency,
            purchase_date=purchase.purchase_date or "",
            version=purchase.version or "",
            method=method,
        )
        for method in _methods(scheme, value)
    )


def _methods(scheme: str, value: str) -> tuple[str, ...]:
    if scheme != "visa":
        return _LIKELY + tuple(code for code in map("{:02}".format, range(100)) if code not in _LIKELY)
    try:
        method = base64.b64decode(value, validate=True)[1:2].hex()
    except ValueError:
        return ()
    return (method,) if method.isdecimal() else ()


_LIKELY: Final = ("02", "97", "98", "99", "07")
