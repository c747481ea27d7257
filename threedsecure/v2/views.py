"""Small frozen views of checked messages, for those who decide."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from threedsecure.v2.grammar.conditions import text, texts


@dataclass(frozen=True, slots=True)
class AuthenticationRequest:
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
    merchant_country_code: str
    mcc: str
    acquirer_bin: str
    acquirer_merchant_id: str
    three_ds_server_url: str
    ds_url: str | None
    notification_url: str | None
    browser_language: str | None
    three_ds_comp_ind: str | None
    challenge_indicators: tuple[str, ...]
    three_ri_ind: str | None
    requestor_name: str
    requestor_url: str
    requestor_id: str
    cardholder_name: str | None
    authentication_ind: str | None
    decoupled_ind: str | None
    decoupled_max_minutes: int | None
    trust_list_status: str | None = None

    @classmethod
    def from_message(cls, areq: Mapping[str, Any]) -> "AuthenticationRequest":
        """The view of `areq`, a message that `check` accepted."""
        return cls(
            version=areq["messageVersion"],
            device_channel=areq["deviceChannel"],
            message_category=areq["messageCategory"],
            three_ds_server_trans_id=areq["threeDSServerTransID"],
            ds_trans_id=areq.get("dsTransID"),
            sdk_trans_id=areq.get("sdkTransID"),
            acct_number=areq["acctNumber"],
            card_expiry_date=areq.get("cardExpiryDate"),
            purchase_amount=_integer(areq, "purchaseAmount"),
            purchase_currency=areq.get("purchaseCurrency"),
            purchase_exponent=_integer(areq, "purchaseExponent"),
            purchase_date=areq.get("purchaseDate"),
            merchant_name=text(areq, "merchantName"),
            merchant_country_code=text(areq, "merchantCountryCode"),
            mcc=text(areq, "mcc"),
            acquirer_bin=text(areq, "acquirerBIN"),
            acquirer_merchant_id=text(areq, "acquirerMerchantID"),
            three_ds_server_url=text(areq, "threeDSServerURL"),
            ds_url=areq.get("dsURL"),
            notification_url=areq.get("notificationURL"),
            browser_language=areq.get("browserLanguage"),
            three_ds_comp_ind=areq.get("threeDSCompInd"),
            challenge_indicators=texts(areq, "threeDSRequestorChallengeInd"),
            three_ri_ind=areq.get("threeRIInd"),
            requestor_name=areq["threeDSRequestorName"],
            requestor_url=areq["threeDSRequestorURL"],
            requestor_id=areq["threeDSRequestorID"],
            cardholder_name=areq.get("cardholderName"),
            authentication_ind=areq.get("threeDSRequestorAuthenticationInd"),
            decoupled_ind=areq.get("threeDSRequestorDecReqInd"),
            decoupled_max_minutes=_integer(areq, "threeDSRequestorDecMaxTime"),
            trust_list_status=areq.get("trustListStatus" if areq["messageVersion"] == "2.3.1" else "whiteListStatus"),
        )


def _integer(areq: Mapping[str, Any], name: str) -> int | None:
    digits = text(areq, name)
    return int(digits) if digits else None
