"""The browser, or the app and its SDK."""

from collections.abc import Mapping
from typing import Final

from threedsecure.v2.elements.values import AUTHENTICATION_METHOD, OBJECTS, UI_TEMPLATE
from threedsecure.v2.grammar.formats import BASE64URL, Array, ByVersion, Flag, Format, Object, Text, by_version
from threedsecure.v2.grammar.patterns import (
    DATE_SECOND,
    FLAG_Y,
    INTERNET_ADDRESS,
    UUID,
    base64url,
    bound,
    codes,
    digits,
    exactly,
    jws,
    matching,
    printable,
)

_COLOUR_DEPTH = codes("1", "4", "8", "15", "16", "24", "32", "48")


def _language(most: int, or_else: str = "") -> Text:
    return matching("a BCP 47 tag", bound(1, most) + rf"[A-Za-z]{{1,8}}(?:-[A-Za-z0-9]{{1,8}})*{or_else}", 1, most)


ELEMENTS: Final[Mapping[str, Format | ByVersion]] = {
    # The browser
    "acceptLanguage": Array(_language(100, r"|\*"), 1, 99),
    "browserAcceptHeader": printable(1, 2048),
    "browserIP": INTERNET_ADDRESS,
    "browserJavaEnabled": Flag(),
    "browserJavascriptEnabled": Flag(),
    "browserLanguage": by_version(_language(8), _language(8), _language(35)),
    "browserColorDepth": by_version(_COLOUR_DEPTH, _COLOUR_DEPTH, matching("1 to 99", "[1-9][0-9]?", 1, 2)),
    "browserScreenHeight": digits(1, 6),
    "browserScreenWidth": digits(1, 6),
    "browserTZ": matching("minutes from UTC with an optional sign", "[+-]?[0-9]{1,4}", 1, 5),
    "browserUserAgent": printable(1, 2048),
    "deviceId": printable(1, 64),
    "userId": printable(1, 64),
    # The app and its SDK
    "appIp": INTERNET_ADDRESS,
    "sdkAppID": UUID,
    "sdkEncData": matching(
        "a JWE in compact form", bound(9, 64000) + rf"{BASE64URL}+(?:\.{BASE64URL}*){{4}}", 9, 64000
    ),
    "sdkEphemPubKey": Object(256, "a JWK {kty, crv, x, y} on P-256"),
    "sdkEphemPubKey.kty": codes("EC"),
    "sdkEphemPubKey.crv": codes("P-256"),
    "sdkEphemPubKey.x": base64url(43, 43),
    "sdkEphemPubKey.y": base64url(43, 43),
    "sdkMaxTimeout": exactly("minutes, 05 to 99", "0[5-9]|[1-9][0-9]", 2),
    "sdkReferenceNumber": printable(1, 32),
    "sdkServerSignedContent": jws(4000),
    "sdkSignatureTimestamp": DATE_SECOND,
    "sdkType": codes("01 default", "02 split", ds=True),
    "defaultSdkType": OBJECTS,
    "defaultSdkType.sdkVariant": codes("01 native"),
    "wrappedInd": FLAG_Y,
    "splitSdkType": OBJECTS,
    "splitSdkType.sdkVariant": codes("01 native client", "02 browser", "03 shell"),
    "limitedInd": FLAG_Y,
    "deviceInfo": base64url(1, 64000),
    "deviceInfoRecognisedVersion": matching("no blanks", "[!-~]{3,}", 3, None),
    "deviceRenderOptions": OBJECTS,
    "sdkInterface": codes("01 native", "02 HTML", "03 both"),
    "sdkUiType": by_version(
        Array(UI_TEMPLATE.v210, 1, 5), Array(UI_TEMPLATE.v220, 1, 5), Array(UI_TEMPLATE.v231, 1, 7)
    ),
    "sdkAuthenticationType": Array(AUTHENTICATION_METHOD.v220, 1, 99),
}
