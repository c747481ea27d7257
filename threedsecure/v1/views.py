"""What decisions read of a message that has been checked: small and frozen."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self

import msgspec
from msgspec import Struct, field

from threedsecure.paths import MISSING, look_up

Message = Mapping[str, Any]


class View(Struct, frozen=True):
    """Each field has the path of its element; one that may be absent or empty has a default."""

    @classmethod
    def from_message(cls, message: Message) -> Self:
        told = {}
        for path, is_number in _elements(cls):
            value = look_up(message, path)
            if value is not MISSING and value not in (None, ""):
                told[path] = int(value) if is_number else value
        return msgspec.convert(told, cls)


@cache
def _elements(view: type[View]) -> tuple[tuple[str, bool], ...]:
    return tuple((one.encode_name, one.type in (int, int | None)) for one in msgspec.structs.fields(view))


class CardRangeRequest(View, frozen=True):
    """A CRReq. Without `serial_number` all ranges are asked for."""

    message_id: str = field(name="messageId")
    version: str
    acq_bin: str = field(name="Merchant.acqBIN")
    mer_id: str = field(name="Merchant.merID")
    password: str | None = field(default=None, name="Merchant.password")
    serial_number: str | None = field(default=None, name="serialNumber")


class VerifyEnrolmentRequest(View, frozen=True):
    """A VEReq. `device_category` 0 is a full browser, 1 a constrained one."""

    message_id: str = field(name="messageId")
    version: str
    pan: str
    acq_bin: str = field(name="Merchant.acqBIN")
    mer_id: str = field(name="Merchant.merID")
    password: str | None = field(default=None, name="Merchant.password")
    device_category: int = field(default=0, name="Browser.deviceCategory")
    accept: str | None = field(default=None, name="Browser.accept")
    user_agent: str | None = field(default=None, name="Browser.userAgent")


class VerifyEnrolmentResponse(View, frozen=True):
    """A VERes. With `enrolled` Y, `acct_id` and `url` (the ACS) are there."""

    message_id: str = field(name="messageId")
    version: str
    enrolled: str = field(name="CH.enrolled")
    acct_id: str | None = field(default=None, name="CH.acctID")
    url: str | None = None
    ireq_code: str | None = field(default=None, name="IReq.iReqCode")
    ireq_detail: str | None = field(default=None, name="IReq.iReqDetail")


class PayerAuthenticationRequest(View, frozen=True):
    """A PAReq. `amount` is in minor units of `currency` (ISO 4217 numeric), `display_amount` is for people; `date` is
    YYYYMMDD HH:MM:SS in UTC; `expiry` is YYMM; `recur_frequency` is in days, `end_recur` is YYYYMMDD."""

    message_id: str = field(name="messageId")
    version: str
    acq_bin: str = field(name="Merchant.acqBIN")
    mer_id: str = field(name="Merchant.merID")
    merchant_name: str = field(name="Merchant.name")
    merchant_country: str = field(name="Merchant.country")
    merchant_url: str = field(name="Merchant.url")
    xid: str = field(name="Purchase.xid")
    date: str = field(name="Purchase.date")
    display_amount: str = field(name="Purchase.amount")
    amount: int = field(name="Purchase.purchAmount")
    currency: str = field(name="Purchase.currency")
    exponent: int = field(name="Purchase.exponent")
    acct_id: str = field(name="CH.acctID")
    expiry: str = field(name="CH.expiry")
    description: str | None = field(default=None, name="Purchase.desc")
    recur_frequency: int | None = field(default=None, name="Purchase.Recur.frequency")
    end_recur: str | None = field(default=None, name="Purchase.Recur.endRecur")
    installments: int | None = field(default=None, name="Purchase.install")


class PayerAuthenticationResponse(View, frozen=True):
    """A PARes. `time` is YYYYMMDD HH:MM:SS in UTC. The proof is to be believed only once the signature has been verified."""

    message_id: str = field(name="messageId")
    version: str
    xid: str = field(name="Purchase.xid")
    pan: str
    time: str = field(name="TX.time")
    status: str = field(name="TX.status")
    cavv: str | None = field(default=None, name="TX.cavv")
    eci: str | None = field(default=None, name="TX.eci")
    cavv_algorithm: str | None = field(default=None, name="TX.cavvAlgorithm")
    ireq_code: str | None = field(default=None, name="IReq.iReqCode")
    ireq_detail: str | None = field(default=None, name="IReq.iReqDetail")


def for_journal(message: Message) -> dict[str, Any]:
    """`message` with the identifiers that stand inside it (xid, acctID) on top, where the journal looks for them."""
    lifted = {name: look_up(message, path) for name, path in (("xid", "Purchase.xid"), ("acctID", "CH.acctID"))}
    return {**{name: value for name, value in lifted.items() if isinstance(value, str)}, **message}
