"""What the gateway says: AReq, PReq, CReq, RRes, Erro, typed by hand."""

import base64
import json
import uuid
from datetime import datetime
from typing import Any

Message = dict[str, Any]
REFERENCE = "3DS_LOA_SER_STDL_020200_00001"
NEVER_NULL = ("acsTransID", "dsTransID", "threeDSServerTransID")


def areq(wish: Message, own: Message, now: datetime) -> Message:
    """`wish`: the purchase as the shop asks for it; `own`: addresses, id and threeDSCompInd of this authentication."""
    version = wish["version"]
    message: Message = {
        "messageType": "AReq",
        "messageVersion": version,
        "deviceChannel": "02",
        "messageCategory": wish.get("messageCategory", "01"),
        "threeDSServerRefNumber": REFERENCE,
        "threeDSRequestorID": "standard-0001",
        "threeDSRequestorName": wish["merchant"][:40],
        "threeDSRequestorURL": "https://librairie.example/contact",
        "threeDSRequestorAuthenticationInd": "01",
        "acctNumber": wish["pan"],
        "cardExpiryDate": wish["expiry"],
        "cardholderName": wish["cardholder"],
        "email": wish["email"],
        "billAddrCity": "Lyon",
        "billAddrCountry": "250",
        "billAddrLine1": "1 rue de la Paix",
        "billAddrPostCode": "69001",
        "browserAcceptHeader": "text/html,application/xhtml+xml",
        "browserIP": "192.0.2.17",
        "browserJavaEnabled": False,
        "browserLanguage": "en-GB",
        "browserColorDepth": "24",
        "browserScreenHeight": "1080",
        "browserScreenWidth": "1920",
        "browserTZ": "-120",
        "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
        **_acquirer(wish),
        **own,
        **_purchase(wish, now),
        **_since(version),
    }
    if message["messageCategory"] == "02":
        message |= {"threeDSRequestorAuthenticationInd": "04", **_purchase_gone()}
    changed = {**message, **wish.get("elements", {})}
    return {name: value for name, value in changed.items() if value is not None}


def _acquirer(wish: Message) -> Message:
    return {
        "acquirerBIN": "400000",
        "acquirerMerchantID": "123456789012345",
        "mcc": "5942",
        "merchantCountryCode": "250",
        "merchantName": wish["merchant"],
    }


def _purchase(wish: Message, now: datetime) -> Message:
    return {
        "purchaseAmount": wish["amount"],
        "purchaseCurrency": wish["currency"],
        "purchaseExponent": wish["exponent"],
        "purchaseDate": now.strftime("%Y%m%d%H%M%S"),
    }


def _purchase_gone() -> Message:
    return dict.fromkeys(("purchaseAmount", "purchaseCurrency", "purchaseExponent", "purchaseDate"))


def _since(version: str) -> Message:
    """What newer versions want besides."""
    newer: Message = {} if version == "2.1.0" else {"browserJavascriptEnabled": True}
    if version == "2.3.1":
        newer |= {"acceptLanguage": ["en-GB"], "acquirerCountryCode": "250", "acquirerCountryCodeSource": "01"}
    return newer


def preq(serial: str | None) -> Message:
    message = {
        "messageType": "PReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": str(uuid.uuid4()),
        "threeDSServerRefNumber": REFERENCE,
    }
    return message if serial is None else {**message, "serialNum": serial}


def creq(ares: Message, window: str) -> Message:
    return {
        "messageType": "CReq",
        "messageVersion": ares["messageVersion"],
        "threeDSServerTransID": ares["threeDSServerTransID"],
        "acsTransID": ares["acsTransID"],
        "challengeWindowSize": window,
    }


def rres(rreq: Message, status: str) -> Message:
    same = {name: rreq[name] for name in ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID")}
    return {"messageType": "RRes", **same, "resultsStatus": status}


def erro(about: Message, code: str, detail: str, description: str, known: Message) -> Message:
    """`about`: the message that is wrong; `known`: the ids of the transaction, as far as there is one."""
    kind = about.get("messageType")
    return {
        "messageType": "Erro",
        "messageVersion": known.get("messageVersion", "2.2.0"),
        "errorCode": code,
        "errorComponent": "S",
        "errorDescription": description or "error",
        "errorDetail": detail or "none",
        **({"errorMessageType": kind} if isinstance(kind, str) and len(kind) == 4 else {}),
        **{name: known[name] for name in NEVER_NULL if known.get(name)},
    }


def encoded(document: Message) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    """Errors: `ValueError`."""
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
