"""What the parties say to each other: each function makes one message, ready to be encoded.

An answer is made from the request it answers (a checked message), and repeats what it must.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from threedsecure.v1.errors import InvalidRequest, MessageError
from threedsecure.v1.grammar.tables import NEWEST, VERSIONS
from threedsecure.v1.outcomes import date_time, masked_pan

Message = Mapping[str, Any]


class Requester(Struct, frozen=True):
    """Who asks: the acquirer's BIN and its merchant, with a password where the region wants one."""

    acq_bin: str
    mer_id: str
    password: str | None = None

    def element(self) -> dict[str, str | None]:
        return {"acqBIN": self.acq_bin, "merID": self.mer_id, "password": self.password}


class CardRangeChange(Struct, frozen=True):
    """One CR: card numbers from `begin` to `end`, both included, are added (A) or deleted (D)."""

    begin: str
    end: str
    action: Literal["A", "D"] = "A"

    def element(self) -> dict[str, str]:
        return {"begin": self.begin, "end": self.end, "action": self.action}


class Shop(Struct, frozen=True):
    """The merchant as a PAReq shows it to the cardholder. `country` is ISO 3166 numeric, `url` the shop's own site."""

    acq_bin: str
    mer_id: str
    name: str
    country: str
    url: str

    def element(self) -> dict[str, str]:
        return {
            "acqBIN": self.acq_bin,
            "merID": self.mer_id,
            "name": self.name[:25],
            "country": self.country,
            "url": self.url,
        }


class Purchase(Struct, frozen=True):
    """What is paid. `amount` in minor units, `currency` ISO 4217 numeric, `expiry` YYMM; `recurring` is days and YYYYMMDD."""

    xid: str
    date: datetime
    amount: int
    currency: str
    exponent: int
    expiry: str
    description: str | None = None
    recurring: tuple[int, str] | None = None
    installments: int | None = None

    @property
    def display_amount(self) -> str:
        """The amount for people: `12.34` or, where the currency has no minor unit, `1234`."""
        if self.exponent == 0:
            return str(self.amount)
        digits = str(self.amount).zfill(self.exponent + 1)
        return f"{digits[: -self.exponent]}.{digits[-self.exponent :]}"

    def element(self) -> dict[str, Any]:
        recurring = self.recurring and {"frequency": str(self.recurring[0]), "endRecur": self.recurring[1]}
        return {
            "xid": self.xid,
            "date": date_time(self.date),
            "amount": self.display_amount,
            "purchAmount": str(self.amount),
            "currency": self.currency,
            "exponent": str(self.exponent),
            "desc": self.description and self.description[:125],
            "Recur": recurring,
            "install": self.installments and str(self.installments),
        }


# --- the merchant plug-in ------------------------------------------------------------------------------------------------


def card_range_request(
    message_id: str, requester: Requester, *, serial_number: str | None = None, version: str = NEWEST
) -> dict[str, Any]:
    """CRReq. Without `serial_number` all ranges are asked for."""
    return _message("CRReq", message_id, version, Merchant=requester.element(), serialNumber=serial_number)


def verify_enrolment_request(
    message_id: str,
    requester: Requester,
    pan: str,
    *,
    accept: str | None = None,
    user_agent: str | None = None,
    device_category: str = "0",
    version: str = NEWEST,
) -> dict[str, Any]:
    """VEReq. `accept` and `user_agent` are the shopper's HTTP headers."""
    browser = {"deviceCategory": device_category, "accept": accept or None, "userAgent": user_agent or None}
    return _message("VEReq", message_id, version, pan=pan, Merchant=requester.element(), Browser=browser)


def payer_authentication_request(message_id: str, veres: Message, shop: Shop, purchase: Purchase) -> dict[str, Any]:
    """PAReq, after a VERes with enrolled Y, whose version and acctID it repeats."""
    account_holder = {"acctID": veres["CH"]["acctID"], "expiry": purchase.expiry}
    return _message(
        "PAReq", message_id, veres["version"], Merchant=shop.element(), Purchase=purchase.element(), CH=account_holder
    )


# --- the directory server ------------------------------------------------------------------------------------------------


def card_range_response(crreq: Message, changes: Sequence[CardRangeChange], serial_number: str) -> dict[str, Any]:
    """CRRes with the changes since the serial number of the CRReq, or all ranges."""
    ranges = [change.element() for change in changes]
    return _message("CRRes", crreq["messageId"], crreq["version"], CR=ranges or None, serialNumber=serial_number)


def card_range_refusal(crreq: Message, refusal: InvalidRequest) -> dict[str, Any]:
    """CRRes that refuses, as with code 57 for a serial number that is not known."""
    serial_number = "0" if crreq["version"] == "1.0.1" else None
    return _message("CRRes", crreq["messageId"], crreq["version"], serialNumber=serial_number, IReq=refusal.element())


def enrolled(vereq: Message, *, acct_id: str, url: str) -> dict[str, Any]:
    """VERes Y: the cardholder takes part, and authenticates at `url`."""
    return _message(
        "VERes",
        vereq["messageId"],
        vereq["version"],
        CH={"enrolled": "Y", "acctID": acct_id},
        url=url,
        protocol=["ThreeDSecure"],
    )


def not_enrolled(
    vereq: Message, answer: Literal["N", "U"] = "N", *, refusal: InvalidRequest | None = None
) -> dict[str, Any]:
    """VERes N (does not take part, or is refused with an IReq) or U (cannot be told)."""
    return _message(
        "VERes", vereq["messageId"], vereq["version"], CH={"enrolled": answer}, IReq=refusal and refusal.element()
    )


# --- the ACS -------------------------------------------------------------------------------------------------------------


def payer_authentication_response(
    pareq: Message, transaction: Mapping[str, str], *, pan: str, pares_id: str, refusal: InvalidRequest | None = None
) -> dict[str, Any]:
    """PARes, to be signed. `transaction` is the TX element (see `outcomes.transaction`), `pan` the whole card number, which is
    masked here; `refusal` goes with status U."""
    purchase = {name: pareq["Purchase"][name] for name in ("xid", "date", "purchAmount", "currency", "exponent")}
    merchant = {name: pareq["Merchant"][name] for name in ("acqBIN", "merID")}
    return {
        **_message("PARes", pareq["messageId"], pareq["version"], id=pares_id),
        "Merchant": merchant,
        "Purchase": purchase,
        "pan": masked_pan(pan, transaction["status"], pareq["version"]),
        "TX": dict(transaction),
        **({"IReq": refusal.element()} if refusal else {}),
    }


def refused(
    pareq: Message, refusal: InvalidRequest, *, now: datetime, pares_id: str, pan: str | None = None
) -> dict[str, Any]:
    """PARes U with an IReq. Without `pan` (the acctID is unknown) the zeros are sixteen."""
    transaction = {"time": date_time(now), "status": "U"}
    return payer_authentication_response(pareq, transaction, pan=pan or "0" * 16, pares_id=pares_id, refusal=refusal)


# --- everybody -----------------------------------------------------------------------------------------------------------


def error(found: MessageError, *, message_id: str, vendor_code: str | None = None) -> dict[str, Any]:
    """Error, in the version and under the id of the message that it complains of; `message_id` where that has none."""
    faulty = found.message or {}
    version = faulty.get("version")
    given = faulty.get("messageId")
    return _message(
        "Error",
        given if isinstance(given, str) and given else message_id,
        version if version in VERSIONS else NEWEST,
        errorCode=str(found.code),
        errorMessage=found.description[:256],
        errorDetail=(found.detail or found.description)[:256],
        vendorCode=vendor_code and vendor_code[:256],
    )


def _message(kind: str, message_id: str, version: str, **elements: Any) -> dict[str, Any]:
    present = {name: _without_none(value) for name, value in elements.items() if value is not None}
    return {"messageType": kind, "messageId": message_id, "version": version, **present}


def _without_none(value: Any) -> Any:
    return {name: item for name, item in value.items() if item is not None} if isinstance(value, Mapping) else value
