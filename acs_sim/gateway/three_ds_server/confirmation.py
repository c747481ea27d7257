"""Secure Payment Confirmation on the payment page: what the AReqs say of it, and what the browser is handed. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from acs.cardholder.passkeys.ceremony import INCOMPLETE, outcome_of
from acs_sim.gateway.records.purchase import Purchase
from threedsecure.addresses import at_a_name

CONFIRMED: Final = "09"
"""threeDSReqAuthMethod."""
MAX_POSTED: Final = 48 * 1024
_FIRST_BIT: Final = 1 << 127


def elements(purchase: Purchase, public_url: str) -> dict[str, Any]:
    """What an AReq says of it: the page can, or what came of asking."""
    if purchase.second is not None:
        prior = [{"threeDSReqPriorDsTransId": purchase.ds_trans_id}]
        reused = purchase.comp_ind == "Y" and purchase.trans_id != purchase.id
        method = {"threeDSMethodId": purchase.id} if reused else {}
        return {**method, "threeDSRequestorPriorAuthenticationInfo": prior, **purchase.second}
    named = at_a_name(public_url)
    if purchase.version != "2.3.1" or not purchase.can_confirm or named is None:
        return {}
    # Browsers take no payeeOrigin but https, wherever the page is.
    return {"threeDSRequestorSpcSupport": "Y", "payeeOrigin": f"https://{urlsplit(named).netloc}"}


def brought(text: str, at: datetime) -> dict[str, Any]:
    """What the second AReq brings for what the page's script posted: `{"assertion": …}` or `{"error": …, "message": …}`."""
    posted = _object(text)
    assertion = posted.get("assertion")
    if not isinstance(assertion, dict):
        return {"spcIncompInd": INCOMPLETE[outcome_of(posted, pays=True)]}
    said = {"threeDSReqAuthMethod": CONFIRMED, "threeDSReqAuthTimestamp": f"{at:%Y%m%d%H%M}"}
    return {"threeDSRequestorAuthenticationInfo": [{**said, "threeDSReqAuthData": assertion}]}


def asked(purchase: Purchase) -> dict[str, Any]:
    """What the page's script hands the browser."""
    told = purchase.confirms or {}
    data, listed = told["spcTransData"], told["webAuthnCredList"]
    shown = {name: data[name] for name in ("payeeName", "payeeOrigin") if name in data}
    return {
        "challenge": data["challenge"],
        "rpId": listed[0]["rpID"],
        "credentialIds": [name for one in listed for name in _names(one["credentialIds"])],
        "timeout": int(data["timeout"]),
        "payment": {
            "total": {"currency": data["currency"], "value": data["value"]},
            "instrument": {"displayName": data["displayName"], "icon": data["icon"]},
            **shown,
        },
    }


def another_id(identifier: str) -> str:
    """The threeDSServerTransID of the second AReq: that of the first with its first bit turned, so that each leads to the other."""
    return str(UUID(int=UUID(identifier).int ^ _FIRST_BIT))


def _names(found: str | list[str]) -> list[str]:
    """One text an entry, or a list: implementations write either."""
    return [found] if isinstance(found, str) else found


def _object(text: str) -> Mapping[str, Any]:
    if len(text) > MAX_POSTED:
        return {}
    try:
        posted = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return posted if isinstance(posted, dict) else {}
