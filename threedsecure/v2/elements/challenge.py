"""The challenge in an app or a browser: CReq and CRes."""

from collections.abc import Mapping
from typing import Final

from threedsecure.v2.elements.values import OBJECTS, UI_TEMPLATE
from threedsecure.v2.grammar.formats import Array, ByVersion, Choice, Flag, Format, Object, by_version
from threedsecure.v2.grammar.patterns import (
    FLAG_Y,
    YES_NO,
    base64url,
    codes,
    exactly,
    growing,
    link,
    printable,
    prose,
    url,
)

_COUNTER = exactly("000 to 255", "[01][0-9]{2}|2[0-4][0-9]|25[0-5]", 3)
_IMAGES = by_version(OBJECTS, OBJECTS, Object(6144))
_APP_LINK = by_version(link(256), link(256), link(2048))

ELEMENTS: Final[Mapping[str, Format | ByVersion]] = {
    # Challenge: what the cardholder's side sends
    "challengeWindowSize": codes("01 250x400", "02 390x400", "03 500x600", "04 600x400", "05 full screen"),
    "sdkCounterStoA": _COUNTER,
    "threeDSRequestorAppURL": _APP_LINK,
    "challengeAddCode": FLAG_Y,
    "challengeCancel": growing(
        "01 cancelled by the cardholder",
        "04 timed out at the ACS",
        "05 first CReq never came",
        "06 transaction error",
        "07 unknown",
        "08 timed out at the SDK",
        v220=("03 decoupled timed out",),
        v231=("09 Erro received in answer to the CRes", "10 Erro sent in answer to the CReq"),
        ds=True,
    ),
    "challengeDataEntry": printable(1, 45),
    "challengeDataEntryTwo": printable(1, 45),
    "challengeHTMLDataEntry": printable(1, 256),
    "challengeNoEntry": FLAG_Y,
    "deviceBindingDataEntry": YES_NO,
    "infoContinueIndicator": Flag(only_true=True),
    "oobAppStatus": codes("01"),
    "oobAppURLInd": codes("01 supported", "02 not supported", "03 opened or other"),
    "oobContinue": by_version(Flag(only_true=True), Flag(only_true=True), codes("01 pressed", "02 automatic")),
    "resendChallenge": by_version(YES_NO, YES_NO, FLAG_Y),
    "whitelistingDataEntry": YES_NO,
    "trustListDataEntry": YES_NO,
    # Challenge: what the ACS shows
    "acsCounterAtoS": _COUNTER,
    "challengeCompletionInd": YES_NO,
    "acsUiType": UI_TEMPLATE,
    "acsHTML": by_version(base64url(1, None), base64url(1, None), base64url(1, 300000)),
    "acsHTMLRefresh": base64url(1, None),
    "challengeAddInfo": prose(256),
    "challengeAddLabel": printable(1, 45),
    "challengeEntryBox": OBJECTS,
    "challengeEntryBoxTwo": OBJECTS,
    "challengeDataEntryKeyboardType": codes("01 numeric", "02 alphanumeric"),
    "challengeDataEntryAutofill": FLAG_Y,
    "challengeDataEntryAutofillType": codes("01 SMS passcode", "02 password"),
    "challengeDataEntryLengthMax": exactly("01 to 45", "0[1-9]|[1-3][0-9]|4[0-5]", 2),
    "challengeDataEntryLabel": printable(1, 45),
    "challengeDataEntryMasking": YES_NO,
    "challengeDataEntryToggle": FLAG_Y,
    "challengeInfoHeader": printable(1, 45),
    "challengeInfoLabel": printable(1, 45),
    "challengeInfoText": prose(350),
    "challengeInfoTextIndicator": YES_NO,
    "challengeSelectInfo": Array(Choice(45), 1, 8),
    "deviceBindingInfoText": prose(64),
    "expandInfoLabel": printable(1, 45),
    "expandInfoText": prose(256),
    "infoContinueLabel": printable(1, 45),
    "issuerImage": _IMAGES,
    "psImage": _IMAGES,
    "medium": url(2048),
    "high": url(2048),
    "extraHigh": url(2048),
    "default": url(2048),
    "dark": url(2048),
    "monochrome": url(2048),
    "oobAppLabel": printable(1, 45),
    "oobAppURL": _APP_LINK,
    "oobContinueLabel": printable(1, 45),
    "resendInformationLabel": printable(1, 45),
    "submitAuthenticationLabel": printable(1, 45),
    "togglePositionInd": codes("01"),
    "whitelistingInfoText": prose(64),
    "trustListInfoText": prose(64),
    "whyInfoLabel": printable(1, 45),
    "whyInfoText": prose(256),
}
