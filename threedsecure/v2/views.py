"""Small frozen views of checked messages, for those who decide."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from threedsecure.v2.grammar.conditions import text, texts


class AuthenticationRequest(Struct, frozen=True):
    """What decisions read of an AReq that has been checked. Codes are those of the message; amounts are in minor units.

    Strings that only some messages carry are None where absent, or "" for what a payment always has and a non-payment may lack."""

    version: str
    device_channel: str
    message_category: str
    three_ds_server_trans_id: str
    ds_trans_id: str | None
    sdk_trans_id: str | None
    acct_number: str
    card_expiry_date: str | None
    purchase_amount: int | None
    purchase_currency: str | None
    purchase_exponent: int | None
    purchase_date: str | None
    merchant_name: str
    acquirer_bin: str
    acquirer_merchant_id: str
    three_ds_server_url: str
    ds_url: str | None
    notification_url: str | None
    browser_language: str | None
    three_ds_comp_ind: str | None
    challenge_indicators: tuple[str, ...]
    three_ri_ind: str | None
    decoupled_ind: str | None
    decoupled_max_minutes: int | None
    trust_list_status: str | None = None

    @classmethod
    def from_message(cls, areq: Mapping[str, Any]) -> "AuthenticationRequest":
        """The view of `areq`, a message that `check` accepted."""
        get = areq.get
        version = areq["messageVersion"]
        return cls(
            version,
            areq["deviceChannel"],
            areq["messageCategory"],
            areq["threeDSServerTransID"],
            get("dsTransID"),
            get("sdkTransID"),
            areq["acctNumber"],
            get("cardExpiryDate"),
            _integer(get("purchaseAmount")),
            get("purchaseCurrency"),
            _integer(get("purchaseExponent")),
            get("purchaseDate"),
            text(areq, "merchantName"),
            text(areq, "acquirerBIN"),
            text(areq, "acquirerMerchantID"),
            text(areq, "threeDSServerURL"),
            get("dsURL"),
            get("notificationURL"),
            get("browserLanguage"),
            get("threeDSCompInd"),
            texts(areq, "threeDSRequestorChallengeInd"),
            get("threeRIInd"),
            get("threeDSRequestorDecReqInd"),
            _integer(get("threeDSRequestorDecMaxTime")),
            get("trustListStatus" if version == "2.3.1" else "whiteListStatus"),
        )


def _integer(digits: object) -> int | None:
    """None too for what a version does not define, and so nobody checked."""
    return int(digits) if isinstance(digits, str) and digits.isdecimal() else None
