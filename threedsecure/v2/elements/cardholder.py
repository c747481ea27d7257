"""The card and its holder."""

from collections.abc import Mapping
from typing import Final

from threedsecure.v2.elements.values import OBJECTS, SUBDIVISION
from threedsecure.v2.grammar.formats import ByVersion, Flag, Format, Object, by_version
from threedsecure.v2.grammar.patterns import (
    COUNTRY,
    DATE,
    EMAIL,
    YES_NO,
    codes,
    digits,
    emv_common,
    exactly,
    printable,
    prose,
)

STATUS_SOURCE: Final = codes("01 3DS Server", "02 DS", "03 ACS", ds=True)
LIST_STATUS: Final = codes(
    "Y listed", "N not listed", "E not eligible", "P pending", "R rejected by the cardholder", "U unknown"
)
_SINCE = ("03 less than 30 days", "04 30 to 60 days", "05 more than 60 days")
_SINCE_CHANGE = ("01 this transaction", "02 less than 30 days", "03 30 to 60 days", "04 more than 60 days")
_DEVICE_BINDING = (
    "01 not bound",
    "02 not eligible",
    "03 pending",
    "04 rejected",
    "05 unknown",
    "11 bound by internal hardware or SIM",
    "12 bound by external hardware",
    "13 bound by dynamic device data",
    "14 bound by static device data",
    "15 bound by other means",
)

ELEMENTS: Final[Mapping[str, Format | ByVersion]] = {
    # The card and its holder
    "acctNumber": digits(13, 19, "the digits of a card number"),
    "acctType": codes("01 not applicable", "02 credit", "03 debit", ds=True),
    "acctID": printable(1, 64),
    "cardExpiryDate": exactly("YYMM with a month that exists", "[0-9]{2}(?:0[1-9]|1[0-2])", 4),
    "cardSecurityCode": digits(3, 4),
    "cardSecurityCodeStatus": codes("Y validated", "N failed", "U not performed"),
    "cardSecurityCodeStatusSource": codes("01 DS", "02 ACS", ds=True),
    "cardholderName": by_version(emv_common(2, 45), emv_common(2, 45), emv_common(1, 45)),
    "email": EMAIL,
    "homePhone": OBJECTS,
    "mobilePhone": OBJECTS,
    "workPhone": OBJECTS,
    "cc": digits(1, 3, "the digits of a country calling code"),
    "subscriber": digits(1, 15),
    "addrMatch": YES_NO,
    "billAddrCity": printable(1, 50),
    "billAddrCountry": COUNTRY,
    "billAddrLine1": printable(1, 50),
    "billAddrLine2": printable(1, 50),
    "billAddrLine3": printable(1, 50),
    "billAddrPostCode": printable(1, 16),
    "billAddrState": SUBDIVISION,
    "shipAddrCity": printable(1, 50),
    "shipAddrCountry": COUNTRY,
    "shipAddrLine1": printable(1, 50),
    "shipAddrLine2": printable(1, 50),
    "shipAddrLine3": printable(1, 50),
    "shipAddrPostCode": printable(1, 16),
    "shipAddrState": SUBDIVISION,
    "acctInfo": OBJECTS,
    "chAccAgeInd": codes("01 no account", "02 this transaction", *_SINCE),
    "chAccChange": DATE,
    "chAccChangeInd": codes(*_SINCE_CHANGE),
    "chAccDate": DATE,
    "chAccPwChange": DATE,
    "chAccPwChangeInd": codes("01 none", "02 this transaction", *_SINCE),
    "chAccReqID": printable(1, 64),
    "nbPurchaseAccount": digits(1, 4),
    "provisionAttemptsDay": digits(1, 3),
    "txnActivityDay": digits(1, 3),
    "txnActivityYear": digits(1, 3),
    "paymentAccAge": DATE,
    "paymentAccInd": codes("01 guest", "02 this transaction", *_SINCE),
    "shipAddressUsage": DATE,
    "shipAddressUsageInd": codes(*_SINCE_CHANGE),
    "shipNameIndicator": codes("01 same name", "02 other name"),
    "suspiciousAccActivity": codes("01 none", "02 seen"),
    "payTokenInd": Flag(only_true=True),
    "payTokenSource": codes("01 3DS Server", "02 DS", ds=True),
    "payTokenInfo": OBJECTS,
    "token": digits(13, 19),
    "tokenAdditionalData": Object(500),
    "tokenAssuranceMethod": exactly("letters or digits", "[A-Za-z0-9]{2}", 2),
    "tokenRequestorId": digits(11),
    "tokenCryptogram": prose(4000),
    "tokenCryptogramValidityIndicator": codes("01", "02", "03"),
    "tokenStatusIndicator": printable(1, 40),
    # What is kept about the cardholder: trust list, device binding
    "whiteListStatus": LIST_STATUS,
    "whiteListStatusSource": STATUS_SOURCE,
    "trustListStatus": LIST_STATUS,
    "trustListStatusSource": STATUS_SOURCE,
    "deviceBindingStatus": codes(*_DEVICE_BINDING, ds=True),
    "deviceBindingStatusSource": STATUS_SOURCE,
    "spcIncompInd": codes("01 not run or failed", "02 cancelled by the cardholder", "03 timed out"),
}
