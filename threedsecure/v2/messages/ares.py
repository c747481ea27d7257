"""ARes, the authentication response: ACS to DS, and on to the 3DS Server."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row, within

ROWS: Final = (
    Row("threeDSServerTransID", "R R R", note="Mismatch -> 301"),
    Row("threeDSRequestorAppURLInd", "- - R", "APP", sure="- high"),
    Row("acsChallengeMandated", "C C C", "APP+BRW ALL ALL", when=c.challenged),
    Row(
        "acsDecConInd", "- C C", when=c.equal("transStatus", "D"), note="When DecReqInd=Y was sent an ACS may answer N"
    ),
    Row("acsOperatorID", "C C C", when=c.directory_server_requires, note="CH lists O"),
    Row("acsReferenceNumber", "R R R"),
    Row("acsRenderingType", "C C C", "APP", when=c.equal("transStatus", "C")),
    *within("acsRenderingType", objects.ACS_RENDERING_TYPE),
    Row("acsSignedContent", "C C C", "APP", when=c.equal("transStatus", "C")),
    Row("acsTransID", "R R R"),
    Row("acsURL", "C C C", "BRW", when=c.equal("transStatus", "C"), note="APP: URL travels inside acsSignedContent"),
    Row("authenticationType", "C C -", when=c.challenged, note="RBK: 01-03 required with C", sure="high -"),
    Row(
        "authenticationMethod",
        "- - C",
        when=c.challenged,
        note="01 and 06 invalid for a limited split SDK; D requires 12",
        sure="- high",
    ),
    Row("authenticationValue", "C C C", when=c.proof_expected),
    Row("broadInfo", "C C O", when=c.directory_server_requires),
    *within("broadInfo", objects.BROAD_INFO),
    Row(
        "cardholderInfo",
        "O C C",
        "APP+BRW ALL ALL",
        when=c.equal("acsDecConInd", "Y"),
        note="RBK accepts only in frictionless/decoupled; SDK must not translate",
    ),
    *within("cardholderInfo", objects.CARDHOLDER_INFO),
    Row("cardSecurityCodeStatus", "- - C", when=c.directory_server_requires, note="CH lists O", sure="- high"),
    Row("cardSecurityCodeStatusSource", "- - C", when=c.present("cardSecurityCodeStatus"), sure="- high"),
    Row("deviceBindingStatus", "- - O", sure="- high"),
    Row("deviceBindingStatusSource", "- - C", when=c.present("deviceBindingStatus"), sure="- high"),
    Row("deviceInfoRecognisedVersion", "- - R", "APP", sure="- high"),
    Row("dsReferenceNumber", "R R R"),
    Row("dsTransID", "R R R", note="Mismatch with AReq -> 301 at DS"),
    Row("eci", "C C C", when=c.directory_server_requires),
    Row("messageExtension", "C C C", when=c.owner_requires),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "R R R"),
    Row("messageVersion", "R R R"),
    Row("sdkTransID", "R R R", "APP", note="Must equal AReq"),
    Row("spcTransData", "- - C", "BRW", when=c.equal("transStatus", "S"), sure="- high"),
    *within("spcTransData", objects.SPC_TRANS_DATA),
    Row("transChallengeExemption", "- - O", sure="- high"),
    Row(
        "transStatus",
        "R/C R/C R/C",
        when=c.directory_server_requires,
        note="Context rules: see values.md section transStatus",
    ),
    Row("transStatusReason", "C C C", when=c.reason_expected, note="RBK: present without transStatus -> 201"),
    Row("transStatusReasonInfo", "- - O", sure="- high"),
    Row("whiteListStatus", "- O -", sure="high -"),
    Row("whiteListStatusSource", "- C -", when=c.present("whiteListStatus"), sure="high -"),
    Row("trustListStatus", "- - O", sure="- high"),
    Row("trustListStatusSource", "- - C", when=c.present("trustListStatus"), sure="- high"),
    Row("webAuthnCredList", "- - C", "BRW", when=c.equal("transStatus", "S"), sure="- high"),
    *within("webAuthnCredList", objects.WEB_AUTHN_CRED),
)
