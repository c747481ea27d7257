"""The messages of a 3DS Server for one purchase by card, in a browser or in an app. Pure."""

import base64
import hmac
from collections.abc import Mapping
from typing import Any, Final

from acs_sim.gateway.forms import buyer
from acs_sim.gateway.forms.money import exponents
from acs_sim.gateway.records.purchase import PaymentRequest, Purchase
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.three_ds_server import confirmation
from acs_sim.settings.merchants import FRANCE
from threedsecure.cards import cartes_bancaires
from threedsecure.v2.codec import encode_base64url
from threedsecure.v2.errors import MessageError
from threedsecure.v2.forms import form_value
from threedsecure.v2.validation.checking import Context, Leg, check
from threedsecure.v2.validation.identifiers import same_id

RESULTS_PATH: Final = "/3ds2/results"
NOTIFICATION_PATH: Final = "/3ds2/notification"
METHOD_NOTIFICATION_PATH: Final = "/3ds2/method-notification"
OLDEST: Final = "2.1.0"
BROWSER: Final = "02"
APP: Final = "01"
PAYMENT: Final = "01"
INSIGHTS: Final = "80"
DATA_SHARE_ONLY: Final = "06"
MERCHANT_CATEGORY: Final = "5999"
# Indicators that 2.1.0 does not know yet say "no challenge" there.
_CHALLENGE_INDICATORS_2_1: Final = frozenset({"01", "02", "03", "04"})


def identifier_of(message: Mapping[str, Any]) -> str:
    """The threeDSServerTransID of a message that was not checked yet; what cannot be one is "", which names nothing."""
    named = message.get("threeDSServerTransID")
    return named if isinstance(named, str) and named.isascii() and "\0" not in named else ""


def preparation_request(
    trans_id: str, serial_num: str | None, version: str, settings: GatewaySettings
) -> dict[str, Any]:
    """A PReq in `version`: for the full list of card ranges, or for the changes since `serial_num`."""
    message = {
        "messageType": "PReq",
        "messageVersion": version,
        "threeDSServerRefNumber": settings.reference_number,
        "threeDSServerTransID": trans_id,
    }
    return message if serial_num is None else {**message, "serialNum": serial_num}


def authentication_request(purchase: Purchase, pan: str, settings: GatewaySettings) -> dict[str, Any]:
    """The AReq of a purchase whose state is `asking`; `pan` in clear."""
    request, card = purchase.request, purchase.card
    if card is None or purchase.version is None or purchase.device is None:
        raise ValueError("the purchase has no card yet")
    return {
        "messageType": "AReq",
        "messageVersion": purchase.version,
        "messageCategory": _category(purchase),
        **_of_channel(purchase, settings),
        "threeDSRequestorAuthenticationInd": "01",
        **_since_2_3(purchase.version),
        "threeDSRequestorChallengeInd": _challenge_indicator(
            DATA_SHARE_ONLY if request.data_only else request.challenge_indicator, purchase.version
        ),
        "threeDSRequestorID": settings.requestor_id,
        "threeDSRequestorName": request.merchant_name,
        "threeDSRequestorURL": settings.public_url,
        "threeDSServerRefNumber": settings.reference_number,
        "threeDSServerTransID": purchase.trans_id,
        "threeDSServerURL": settings.public_url + RESULTS_PATH,
        "acctNumber": pan,
        "cardExpiryDate": card.expiry,
        "acquirerBIN": settings.acquirer_bin,
        "acquirerMerchantID": request.merchant_id,
        "mcc": MERCHANT_CATEGORY,
        "merchantCountryCode": request.country,
        "merchantName": request.merchant_name,
        "purchaseAmount": str(request.amount),
        "purchaseCurrency": request.currency,
        "purchaseExponent": str(exponents()[request.currency]),
        "purchaseDate": purchase.purchase_date,
        **purchase.device,
        **_of_buyer(request),
        **_of_scheme(purchase),
        **confirmation.elements(purchase, settings.public_url),
    }


def _of_channel(purchase: Purchase, settings: GatewaySettings) -> dict[str, Any]:
    if purchase.in_app:
        return {"deviceChannel": APP}
    notification_url = settings.public_url + NOTIFICATION_PATH
    return {"deviceChannel": BROWSER, "threeDSCompInd": purchase.comp_ind, "notificationURL": notification_url}


def _category(purchase: Purchase) -> str:
    """Data only is a category of its own at Mastercard (Identity Check Insights); elsewhere the challenge indicator says it."""
    return INSIGHTS if purchase.request.data_only and purchase.scheme == "mastercard" else PAYMENT


def _of_scheme(purchase: Purchase) -> dict[str, Any]:
    """Cartes Bancaires wishes to know how many articles are bought."""
    count = purchase.request.articles
    if count is None or purchase.scheme != cartes_bancaires.SCHEME:
        return {}
    return {"messageExtension": [cartes_bancaires.articles(count)]}


def _since_2_3(version: str) -> dict[str, Any]:
    if version != "2.3.1":
        return {}
    return {"acquirerCountryCode": FRANCE, "acquirerCountryCodeSource": "01"}


def _challenge_indicator(asked: str, version: str) -> str | list[str]:
    """A list in 2.3.1; 2.1.0 does not know all of them."""
    if version == "2.3.1":
        return [asked]
    return asked if version != "2.1.0" or asked in _CHALLENGE_INDICATORS_2_1 else "02"


def _of_buyer(request: PaymentRequest) -> dict[str, Any]:
    address = next((one for one in (request.email, request.buyer.email) if _is_email(one)), None)
    return {**buyer.elements(request.buyer), **({"email": address} if address else {})}


def _is_email(text: str) -> bool:
    local, at, domain = text.partition("@")
    return bool(local and at and "." in domain) and text.isascii() and text.isprintable() and " " not in text


def context(purchase: Purchase, leg: Leg, request: Mapping[str, Any] | None = None) -> Context:
    return Context(purchase.version or "2.2.0", APP if purchase.in_app else BROWSER, leg=leg, request=request)


def check_response(ares: Mapping[str, Any], areq: Mapping[str, Any], purchase: Purchase) -> None:
    """Everything that a 3DS Server checks of an ARes. Errors: `MessageError`."""
    check(ares, context(purchase, Leg.DS_TO_THREE_DS_SERVER, areq))
    same(ares, {"threeDSServerTransID": purchase.trans_id})
    _same_version(ares, purchase)
    if ares["transStatus"] == "S" and purchase.second is not None:
        raise MessageError("203", "transStatus", description="S was answered for this payment before", message=ares)
    if ares["transStatus"] == "D":
        raise MessageError("203", "transStatus", description="nobody asked for decoupled authentication", message=ares)


def check_results(rreq: Mapping[str, Any], purchase: Purchase) -> None:
    """Everything that a 3DS Server checks of an RReq for one of its transactions. Errors: `MessageError`."""
    check(rreq, context(purchase, Leg.DS_TO_THREE_DS_SERVER))
    ids = {"acsTransID": purchase.acs_trans_id, "dsTransID": purchase.ds_trans_id}
    if purchase.in_app and purchase.version != OLDEST:
        ids["sdkTransID"] = (purchase.device or {}).get("sdkTransID")
    same(rreq, ids)
    _same_version(rreq, purchase)


def check_challenge_result(cres: Mapping[str, Any], purchase: Purchase) -> None:
    """A CRes that the browser brought. Errors: `MessageError`."""
    check(cres, context(purchase, Leg.FROM_ACS))
    same(cres, {"threeDSServerTransID": purchase.trans_id, "acsTransID": purchase.acs_trans_id})
    _same_version(cres, purchase)


def same(message: Mapping[str, Any], expected: Mapping[str, str | None]) -> None:
    """Errors: `MessageError` 301 that names every identifier that is another transaction's."""
    wrong = [name for name, value in expected.items() if not same_id(message.get(name), value)]
    if wrong:
        raise MessageError(
            "301", ",".join(wrong), description="not the identifiers of this transaction", message=message
        )


def _same_version(message: Mapping[str, Any], purchase: Purchase) -> None:
    if message.get("messageVersion") != purchase.version:
        raise MessageError("203", "messageVersion", description="the version changed on the way", message=message)


def results_response(rreq: Mapping[str, Any]) -> dict[str, Any]:
    """The RRes. resultsStatus 02: the challenge was never begun, 01: received."""
    return {
        "messageType": "RRes",
        "messageVersion": rreq["messageVersion"],
        "threeDSServerTransID": rreq["threeDSServerTransID"],
        "acsTransID": rreq["acsTransID"],
        "dsTransID": rreq["dsTransID"],
        **({"sdkTransID": rreq["sdkTransID"]} if "sdkTransID" in rreq and rreq["messageVersion"] != OLDEST else {}),
        "resultsStatus": "02" if rreq.get("challengeCancel") == "05" else "01",
    }


def challenge_request(purchase: Purchase) -> str:
    """The `creq` field for the challenge frame: base64url of the CReq."""
    message = {
        "messageType": "CReq",
        "messageVersion": purchase.version,
        "threeDSServerTransID": purchase.trans_id,
        "acsTransID": purchase.acs_trans_id,
        "challengeWindowSize": purchase.window,
    }
    return form_value(message)


def challenge_parameters(purchase: Purchase) -> dict[str, str | None]:
    """What the app gives its SDK for doChallenge, by the names of the messages: where to post is in the signed content alone."""
    ares = purchase.ares or {}
    return {
        "threeDSServerTransID": purchase.id,
        "acsTransID": purchase.acs_trans_id,
        "acsReferenceNumber": ares.get("acsReferenceNumber"),
        "acsSignedContent": ares.get("acsSignedContent"),
    }


def method_data(trans_id: str, settings: GatewaySettings) -> str:
    """The `threeDSMethodData` field that begins a 3DS Method: base64url of its JSON."""
    return form_value(
        {
            "threeDSServerTransID": trans_id,
            "threeDSMethodNotificationURL": settings.public_url + METHOD_NOTIFICATION_PATH,
        }
    )


def session_data(trans_id: str, token: str) -> str:
    """threeDSSessionData: which purchase, and the proof that this browser was sent from its page. base64url, < 1024."""
    return encode_base64url(f"{trans_id}.{token}".encode())


def read_session_data(text: str) -> tuple[str, str] | None:
    """The transaction and the token of `session_data`; None for anything else."""
    padded = text.strip().rstrip("=")
    try:
        decoded = base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4)).decode("ascii")
    except ValueError:
        return None
    trans_id, dot, token = decoded.partition(".")
    return (trans_id, token) if dot and len(trans_id) == 36 else None


def token_holds(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
