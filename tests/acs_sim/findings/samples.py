"""Journal entries of a payment, typed by hand."""

from datetime import UTC, datetime, timedelta

ONE = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
IDS = {
    "threeDSServerTransID": ONE,
    "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    "acsTransID": "d7c1ee99-9478-44a6-b1f2-391e29c6b340",
}
ROADS = {
    "AReq": ("3DS Server", "Directory Server"),
    "PReq": ("3DS Server", "Directory Server"),
    "RRes": ("3DS Server", "Directory Server"),
    "outcome": ("3DS Server", "Shop"),
    "CGI2": ("3DS Server", "Shop"),
    "IPN": ("3DS Server", "Shop"),
    "ARes": ("Directory Server", "3DS Server"),
    "PRes": ("Directory Server", "3DS Server"),
    "RReq": ("Directory Server", "3DS Server"),
    "connection failed": ("Directory Server", "3DS Server"),
    "no answer": ("Directory Server", "3DS Server"),
    "3DS Method": ("Browser", "ACS"),
    "CReq": ("Browser", "ACS"),
    "PAReq": ("Browser", "ACS"),
    "CRes": ("ACS", "Browser"),
    "PARes": ("ACS", "Browser"),
    "VERes": ("Directory Server", "MPI"),
    "Error": ("Directory Server", "MPI"),
}
AREQ = {
    "messageType": "AReq",
    "messageVersion": "2.2.0",
    "deviceChannel": "02",
    "messageCategory": "01",
    "threeDSServerTransID": ONE,
    "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
    "threeDSCompInd": "U",
    "acctNumber": "400000******0001",
    "cardExpiryDate": "3012",
    "purchaseAmount": "4200",
    "purchaseDate": "20260615120000",
    "notificationURL": "https://shop.example/notification",
    "browserIP": "192.0.2.17",
    "cardholderName": "Camille Exemple",
    "email": "camille@example.org",
    "billAddrLine1": "1 rue de la Paix",
    "billAddrCity": "Lyon",
    "billAddrPostCode": "69001",
    "billAddrCountry": "250",
}
FACTS = {"AReq": {"scheme": "visa"}, "PReq": {"scheme": "visa"}, "ARes": {"scheme": "visa", "threeDSMethod": False}}
STARTED_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


def entry(kind: str, after: timedelta = timedelta(), of: str = ONE, **changes) -> dict:
    """One entry; `status`, `took_ms` and `facts` are its own, other changes the message's. None takes an element away."""
    sender, receiver = changes.pop("road", None) or ROADS[kind]
    own = {name: changes.pop(name) for name in ("status", "took_ms", "facts") if name in changes}
    message = {name: value for name, value in (_usual(kind) | changes).items() if value is not None}
    if "threeDSServerTransID" in message:
        message["threeDSServerTransID"] = changes.get("threeDSServerTransID", of)
    return {
        "at": (STARTED_AT + after).isoformat(timespec="milliseconds"),
        "from": sender,
        "to": receiver,
        "kind": kind,
        "transaction_id": of,
        "message": message,
        "facts": FACTS.get(kind, {}),
        **own,
    }


REFUSED = {"transStatus": "N", "transStatusReason": "19", "eci": None, "authenticationValue": None}
"""What becomes of an RReq that says so."""


def _usual(kind: str) -> dict:
    common = {"messageType": kind, "messageVersion": "2.2.0", **IDS}
    usual = {
        "AReq": AREQ,
        "ARes": {
            **common,
            "transStatus": "C",
            "acsURL": "https://acs.example/challenge",
            "acsChallengeMandated": "N",
            "authenticationType": "02",
            "acsReferenceNumber": "ACS-1",
            "dsReferenceNumber": "DS-1",
            "acsOperatorID": "ACS-1",
        },
        "CReq": {**common, "challengeWindowSize": "05", "dsTransID": None},
        "CRes": {**common, "transStatus": "Y", "dsTransID": None},
        "RReq": {
            **common,
            "messageCategory": "01",
            "transStatus": "Y",
            "eci": "05",
            "authenticationValue": "AAIBCIQ4gwAAABBol4MmdQAAAAA=",
            "interactionCounter": "01",
            "authenticationType": "02",
        },
        "RRes": {**common, "resultsStatus": "01"},
        "PReq": {"messageType": "PReq", "threeDSServerTransID": ONE, "threeDSServerRefNumber": "3DS_TEST"},
        "PRes": {"messageType": "PRes", "threeDSServerTransID": ONE, "serialNum": "7"},
    }
    return usual.get(kind, {})
