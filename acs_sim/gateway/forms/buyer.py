"""Who buys, as a shop tells the payment page and the payment page tells the issuer. Pure.

A shop of e-transactions says it in PBX_BILLING, one of Monetico in contexte_commande; both became obligatory with EMV 3-D Secure,
whose AReq wants the cardholder's name and billing address (EMV 3-D Secure, Table A.1).
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from iso3166 import countries_by_alpha2, countries_by_numeric

from threedsecure.v1.errors import MessageError
from threedsecure.v1.parsing import parse

MAX_DOCUMENT: Final = 4_096
"""Characters of PBX_BILLING, bytes of contexte_commande."""
MAX_NAME: Final = 45
MAX_LINE: Final = 50
MAX_POST_CODE: Final = 16
_PBX_LENGTHS: Final = {
    "FirstName": 22,
    "LastName": 22,
    "Address1": MAX_LINE,
    "Address2": MAX_LINE,
    "ZipCode": MAX_POST_CODE,
    "City": MAX_LINE,
    "MobilePhone": 10,
}
_CALLING_CODE: Final = re.compile(r"\+?([1-9][0-9]{0,2})")
_PHONE: Final = re.compile(r"\+([1-9][0-9]{0,2})[- ]([0-9]{4,15})")
_DIGITS: Final = re.compile(r"[0-9]{4,15}")
_ITALY: Final = "39"
_ELEMENTS: Final = (
    ("name", "cardholderName"),
    ("line1", "billAddrLine1"),
    ("line2", "billAddrLine2"),
    ("city", "billAddrCity"),
    ("post_code", "billAddrPostCode"),
    ("country", "billAddrCountry"),
)


class Buyer(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the buyer; "" is not known. `name` in ASCII; `country`: ISO 3166-1 numeric; `calling_code` and
    `subscriber`: the mobile telephone in the parts of E.164."""

    name: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    post_code: str = ""
    country: str = ""
    email: str = ""
    calling_code: str = ""
    subscriber: str = ""


class BuyerRefused(ValueError):
    """What a shop says of its buyer cannot be read; `faults` says why."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def elements(buyer: Buyer) -> dict[str, Any]:
    """The elements of an AReq that `buyer` fills, the e-mail address excepted."""
    found: dict[str, Any] = {element: value for name, element in _ELEMENTS if (value := getattr(buyer, name))}
    if len(found.get("cardholderName", "")) == 1:
        del found["cardholderName"]  # at least two characters before 2.3.1
    if buyer.calling_code and buyer.subscriber:
        found["mobilePhone"] = {"cc": buyer.calling_code, "subscriber": buyer.subscriber}
    return found


def buyer_in(fields: Mapping[str, str], name: str, read: Callable[[str], Buyer]) -> tuple[Buyer, list[str]]:
    """The buyer that the field `name` tells of, which may be missing, and the faults of that field."""
    try:
        return (read(fields[name]) if fields.get(name) else Buyer()), []
    except BuyerRefused as refused:
        return Buyer(), [f"{name}: {fault}" for fault in refused.faults]


def from_pbx_billing(text: str) -> Buyer:
    """The Billing/Address of PBX_BILLING. Errors: `BuyerRefused`, with every fault named."""
    try:
        root = parse(text.encode(), limit=MAX_DOCUMENT)
    except MessageError as error:
        raise BuyerRefused(f"not readable ({error.detail})") from error
    address = root.find("Address") if root.tag == "Billing" else None
    if address is None:
        raise BuyerRefused("an XML document Billing with one Address is expected")
    told = {str(child.tag): _line(child.text or "") for child in address.iterchildren("*")}
    faults = [
        f"{name}: at most {most} characters" for name, most in _PBX_LENGTHS.items() if len(told.get(name, "")) > most
    ]
    if told.get("CountryCode") and not _is_country(told["CountryCode"]):
        faults.append("CountryCode: a numeric ISO 3166-1 code")
    calling_code = _CALLING_CODE.fullmatch(told.get("CountryCodeMobilePhone", ""))
    if told.get("CountryCodeMobilePhone") and calling_code is None:
        faults.append("CountryCodeMobilePhone: a calling code, as +33")
    if told.get("MobilePhone") and not _DIGITS.fullmatch(told["MobilePhone"]):
        faults.append("MobilePhone: digits")
    if faults:
        raise BuyerRefused(*faults)
    code = calling_code[1] if calling_code else ""
    return Buyer(
        name=_name(told.get("FirstName", ""), told.get("LastName", "")),
        line1=told.get("Address1", ""),
        line2=told.get("Address2", ""),
        city=told.get("City", ""),
        post_code=told.get("ZipCode", ""),
        country=told.get("CountryCode", ""),
        calling_code=code,
        subscriber=_subscriber(code, told.get("MobilePhone", "")),
    )


def from_order_context(text: str) -> Buyer:
    """The `billing` of contexte_commande, base64 of JSON. Errors: `BuyerRefused`, with every fault named."""
    billing = _billing(text)
    told = {name: _line(value) for name, value in billing.items() if isinstance(value, str)}
    faults = [f"billing.{name}: text is expected" for name in _CONTEXT_LENGTHS if name in billing and name not in told]
    faults += _too_long(told)
    country = countries_by_alpha2.get(told.get("country", "").upper())
    if told.get("country") and (country is None or not _is_country(country.numeric)):
        faults.append("billing.country: a code of two letters (ISO 3166-1)")
    phone = _PHONE.fullmatch(told.get("mobilePhone", ""))
    if told.get("mobilePhone") and phone is None:
        faults.append("billing.mobilePhone: as +33-612345678")
    if faults:
        raise BuyerRefused(*faults)
    return Buyer(
        name=_name(told.get("firstName", ""), told.get("lastName", "")) or _name(told.get("name", "")),
        line1=told.get("addressLine1", ""),
        line2=told.get("addressLine2", ""),
        city=told.get("city", ""),
        post_code=told.get("postalCode", ""),
        country=country.numeric if country else "",
        email=told.get("email", ""),
        calling_code=phone[1] if phone else "",
        subscriber=_subscriber(phone[1], phone[2]) if phone else "",
    )


_CONTEXT_LENGTHS: Final = {
    "name": MAX_NAME,
    "firstName": MAX_NAME,
    "lastName": MAX_NAME,
    "addressLine1": MAX_LINE,
    "addressLine2": MAX_LINE,
    "city": MAX_LINE,
    "postalCode": MAX_POST_CODE,
    "country": 2,
    "email": 254,
    "mobilePhone": 20,
}


def _too_long(told: Mapping[str, str]) -> Iterable[str]:
    lengths = _CONTEXT_LENGTHS.items()
    return [f"billing.{name}: at most {most} characters" for name, most in lengths if len(told.get(name, "")) > most]


def _billing(text: str) -> Mapping[str, Any]:
    if len(text) > 2 * MAX_DOCUMENT:
        raise BuyerRefused(f"longer than {2 * MAX_DOCUMENT} characters")
    try:
        document = msgspec.json.decode(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BuyerRefused("not base64 of a JSON object") from error
    document = {} if document == [] else document  # how PHP writes an object without members
    billing = document.get("billing", {}) if isinstance(document, dict) else None
    billing = {} if billing == [] else billing
    if not isinstance(billing, dict):
        raise BuyerRefused("a JSON object with an object billing is expected")
    return billing


def _is_country(number: str) -> bool:
    """Codes above 900 are left to users by ISO 3166-1, and no element takes them."""
    return number in countries_by_numeric and number <= "900"


def _line(text: str) -> str:
    """One line: no control characters, no runs of blanks."""
    return " ".join("".join(" " if unicodedata.category(one)[0] == "C" else one for one in text).split())


def _name(*parts: str) -> str:
    """In the characters that cardholderName allows (EMV Book 4, annex B): accents are left out, and what is not Latin."""
    plain = unicodedata.normalize("NFKD", " ".join(parts)).encode("ascii", "ignore").decode()
    return " ".join(plain.split())[:MAX_NAME].rstrip()


def _subscriber(calling_code: str, national: str) -> str:
    """Without the 0 that is dialled inside most countries; in Italy it belongs to the number."""
    return national if calling_code == _ITALY else national.removeprefix("0")
