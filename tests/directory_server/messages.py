"""Messages as their senders would type them, from the specification and not from our encoder. A change to None takes an element
away."""

from typing import Any
from uuid import uuid4

Message = dict[str, Any]
HOW: dict[str, Message] = {
    "2.1.0": {"authenticationType": "02"},
    "2.2.0": {"authenticationType": "02"},
    "2.3.1": {"authenticationMethod": ["02"]},
}
"""How the cardholder is authenticated, in the words of each version."""
PROOF = "AAABBBEFEgAAAAAAABESAAAAAAA="


def changed(message: Message, changes: dict[str, Any]) -> Message:
    return {name: value for name, value in (message | changes).items() if value is not None}


def areq(pan: str, three_ds_server_url: str, version: str = "2.2.0", **changes: Any) -> Message:
    """A payment of 42.00 euros in a browser."""
    message: Message = {
        "messageType": "AReq",
        "messageVersion": version,
        "deviceChannel": "02",
        "messageCategory": "01",
        "threeDSServerTransID": str(uuid4()),
        "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
        "threeDSServerURL": three_ds_server_url,
        "threeDSRequestorID": "azerty-0001",
        "threeDSRequestorName": "Librairie Exemple",
        "threeDSRequestorURL": "https://librairie.example/contact",
        "threeDSRequestorAuthenticationInd": "01",
        "threeDSCompInd": "U",
        "acctNumber": pan,
        "cardExpiryDate": "3012",
        "acquirerBIN": "400000",
        "acquirerMerchantID": "123456789012345",
        "mcc": "5942",
        "merchantCountryCode": "250",
        "merchantName": "Librairie Exemple",
        "purchaseAmount": "4200",
        "purchaseCurrency": "978",
        "purchaseExponent": "2",
        "purchaseDate": "20260615120000",
        "notificationURL": "https://librairie.example/3ds/notification",
        "browserAcceptHeader": "text/html,application/xhtml+xml",
        "browserIP": "192.0.2.17",
        "browserJavaEnabled": False,
        "browserLanguage": "fr-FR",
        "browserColorDepth": "24",
        "browserScreenHeight": "1080",
        "browserScreenWidth": "1920",
        "browserTZ": "-120",
        "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
        "cardholderName": "Camille Exemple",
        "email": "camille@example.org",
        "billAddrCity": "Lyon",
        "billAddrCountry": "250",
        "billAddrLine1": "1 rue de la Paix",
        "billAddrPostCode": "69001",
    }
    if version != "2.1.0":
        message["browserJavascriptEnabled"] = True
    if version == "2.3.1":
        message |= {"acceptLanguage": ["fr-FR"], "acquirerCountryCode": "250", "acquirerCountryCodeSource": "01"}
    return changed(message, changes)


def ares(to: Message, trans_status: str = "Y", **changes: Any) -> Message:
    """What an ACS answers to the AReq `to` that the directory server sent it."""
    message: Message = {
        "messageType": "ARes",
        "messageVersion": to["messageVersion"],
        "threeDSServerTransID": to["threeDSServerTransID"],
        "dsTransID": to["dsTransID"],
        "acsTransID": str(uuid4()),
        "dsReferenceNumber": to["dsReferenceNumber"],
        "acsReferenceNumber": "3DS_LOA_ACS_TEST_020200_00001",
        "acsOperatorID": "ACS-TEST",
        "transStatus": trans_status,
    }
    match trans_status:
        case "Y" | "A":
            message |= {"eci": "00", "authenticationValue": PROOF}
        case "N" | "U" | "R":
            message["transStatusReason"] = "01"
        case "C":
            message |= {
                "acsURL": "http://127.0.0.1:8200/3ds2/challenge",
                "acsChallengeMandated": "Y",
                **HOW[to["messageVersion"]],
            }
    return changed(message, changes)


def rreq(areq_at_acs: Message, answer: Message, trans_status: str = "Y", **changes: Any) -> Message:
    """The result that the ACS reports of a challenged transaction: what it was asked, and what it answered."""
    message: Message = {
        "messageType": "RReq",
        "messageVersion": areq_at_acs["messageVersion"],
        "threeDSServerTransID": areq_at_acs["threeDSServerTransID"],
        "dsTransID": areq_at_acs["dsTransID"],
        "acsTransID": answer["acsTransID"],
        "messageCategory": areq_at_acs["messageCategory"],
        "transStatus": trans_status,
        **HOW[areq_at_acs["messageVersion"]],
        **({} if areq_at_acs["messageVersion"] == "2.3.1" else {"authenticationMethod": "02"}),
        "interactionCounter": "01",
    }
    if trans_status == "Y":
        message |= {"eci": "00", "authenticationValue": PROOF}
    else:
        message["transStatusReason"] = "19"
    return changed(message, changes)


def rres(to: Message, **changes: Any) -> Message:
    """What a 3DS Server answers to the RReq `to`."""
    message: Message = {
        "messageType": "RRes",
        "messageVersion": to["messageVersion"],
        "threeDSServerTransID": to["threeDSServerTransID"],
        "dsTransID": to["dsTransID"],
        "acsTransID": to["acsTransID"],
        "resultsStatus": "01",
    }
    return changed(message, changes)


def preq(version: str = "2.2.0", **changes: Any) -> Message:
    message: Message = {
        "messageType": "PReq",
        "messageVersion": version,
        "threeDSServerTransID": str(uuid4()),
        "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
    }
    return changed(message, changes)


def erro(about: Message, code: str, component: str, **changes: Any) -> Message:
    message: Message = {
        "messageType": "Erro",
        "messageVersion": about["messageVersion"],
        "threeDSServerTransID": about["threeDSServerTransID"],
        "errorCode": code,
        "errorComponent": component,
        "errorDescription": "Something was wrong",
        "errorDetail": "somewhere",
        "errorMessageType": about["messageType"],
    }
    return changed(message, changes)
