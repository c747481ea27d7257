"""What decisions read of a message that has been checked: small and frozen."""

from collections.abc import Mapping
from typing import Any, Self

from msgspec import Struct

Message = Mapping[str, Any]


class CardRangeRequest(Struct, frozen=True):
    """A CRReq. Without `serial_number` all ranges are asked for."""

    message_id: str
    version: str
    acq_bin: str
    mer_id: str
    password: str | None
    serial_number: str | None

    @classmethod
    def from_message(cls, crreq: Message) -> Self:
        merchant = crreq["Merchant"]
        return cls(
            message_id=crreq["messageId"],
            version=crreq["version"],
            acq_bin=merchant["acqBIN"],
            mer_id=merchant["merID"],
            password=merchant.get("password") or None,
            serial_number=crreq.get("serialNumber") or None,
        )


class VerifyEnrolmentRequest(Struct, frozen=True):
    """A VEReq. `device_category` 0 is a full browser, 1 a constrained one."""

    message_id: str
    version: str
    pan: str
    acq_bin: str
    mer_id: str
    password: str | None
    device_category: int
    accept: str | None
    user_agent: str | None

    @classmethod
    def from_message(cls, vereq: Message) -> Self:
        merchant, browser = vereq["Merchant"], vereq.get("Browser") or {}
        return cls(
            message_id=vereq["messageId"],
            version=vereq["version"],
            pan=vereq["pan"],
            acq_bin=merchant["acqBIN"],
            mer_id=merchant["merID"],
            password=merchant.get("password") or None,
            device_category=int(browser.get("deviceCategory") or 0),
            accept=browser.get("accept") or None,
            user_agent=browser.get("userAgent") or None,
        )


class VerifyEnrolmentResponse(Struct, frozen=True):
    """A VERes. With `enrolled` Y, `acct_id` and `url` (the ACS) are there."""

    message_id: str
    version: str
    enrolled: str
    acct_id: str | None
    url: str | None
    ireq_code: str | None
    ireq_detail: str | None

    @classmethod
    def from_message(cls, veres: Message) -> Self:
        account_holder, refusal = veres["CH"], veres.get("IReq") or {}
        return cls(
            message_id=veres["messageId"],
            version=veres["version"],
            enrolled=account_holder["enrolled"],
            acct_id=account_holder.get("acctID") or None,
            url=veres.get("url") or None,
            ireq_code=refusal.get("iReqCode"),
            ireq_detail=refusal.get("iReqDetail") or None,
        )


class PayerAuthenticationRequest(Struct, frozen=True):
    """A PAReq. `amount` is in minor units of `currency` (ISO 4217 numeric), `display_amount` is for people; `date` is
    YYYYMMDD HH:MM:SS in UTC; `expiry` is YYMM; `recur_frequency` is in days, `end_recur` is YYYYMMDD."""

    message_id: str
    version: str
    acq_bin: str
    mer_id: str
    merchant_name: str
    merchant_country: str
    merchant_url: str
    xid: str
    date: str
    display_amount: str
    amount: int
    currency: str
    exponent: int
    description: str | None
    recur_frequency: int | None
    end_recur: str | None
    installments: int | None
    acct_id: str
    expiry: str

    @classmethod
    def from_message(cls, pareq: Message) -> Self:
        merchant, purchase, account_holder = pareq["Merchant"], pareq["Purchase"], pareq["CH"]
        recurring = purchase.get("Recur") or {}
        return cls(
            message_id=pareq["messageId"],
            version=pareq["version"],
            acq_bin=merchant["acqBIN"],
            mer_id=merchant["merID"],
            merchant_name=merchant["name"],
            merchant_country=merchant["country"],
            merchant_url=merchant["url"],
            xid=purchase["xid"],
            date=purchase["date"],
            display_amount=purchase["amount"],
            amount=int(purchase["purchAmount"]),
            currency=purchase["currency"],
            exponent=int(purchase["exponent"]),
            description=purchase.get("desc") or None,
            recur_frequency=_number(recurring.get("frequency")),
            end_recur=recurring.get("endRecur"),
            installments=_number(purchase.get("install")),
            acct_id=account_holder["acctID"],
            expiry=account_holder["expiry"],
        )


class PayerAuthenticationResponse(Struct, frozen=True):
    """A PARes. `time` is YYYYMMDD HH:MM:SS in UTC. The proof is to be believed only once the signature has been verified."""

    message_id: str
    version: str
    xid: str
    pan: str
    time: str
    status: str
    cavv: str | None
    eci: str | None
    cavv_algorithm: str | None
    ireq_code: str | None
    ireq_detail: str | None

    @classmethod
    def from_message(cls, pares: Message) -> Self:
        transaction, refusal = pares["TX"], pares.get("IReq") or {}
        return cls(
            message_id=pares["messageId"],
            version=pares["version"],
            xid=pares["Purchase"]["xid"],
            pan=pares["pan"],
            time=transaction["time"],
            status=transaction["status"],
            cavv=transaction.get("cavv") or None,
            eci=transaction.get("eci") or None,
            cavv_algorithm=transaction.get("cavvAlgorithm") or None,
            ireq_code=refusal.get("iReqCode"),
            ireq_detail=refusal.get("iReqDetail") or None,
        )


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def for_journal(message: Message) -> dict[str, Any]:
    """`message` with the identifiers that stand inside it (xid, acctID) on top, where the journal looks for them."""
    lifted = {}
    for outer, name in (("Purchase", "xid"), ("CH", "acctID")):
        part = message.get(outer)
        value = part.get(name) if isinstance(part, Mapping) else None
        if isinstance(value, str):
            lifted[name] = value
    return {**lifted, **message}
