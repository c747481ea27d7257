"""Objects that stand in messages: what is in them. The names are those of the rows below their parent."""

from typing import Final

from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.context import Leg
from threedsecure.v2.grammar.table import Row, within

# The specification gives these in a format's words rather than as rows of their own.

PUBLIC_KEY: Final = (
    Row("kty", "R R R", "APP"),
    Row("crv", "R R R", "APP"),
    Row("x", "R R R", "APP"),
    Row("y", "R R R", "APP"),
)

IMAGE: Final = (
    Row("medium", "O O -", "APP", sure="high -"),
    Row("high", "O O -", "APP", sure="high -"),
    Row("extraHigh", "O O -", "APP", sure="high -"),
    Row("default", "- - O", "APP", sure="- medium"),
    Row("dark", "- - O", "APP", sure="- medium"),
    Row("monochrome", "- - O", "APP", sure="- medium"),
)

OP_PRIOR_TRANS_REF: Final = (
    Row("transIdType", "- - R", sure="- medium"),
    Row("transId", "- - R", sure="- medium"),
)

OP_SEQ: Final = (
    Row("seqId", "- - R", sure="- medium"),
    Row("seqNum", "- - R", sure="- medium"),
    Row("seqTotal", "- - R", sure="- medium"),
)

# Tables of their own.

PHONE: Final = (
    Row("cc", "R R R"),
    Row("subscriber", "R R R", note="RBK, FFS 15; CH 12"),
)

AUTHENTICATION_INFO: Final = (
    Row("threeDSReqAuthData", "O O O", "APP+BRW APP+BRW ALL"),
    Row("threeDSReqAuthMethod", "O O O", "APP+BRW APP+BRW ALL", note="FFS requires it once the object is present"),
    Row("threeDSReqAuthTimestamp", "O O O", "APP+BRW APP+BRW ALL"),
    Row("dsAuthInfVerifInd", "- - C", when=c.verified_by_directory_server, legs=(Leg.DS_TO_ACS,), sure="- medium"),
)

PRIOR_AUTHENTICATION_INFO: Final = (
    Row("threeDSReqPriorAuthData", "O O O"),
    Row("threeDSReqPriorAuthMethod", "O O O"),
    Row("threeDSReqPriorAuthTimestamp", "O O O"),
    Row("threeDSReqPriorRef", "O O O"),
    Row("threeDSReqPriorDsTransId", "- - C", when=c.if_available, sure="- medium"),
)

ACCT_INFO: Final = (
    Row("chAccAgeInd", "O O O"),
    Row("chAccChange", "O O O"),
    Row("chAccChangeInd", "O O O"),
    Row("chAccDate", "O O O"),
    Row("chAccPwChange", "O O O"),
    Row("chAccPwChangeInd", "O O O"),
    Row("nbPurchaseAccount", "O O O", note="CORE caps nbPurchaseAccount at 999"),
    Row("provisionAttemptsDay", "O O O"),
    Row("txnActivityDay", "O O O"),
    Row("txnActivityYear", "O O O"),
    Row("paymentAccAge", "O O O"),
    Row("paymentAccInd", "O O O"),
    Row("shipAddressUsage", "O O O"),
    Row("shipAddressUsageInd", "O O O"),
    Row("shipNameIndicator", "O O O"),
    Row("suspiciousAccActivity", "O O O"),
    Row("chAccReqID", "- - O", note="CH lists it in the shared table; treat as 2.3.1 addition", sure="- high"),
)

DEVICE_RENDER_OPTIONS: Final = (
    Row("sdkInterface", "R R R", "APP"),
    Row("sdkUiType", "R R R", "APP", note="05 and 06 only with HTML interface; FFS max 5 items; RBK: empty -> 203"),
    Row("sdkAuthenticationType", "- - O", "APP", sure="- high"),
)

DEFAULT_SDK_TYPE: Final = (
    Row("sdkVariant", "- - R", "APP", sure="- high"),
    Row("wrappedInd", "- - O", "APP", sure="- high"),
)

SPLIT_SDK_TYPE: Final = (
    Row("sdkVariant", "- - R", "APP", sure="- high"),
    Row("limitedInd", "- - O", "APP", note="Limited split SDK", sure="- high"),
)

MERCHANT_RISK_INDICATOR: Final = (
    Row("deliveryEmailAddress", "O O O"),
    Row("deliveryTimeframe", "O O O"),
    Row("giftCardAmount", "O O O"),
    Row("giftCardCount", "O O O"),
    Row("giftCardCurr", "O O O"),
    Row("preOrderDate", "O O O"),
    Row("preOrderPurchaseInd", "O O O"),
    Row("reorderItemsInd", "O O O"),
    Row("shipIndicator", "O O O"),
    Row("transChar", "- - O", sure="- high"),
)

MULTI_TRANSACTION: Final = (
    Row("avNumberUse", "- - C", when=c.directory_server_requires, sure="- medium"),
    Row("avValidityTime", "- - C", when=c.directory_server_requires, sure="- medium"),
    Row("merchantList", "- - R", sure="- medium"),
    Row("merchantList.merchantNameListed", "- - R", sure="- medium"),
    Row("merchantList.acquirerMerchantIdListed", "- - O", sure="- medium"),
    Row("merchantList.merchantAmount", "- - O", sure="- medium"),
    Row("merchantList.merchantCurrency", "- - C", when=c.present("merchantAmount"), sure="- medium"),
    Row("merchantList.merchantExponent", "- - C", when=c.present("merchantAmount"), sure="- medium"),
    Row("merchantList.sellerId", "- - O", sure="- medium"),
)

PAY_TOKEN_INFO: Final = (
    Row("token", "- - O", sure="- medium"),
    Row("tokenAdditionalData", "- - O", sure="- medium"),
    Row("tokenAssuranceMethod", "- - O", sure="- medium"),
    Row("tokenRequestorId", "- - O", sure="- medium"),
    Row("tokenCryptogram", "- - O", sure="- medium"),
    Row("tokenCryptogramValidityIndicator", "- - O", sure="- medium"),
    Row("tokenStatusIndicator", "- - O", sure="- medium"),
)

RECURRING_IND: Final = (
    Row("amountInd", "- - R", sure="- high"),
    Row("frequencyInd", "- - R", sure="- high"),
)

SELLER_INFO: Final = (
    Row("sellerName", "- - R", sure="- high"),
    Row("sellerId", "- - C", when=c.several_sellers, note="CH lists O", sure="- high"),
    Row("sellerBusinessName", "- - O", sure="- high"),
    Row("sellerAccDate", "- - O", sure="- high"),
    Row("sellerAddrLine1", "- - O", sure="- high"),
    Row("sellerAddrLine2", "- - O", sure="- high"),
    Row("sellerAddrLine3", "- - O", sure="- high"),
    Row("sellerAddrCity", "- - O", sure="- high"),
    Row("sellerAddrState", "- - O", sure="- high"),
    Row("sellerAddrPostCode", "- - O", sure="- high"),
    Row("sellerAddrCountry", "- - O", sure="- high"),
    Row("sellerEmail", "- - O", sure="- high"),
    Row("sellerPhone", "- - O", sure="- high"),
    *within("sellerPhone", PHONE, inclusion="- - R"),
)

BROAD_INFO: Final = (
    Row("category", "- - R", sure="- high"),
    Row("description", "- - O", sure="- high"),
    Row("expDate", "- - O", sure="- high"),
    Row("severity", "- - R", sure="- high"),
    Row("recipients", "- - R", sure="- high"),
    Row("source", "- - R", sure="- high"),
)

MESSAGE_EXTENSION: Final = (
    Row("name", "R R R", note="applies in every message that has messageExtension"),
    Row("id", "R R R"),
    Row("criticalityIndicator", "R R R"),
    Row("data", "R R R"),
)

CARDHOLDER_INFO: Final = (
    Row("text", "- - R", sure="- high"),
    Row("issuerImage", "- - O", sure="- high"),
    Row("paymentSystemImage", "- - O", sure="- high"),
)

SPC_TRANS_DATA: Final = (
    Row("challenge", "- - R", "BRW", sure="- high"),
    Row("currency", "- - R", "BRW", sure="- high"),
    Row("displayName", "- - R", "BRW", sure="- high"),
    Row("icon", "- - R", "BRW", sure="- high"),
    Row("timeout", "- - R", "BRW", sure="- high"),
    Row("value", "- - R", "BRW", sure="- high"),
    Row("challengeInfoText", "- - C", "BRW", when=c.directory_server_requires, sure="- high"),
    Row("issuerImageSpc", "- - C", "BRW", when=c.directory_server_requires, sure="- high"),
    Row("psImageSpc", "- - C", "BRW", when=c.directory_server_requires, sure="- high"),
    Row("payeeName", "- - C", "BRW", when=c.payee_unnamed, sure="- high"),
    Row("payeeOrigin", "- - C", "BRW", when=c.payee_unnamed, sure="- high"),
    Row("additionalData", "- - O", "BRW", sure="- high"),
    Row("extInd", "- - O", "BRW", sure="- high"),
)

WEB_AUTHN_CRED: Final = (
    Row("rpID", "- - R", "BRW", sure="- high"),
    Row(
        "credentialIds",
        "- - R",
        "BRW",
        note="Whether a single string or an array per entry could not be settled from two sources",
        sure="- medium",
    ),
)

ACS_RENDERING_TYPE: Final = (
    Row("acsInterface", "R R R", "APP"),
    Row("acsUiTemplate", "R R R", "APP", note="native: 01-04 (+07); 05/06 with native -> 203"),
    Row("deviceUserInterfaceMode", "- - R", "APP", sure="- medium"),
)

ENTRY_BOX: Final = (
    Row("challengeDataEntryKeyboardType", "- - O", "APP", sure="- medium"),
    Row("challengeDataEntryAutofill", "- - O", "APP", sure="- medium"),
    Row(
        "challengeDataEntryAutofillType", "- - C", "APP", when=c.present("challengeDataEntryAutofill"), sure="- medium"
    ),
    Row("challengeDataEntryLengthMax", "- - O", "APP", sure="- medium"),
    Row("challengeDataEntryLabel", "- - R", "APP", sure="- medium"),
    Row("challengeDataEntryMasking", "- - O", "APP", sure="- medium"),
    Row("challengeDataEntryToggle", "- - C", "APP", when=c.equal("challengeDataEntryMasking", "Y"), sure="- medium"),
)

CARD_RANGE: Final = (
    Row("startRange", "R R -", sure="medium -"),
    Row("endRange", "R R -", sure="medium -"),
    Row("ranges", "- - R", sure="- medium"),
    Row("ranges.start", "- - R", sure="- medium"),
    Row("ranges.end", "- - R", sure="- medium"),
    Row(
        "actionInd", "O O O", note="Absent means A; ignored when the PReq had no serialNum (RBK)", sure="medium medium"
    ),
    Row("acsStartProtocolVersion", "R R -", sure="high -"),
    Row("acsEndProtocolVersion", "R R -", sure="high -"),
    Row("dsStartProtocolVersion", "O O -", sure="high -"),
    Row("dsEndProtocolVersion", "O O -", sure="high -"),
    Row("threeDSMethodURL", "O O -", sure="high -"),
    Row("acsInfoInd", "- O -", sure="high -"),
    Row("issuerCountryCode", "- - O", sure="- medium"),
    Row("dsProtocolVersions", "- - O", sure="- medium"),
    Row("acsProtocolVersions", "- - R", sure="- medium"),
    Row("acsProtocolVersions.version", "- - R", sure="- medium"),
    Row("acsProtocolVersions.acsInfoInd", "- - O", sure="- medium"),
    Row("acsProtocolVersions.threeDSMethodURL", "- - O", sure="- medium"),
    Row("acsProtocolVersions.supportedMsgExt", "- - C", when=c.extensions_supported, sure="- medium"),
    Row("acsProtocolVersions.supportedMsgExt.id", "- - R", sure="- medium"),
    Row("acsProtocolVersions.supportedMsgExt.version", "- - R", sure="- medium"),
)

DS_URL: Final = (
    Row("threeDSServerToDsUrl", "- - R", sure="- medium"),
    Row("dsCountryCode", "- - O", sure="- medium"),
)
