"""The purchase that is made where a file says nothing else: 42.00 euros at a French bookshop."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from secrets import token_bytes
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from acs_sim.scenarios.file.elements import Column
from threedsecure.cards.schemes import SCHEMES
from threedsecure.v2.app.jose import A128GCM, encrypt, public_jwk
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
_APP: Final[Mapping[str, Any]] = {
    "deviceRenderOptions": {"sdkInterface": "03", "sdkUiType": ["01", "02", "03", "04", "05"]},
    "sdkAppID": "dbd64fcb-c19a-4728-8849-e3d50bfdde39",
    "sdkMaxTimeout": "05",
    "sdkReferenceNumber": "3DS_LOA_SDK_SIMU_020200_00001",
    "sdkType": "01",
    "defaultSdkType": {"sdkVariant": "01"},
}
_DEVICE: Final = json.dumps({"DV": "1.6", "DD": {"C001": "Android", "C002": "Exemple One"}}).encode()
_KEY_ID: Final = "acs-sim-rsa"


def areq(column: Column, now: datetime, *changes: Mapping[str, Any], scheme: str = "visa") -> dict[str, Any]:
    """The purchase in a version, channel and category, with `changes`, the last one winning; an element changed to None is taken
    away. An app's transaction has the threeDSServerTransID as its sdkTransID too."""
    whole = {**_COMMON, **_of_channel(column, scheme), "purchaseDate": f"{now:%Y%m%d%H%M%S}"}
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
    if column.channel == APP:
        message.setdefault("sdkTransID", message.get("threeDSServerTransID"))
    return {name: value for name, value in message.items() if name in included or name in _changed(changes)}


def _of_channel(column: Column, scheme: str) -> dict[str, Any]:
    if column.channel == THREE_RI:
        return {"threeRIInd": "11" if column.category == PAYMENT else "05"}
    why = {"threeDSRequestorAuthenticationInd": "01" if column.category == PAYMENT else "04"}
    if column.channel != APP:
        return {**why, **_BROWSER}
    key = ec.derive_private_key(0xACC, ec.SECP256R1()).public_key()
    return {**why, **_APP, "sdkEphemPubKey": public_jwk(key), "sdkEncData": _device_data(scheme)}


def _device_data(scheme: str) -> str:
    """What an SDK tells the directory server alone."""
    party = SCHEMES[scheme].directory_server_id
    return encrypt(_DEVICE, _published_key(), enc=A128GCM, random=token_bytes, kid=_KEY_ID, party_v_info=party)


@cache
def _published_key() -> rsa.RSAPublicKey:
    raw = (files("fixtures") / "keys" / "directory-server-rsa.pem").read_bytes()
    key = load_pem_private_key(raw, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the directory server's published RSA key is of another kind")
    return key.public_key()


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
