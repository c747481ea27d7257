"""What came of an authentication."""

from collections.abc import Mapping
from typing import Final

from threedsecure.v2.elements.values import AUTHENTICATION_METHOD, OBJECTS, UI_TEMPLATE
from threedsecure.v2.grammar.formats import Array, ByVersion, Either, Format, IsoCode, Object, by_version
from threedsecure.v2.grammar.patterns import (
    DATE,
    FLAG_Y,
    base64url,
    bound,
    codes,
    digits,
    exactly,
    growing,
    jws,
    link,
    matching,
    printable,
    prose,
    url,
)

_STATUS = ("Y authenticated", "N not authenticated", "U could not be performed", "A attempt", "R rejected")
# Mastercard's is 21 bytes long, the others' 20: both are 28 characters.
_PROOF = exactly("base64 of 20 or 21 bytes", "[A-Za-z0-9+/]{27}[A-Za-z0-9+/=]", 28)
_DECOUPLED = "D decoupled challenge"

ELEMENTS: Final[Mapping[str, Format | ByVersion]] = {
    "ARes.transStatus": growing(
        *_STATUS, "C challenge", v220=(_DECOUPLED, "I informational only"), v231=("S challenge by SPC",)
    ),
    "RReq.transStatus": growing(*_STATUS, v231=(_DECOUPLED,)),
    "CRes.transStatus": growing("Y authenticated", "N not authenticated", v231=(_DECOUPLED,)),
    "transStatusReason": growing(
        "01 card authentication failed",
        "02 unknown device",
        "03 unsupported device",
        "04 authentication frequency limit exceeded",
        "05 expired card",
        "06 invalid card number",
        "07 invalid transaction",
        "08 no card record",
        "09 security failure",
        "10 stolen card",
        "11 suspected fraud",
        "12 transaction not permitted to cardholder",
        "13 cardholder not enrolled",
        "14 timed out at the ACS",
        "15 low confidence",
        "16 medium confidence",
        "17 high confidence",
        "18 very high confidence",
        "19 ACS maximum challenges exceeded",
        "20 non-payment not supported",
        "21 3RI not supported",
        v220=(
            "22 ACS technical issue",
            "23 decoupled needed but not asked for",
            "24 decoupled maximum time exceeded",
            "25 decoupled time too short",
            "26 attempted but not performed by the cardholder",
        ),
        v231=(
            "27 preferred method not supported",
            "28 content security policy failed",
            "29 not completed, falling back to decoupled",
            "30 completed, more authentication needed, going decoupled",
        ),
        ds=True,
    ),
    "transStatusReasonInfo": printable(1, 256),
    "transChallengeExemption": codes(
        "05 risk analysis", "08 trust list", "10 low value", "11 secure corporate payment", "79 none", ds=True
    ),
    "eci": exactly("letters or digits, as the payment system defines", "[0-9A-Za-z]{2}", 2),
    "authenticationValue": by_version(_PROOF, _PROOF, matching("ASCII without blanks", "[!-~]{1,4000}", 1, 4000)),
    "authenticationType": growing("01 static", "02 dynamic", "03 out of band", v220=("04 decoupled",), ds=True),
    "ARes.authenticationMethod": Array(AUTHENTICATION_METHOD.v231, 1, 99),
    "RReq.authenticationMethod": by_version(
        AUTHENTICATION_METHOD.v210, AUTHENTICATION_METHOD.v220, Array(AUTHENTICATION_METHOD.v231, 1, 99)
    ),
    "acsChallengeMandated": codes("Y mandated", "N not mandated"),
    "acsDecConInd": codes("Y decoupled will be used", "N will not"),
    "acsSignedContent": by_version(jws(None), jws(None), jws(16000)),
    "acsRenderingType": OBJECTS,
    "acsInterface": codes("01 native", "02 HTML"),
    "acsUiTemplate": UI_TEMPLATE,
    "deviceUserInterfaceMode": codes("01 portrait", "02 landscape", "03 voice", "04 other"),
    "interactionCounter": digits(2),
    "resultsStatus": growing(
        "01 RReq received",
        "02 CReq was not sent",
        "03 ARes never came",
        v231=("04 decoupled result of a later authentication",),
        ds=True,
    ),
    "cardholderInfo": by_version(prose(128), prose(128), OBJECTS),
    "cardholderInfo.text": prose(128),
    "cardholderInfo.issuerImage": url(256),
    "cardholderInfo.paymentSystemImage": url(256),
    "challengeErrorReporting": Object(words="an Erro message"),
    "challengeErrorReporting.messageType": codes("Erro"),
    # Secure Payment Confirmation
    "webAuthnCredList": Array(OBJECTS, 1, 10),
    "rpID": printable(1, 2048),
    "credentialIds": Either((base64url(16, 1000), Array(base64url(16, 1000), 1, 99))),
    "spcTransData": OBJECTS,
    "spcTransData.challenge": base64url(43, 100),
    "spcTransData.currency": IsoCode("currency", alphabetic=True),
    "spcTransData.displayName": printable(1, 40),
    "spcTransData.icon": link(4096),
    "spcTransData.timeout": matching("60000 to 500000 milliseconds", "[6-9][0-9]{4}|[1-4][0-9]{5}|500000", 5, 6),
    "spcTransData.value": matching("a decimal amount", bound(1, 40) + r"-?[0-9]+(?:\.[0-9]+)?", 1, 40),
    "spcTransData.challengeInfoText": prose(350),
    "spcTransData.issuerImageSpc": Object(90000),
    "spcTransData.psImageSpc": Object(90000),
    "spcTransData.payeeName": printable(1, 40),
    "spcTransData.additionalData": Object(90000),
    "spcTransData.extInd": FLAG_Y,
    # Broadcast information: structured by the DS before 2.3.1
    "broadInfo": Object(4096),
    "broadInfo.category": codes("01", "02", "03", "04", "05", "06"),
    "broadInfo.description": prose(4000),
    "broadInfo.expDate": DATE,
    "broadInfo.severity": codes("01", "02", "03", "04"),
    "broadInfo.recipients": Array(codes("01 SDK", "02 3DS Server", "03 DS", "04 ACS"), 1, 3),
    "broadInfo.source": codes("01", "02", "03"),
}
