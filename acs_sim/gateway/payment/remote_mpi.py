"""3-D Secure for shops that authorise by themselves, in the manner of Paybox's RemoteMPI.cgi: its form, its signed answer. Pure.

The browser brings card and amount, and carries the result back to the shop. Nothing is charged.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import quote
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.fields import FormRefused, require
from acs_sim.gateway.forms.merchants import Merchants
from acs_sim.gateway.forms.money import exponents
from acs_sim.gateway.payment.cards import CardEntry, CardRefused, read_entry
from acs_sim.gateway.records.purchase import Outcome, PaymentRequest, Purchase
from acs_sim.settings.merchants import FRANCE
from threedsecure.addresses import is_web_address

MANNER: Final = "remote-mpi"
PAGE: Final = "/cgi/RemoteMPI.cgi"
CHARSET: Final = "iso-8859-1"
MAX_SESSION: Final = 250
CARD_FIELDS: Final = frozenset({"CCNumber", "CCExpDate", "CVVCode"})

_REQUIRED: Final = ("IdMerchant", "IdSession", "Amount", "Currency", *sorted(CARD_FIELDS), "URLRetour")
MISSING: Final = tuple(f"{name}: missing" for name in _REQUIRED)
_GO_ON: Final = "Autorisation à faire"
_STOP: Final = "Autorisation à ne pas faire"
_TIMEOUT: Final = "Timeout"
_TIMED_OUT: Final = frozenset({"directory-timed-out", "no-result", "page-expired", "exchange-interrupted"})
_ERRORS: Final[Mapping[str, str]] = MappingProxyType({"directory-timed-out": "98", "directory-unreachable": "1"})
OTHER_ERROR: Final = "10000"
_CAVV_ALGORITHM_DIGITS: Final = 2
_ALGORITHMS: Final = MappingProxyType({"mastercard": "3", "cb": "4"})
"""3DCAVVALGO of an EMV authentication value; 2 for every scheme that is not here."""
_XID_BYTES: Final = 20


def read(fields: Mapping[str, str], now: datetime, merchants: Merchants) -> tuple[PaymentRequest, CardEntry]:
    """What the form asks for, and the card that it carries. Errors: `FormRefused`, with every fault named."""
    require(fields, _REQUIRED)
    faults = []
    merchant = merchants.of_identifier(fields["IdMerchant"])
    if merchant is None:
        faults.append("IdMerchant: neither a published test identifier nor that of a shop that was set up here")
    if len(fields["IdSession"]) > MAX_SESSION:
        faults.append(f"IdSession: at most {MAX_SESSION} characters")
    amount = fields["Amount"]
    if not (amount.isascii() and amount.isdigit() and len(amount) <= 12) or int(amount) == 0:
        faults.append("Amount: minor units, up to 12 digits, above zero")
    if fields["Currency"] not in exponents():
        faults.append("Currency: a numeric ISO 4217 code")
    given = [name for name in ("URLRetour", "URLHttpDirect") if fields.get(name)]
    faults += [f"{name}: an absolute http or https address" for name in given if not is_web_address(fields[name])]
    try:
        entry = read_entry(MANNER, fields["CCNumber"], fields["CCExpDate"], fields["CVVCode"], now)
    except CardRefused as refused:
        faults += [f"{_NAMES[name]}: {fault}" for name, fault in refused.faults.items()]
    if faults:
        raise FormRefused(*faults)
    return _request(fields, merchant.country if merchant else FRANCE), entry


_NAMES: Final = MappingProxyType({"card_number": "CCNumber", "expiry": "CCExpDate", "cryptogram": "CVVCode"})


def _request(fields: Mapping[str, str], country: str) -> PaymentRequest:
    return PaymentRequest(
        manner=MANNER,
        merchant_name="Boutique de test",
        merchant_id=fields["IdMerchant"],
        reference=fields["IdSession"],
        amount=int(fields["Amount"]),
        currency=fields["Currency"],
        language="fr",
        challenge_indicator="01",
        email="",
        accepted_url=fields["URLRetour"],
        refused_url=fields["URLRetour"],
        cancelled_url=fields["URLRetour"],
        answer_url=fields.get("URLHttpDirect") or None,
        answer_method="GET",
        fields={},
        country=country,
    )


def result(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    """The fields of the answer without their seal. 3-D Secure's own values are as they came."""
    v1, authentication = purchase.v1, purchase.authentication
    told = v1.result if v1 else None
    value = authentication.value if authentication and not v1 else None
    fields = {
        "IdSession": purchase.request.reference,
        "ID3D": outcome.call_number,
        "StatusPBX": _status(outcome),
        "3DENROLLED": v1.enrolled if v1 else {True: "Y", False: "N", None: "U"}[purchase.enrolled],
        "3DSTATUS": told.told if told else authentication.trans_status if authentication else "",
        "3DSIGNVAL": told.signature if told else "Y" if value else "",
        "3DERROR": "0" if purchase.failure is None else _ERRORS.get(purchase.failure, OTHER_ERROR),
        "3DECI": (authentication.eci if authentication else None) or "",
        "3DXID": v1.xid if v1 else _xid(purchase),
        "3DCAVV": (told.cavv if told else value) or "",
        "3DCAVVALGO": _algorithm(purchase, told.cavv_algorithm if told and told.cavv else None, value),
    }
    return {name: value for name, value in fields.items() if value or name == "IdSession"}


def _xid(purchase: Purchase) -> str:
    """EMV 3-D Secure has no XID: the dsTransID stands in, in the 28 characters that clients expect."""
    if not purchase.ds_trans_id:
        return ""
    return base64.b64encode(UUID(purchase.ds_trans_id).bytes.rjust(_XID_BYTES, b"\0")).decode()


def _algorithm(purchase: Purchase, told: str | None, value: str | None) -> str:
    algorithm = told or (_ALGORITHMS.get(purchase.scheme or "", "2") if value else "")
    return algorithm.zfill(_CAVV_ALGORITHM_DIGITS) if algorithm else ""


def answer_line(purchase: Purchase, outcome: Outcome, key: RSAPrivateKey) -> str:
    """What URLHttpDirect is called with: each value url-encoded once, and last Check over everything before it."""
    pairs = [f"{name}={_encoded(value)}" for name, value in result(purchase, outcome).items()]
    line = "&".join(pairs)
    return f"{line}&Check={_encoded(seals.sign_answer(line, key))}"


def answer_fields(purchase: Purchase, outcome: Outcome, key: RSAPrivateKey) -> dict[str, str]:
    """What the browser posts to URLRetour: each value url-encoded once more than the form does, and last Check, the RSA-SHA1
    signature of everything before it."""
    encoded = {name: _encoded(value) for name, value in result(purchase, outcome).items()}
    line = "&".join(f"{name}={value}" for name, value in encoded.items())
    return {**encoded, "Check": _encoded(seals.sign_answer(line, key))}


def _encoded(value: str) -> str:
    return quote(value, safe="", encoding=CHARSET, errors="replace")


def _status(outcome: Outcome) -> str:
    if outcome.reason in _TIMED_OUT:
        return _TIMEOUT
    return _GO_ON if outcome.result == "accepted" else _STOP
