"""Small frozen views of checked messages, for those who decide."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from threedsecure.v2.grammar.conditions import texts


class AuthenticationRequest(Struct, frozen=True):
    """What decisions read of an AReq that has been checked. Codes are those of the message; what only some messages carry is None
    where absent."""

    version: str
    device_channel: str
    message_category: str
    three_ds_server_trans_id: str
    acct_number: str
    card_expiry_date: str | None
    three_ds_comp_ind: str | None
    challenge_indicators: tuple[str, ...]
    three_ri_ind: str | None
    decoupled_ind: str | None
    decoupled_max_minutes: int | None
    trust_list_status: str | None = None
    purchase_amount: str | None = None
    purchase_currency: str | None = None

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
            areq["acctNumber"],
            get("cardExpiryDate"),
            get("threeDSCompInd"),
            texts(areq, "threeDSRequestorChallengeInd"),
            get("threeRIInd"),
            get("threeDSRequestorDecReqInd"),
            integer(get("threeDSRequestorDecMaxTime")),
            get("trustListStatus" if version == "2.3.1" else "whiteListStatus"),
            get("purchaseAmount"),
            get("purchaseCurrency"),
        )


def integer(digits: object) -> int | None:
    """None too for what a version does not define, and so nobody checked."""
    return int(digits) if isinstance(digits, str) and digits.isdecimal() else None
