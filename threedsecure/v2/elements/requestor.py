"""What the 3DS Requestor asks for, and how it knows the cardholder."""

from collections.abc import Mapping
from typing import Final

from threedsecure.v2.elements.values import OBJECTS
from threedsecure.v2.grammar.formats import Array, ByVersion, Either, Format, Object, by_version
from threedsecure.v2.grammar.patterns import DATE_MINUTE, FLAG_Y, UUID, codes, exactly, growing, printable, prose

_CHALLENGE_IND = growing(
    "01 no preference",
    "02 no challenge",
    "03 challenge wanted",
    "04 challenge mandated",
    v220=(
        "05 no challenge, risk analysis done",
        "06 no challenge, data share only",
        "07 no challenge, strong authentication done",
        "08 no challenge, trust list exemption",
        "09 challenge, trust list prompt",
    ),
    v231=(
        "10 no challenge, low value",
        "11 no challenge, secure corporate payment",
        "12 challenge, device binding prompt",
        "13 challenge, asked for by the issuer",
        "14 challenge, merchant-initiated transactions",
    ),
    ds=True,
)

ELEMENTS: Final[Mapping[str, Format | ByVersion]] = {
    "threeDSCompInd": codes("Y finished", "N started, not finished in time", "U no 3DS Method URL"),
    "threeDSRequestorAuthenticationInd": growing(
        "01 payment",
        "02 recurring",
        "03 instalment",
        "04 add card",
        "05 maintain card",
        "06 cardholder verification for EMV token",
        v220=("07 billing agreement",),
        v231=("08 split shipment", "09 delayed shipment", "10 split payment"),
        ds=True,
    ),
    "threeRIInd": growing(
        "01 recurring",
        "02 instalment",
        "03 add card",
        "04 maintain card information",
        "05 account verification",
        v220=(
            "06 split or delayed shipment",
            "07 top-up",
            "08 mail order",
            "09 telephone order",
            "10 trust list status check",
            "11 other payment",
            "12 billing agreement",
        ),
        v231=(
            "06 split shipment",
            "13 device binding status check",
            "14 card security code status check",
            "15 delayed shipment",
            "16 split payment",
            "17 FIDO credential deletion",
            "18 FIDO credential registration",
            "19 decoupled authentication fallback",
        ),
        ds=True,
    ),
    "threeDSRequestorChallengeInd": by_version(
        _CHALLENGE_IND.v210, _CHALLENGE_IND.v220, Array(_CHALLENGE_IND.v231, 1, 2)
    ),
    "threeDSRequestorDecReqInd": growing("Y decoupled preferred", "N not", v231=("F only as fallback", "B both")),
    "threeDSRequestorDecMaxTime": exactly("minutes, 00001 to 10080", "(?!00000)0[0-9]{4}|100[0-7][0-9]|10080", 5),
    "threeDSRequestorSpcSupport": FLAG_Y,
    "threeDSReqAuthMethodInd": codes("01 verified", "02 failed", "03 not performed", ds=True),
    "threeDSRequestorAuthenticationInfo": by_version(OBJECTS, OBJECTS, Array(OBJECTS, 1, 3)),
    "threeDSReqAuthData": by_version(prose(20000), prose(20000), Either((prose(50000), Object(50000)))),
    "threeDSReqAuthMethod": growing(
        "01 none",
        "02 requestor credentials",
        "03 federated id",
        "04 issuer credentials",
        "05 third party",
        "06 FIDO",
        v220=("07 FIDO with signed assurance data", "08 SRC assurance data"),
        v231=("09 SPC", "10 electronic id"),
        ds=True,
    ),
    "threeDSReqAuthTimestamp": DATE_MINUTE,
    "dsAuthInfVerifInd": codes("01 verified", "02 failed", "03 not performed"),
    "threeDSRequestorPriorAuthenticationInfo": by_version(OBJECTS, OBJECTS, Array(OBJECTS, 1, 3)),
    "threeDSReqPriorAuthData": by_version(prose(2048), prose(2048), prose(20000)),
    "threeDSReqPriorAuthMethod": growing(
        "01 frictionless", "02 challenge", "03 address verified", "04 other", v231=("05 SPC",), ds=True
    ),
    "threeDSReqPriorAuthTimestamp": DATE_MINUTE,
    "threeDSReqPriorRef": printable(1, 36),
    "threeDSReqPriorDsTransId": UUID,
}
