"""The purchase that is made where a file says nothing else: 42.00 euros at a French bookshop."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from acs_sim.scenarios.file.elements import Column
from threedsecure.v2.messages import MESSAGES

APP: Final = "01"
THREE_RI: Final = "03"
PAYMENT: Final = "01"
REFERENCE: Final = "3DS_LOA_SER_SIMU_020200_00001"

_COMMON: Final[Mapping[str, Any]] = {
    "messageType": "AReq",
    "threeDSServerRefNumber": REFERENCE,
    "threeDSRequestorID": "acs-sim-run",
    "threeDSRequestorName": "Librairie Exemple",
    "threeDSRequestorURL": "https://librairie.example/contact",
    "cardholderName": "Camille Exemple",
    "email": "camille@example.org",
    "billAddrCity": "Lyon",
    "billAddrCountry": "250",
    "billAddrLine1": "1 rue de la Paix",
    "billAddrPostCode": "69001",
    "acquirerCountryCode": "250",
    "acquirerCountryCodeSource": "01",
}
_PAYMENT: Final[Mapping[str, Any]] = {
    "acquirerBIN": "400000",
    "acquirerMerchantID": "123456789012345",
    "mcc": "5942",
    "merchantCountryCode": "250",
    "merchantName": "Librairie Exemple",
    "purchaseAmount": "4200",
    "purchaseCurrency": "978",
    "purchaseExponent": "2",
}
_BROWSER: Final[Mapping[str, Any]] = {
    "threeDSCompInd": "U",
    "acceptLanguage": ["en-GB"],
    "browserAcceptHeader": "text/html,application/xhtml+xml",
    "browserIP": "192.0.2.17",
    "browserJavaEnabled": False,
    "browserJavascriptEnabled": True,
    "browserLanguage": "en-GB",
    "browserColorDepth": "24",
    "browserScreenHeight": "1080",
    "browserScreenWidth": "1920",
    "browserTZ": "-120",
    "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
}


def areq(column: Column, now: datetime, *changes: Mapping[str, Any]) -> dict[str, Any]:
    """The purchase in a version, channel and category, with `changes`, the last one winning; an element changed to None is taken
    away. What an app puts into it comes from its SDK, as a change."""
    whole = {**_COMMON, **_of_channel(column), "purchaseDate": f"{now:%Y%m%d%H%M%S}"}
    whole |= _PAYMENT if column.category == PAYMENT else {}
    included = {row.name for row in MESSAGES["AReq"] if "." not in row.name and column.included(row, None)}
    message = {name: value for name, value in whole.items() if name in included}
    message |= {
        "messageVersion": column.version,
        "deviceChannel": column.channel,
        "messageCategory": column.category,
    }
    for change in changes:
        for path, value in change.items():
            _put(message, path, value)
    return {name: value for name, value in message.items() if name in included or name in _changed(changes)}


def _of_channel(column: Column) -> dict[str, Any]:
    if column.channel == THREE_RI:
        return {"threeRIInd": "11" if column.category == PAYMENT else "05"}
    why = {"threeDSRequestorAuthenticationInd": "01" if column.category == PAYMENT else "04"}
    return why if column.channel == APP else {**why, **_BROWSER}


def _changed(changes: tuple[Mapping[str, Any], ...]) -> set[str]:
    return {path.partition(".")[0] for change in changes for path in change}


def _put(message: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        inner = message.get(parent)
        message[parent] = inner = dict(inner) if isinstance(inner, dict) else {}
        message = inner
    if value is None:
        message.pop(name, None)
    else:
        message[name] = value
