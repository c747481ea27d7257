"""CReq, the challenge request: the SDK (APP) or the browser (BRW) to the ACS."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row, within

ROWS: Final = (
    Row("threeDSServerTransID", "R R R", "APP+BRW"),
    Row("acsTransID", "R R R", "APP+BRW", note="Unknown -> 301"),
    Row("challengeWindowSize", "R R R", "BRW"),
    Row("messageExtension", "C C C", "APP+BRW", when=c.owner_requires),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "R R R", "APP+BRW"),
    Row("messageVersion", "R R R", "APP+BRW"),
    Row("sdkTransID", "R R R", "APP", sure="high medium"),
    Row("sdkCounterStoA", "R R R", "APP", note="Wrong value -> 302", sure="high medium"),
    Row(
        "threeDSRequestorAppURL",
        "- C C",
        "APP",
        when=c.app_declared_url,
        note="2.2 length from FFS only",
        sure="high medium",
    ),
    Row(
        "challengeAddCode",
        "- - C",
        "APP",
        when=c.answered("the additional choice was pressed on a page of type 01 to 04"),
        sure="- medium",
    ),
    Row(
        "challengeCancel",
        "C C C",
        "APP",
        when=c.answered("the cardholder cancelled, or the SDK timed out"),
        sure="high medium",
    ),
    Row(
        "challengeDataEntry",
        "C C C",
        "APP",
        when=c.answered(
            "data were entered on a page of type 01 to 03, and neither cancel, resend, no entry nor additional choice is sent"
        ),
        sure="high medium",
    ),
    Row(
        "challengeDataEntryTwo",
        "- - C",
        "APP",
        when=c.answered("data were entered in challengeEntryBoxTwo on a page of type 01"),
        sure="- medium",
    ),
    Row(
        "challengeHTMLDataEntry",
        "C C C",
        "APP",
        when=c.answered("a page of type 05 (06) was submitted, and challengeCancel is not sent"),
        sure="high medium",
    ),
    Row(
        "challengeNoEntry",
        "- C C",
        "APP",
        when=c.answered(
            "a page of type 01 to 03 was submitted without data, and neither challengeCancel nor resendChallenge is sent"
        ),
        sure="high medium",
    ),
    Row("deviceBindingDataEntry", "- - C", "APP", when=c.answered("deviceBindingInfoText was shown"), sure="- medium"),
    Row(
        "infoContinueIndicator",
        "- - C",
        "APP",
        when=c.answered("continue was pressed on a page of type 07"),
        sure="- medium",
    ),
    Row("oobAppStatus", "- - C", "APP", when=c.answered("the page was of type 04 or 06"), sure="- medium"),
    Row("oobAppURLInd", "- - R", "APP", note="2.2: only through bridging extension A000000802-004", sure="- medium"),
    Row(
        "oobContinue",
        "C C C",
        "APP",
        when=c.answered("continue was pressed on a page of type 04 (06), and challengeCancel is not sent"),
        sure="high medium",
    ),
    Row(
        "resendChallenge",
        "C C C",
        "APP",
        when=c.answered("resend was pressed on a page of type 01 (some senders: 02, 03 too)"),
        sure="high medium",
    ),
    Row(
        "whitelistingDataEntry",
        "- C -",
        "APP",
        when=c.answered("whitelistingInfoText was in the CRes before"),
        sure="high -",
    ),
    Row(
        "trustListDataEntry",
        "- - C",
        "APP",
        when=c.answered("trustListInfoText was in the CRes before"),
        sure="- medium",
    ),
)
