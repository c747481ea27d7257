"""3-D Secure for shops that authorise by themselves, in the manner of Paybox's RemoteMPI.cgi: its form, its signed answer. Pure.

The browser brings card and amount, and carries the result back to the shop. Nothing is charged.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from acs_sim.gateway.e_transactions.form import SITES
from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.fields import FormRefused, require, web_address
from acs_sim.gateway.forms.money import exponents
from acs_sim.gateway.payment.cards import CardEntry, CardRefused, read_entry
from acs_sim.gateway.records.purchase import Outcome, PaymentRequest, Purchase

MANNER: Final = "remote-mpi"
PAGE: Final = "/cgi/RemoteMPI.cgi"
CHARSET: Final = "iso-8859-1"
MAX_SESSION: Final = 250
CARD_FIELDS: Final = frozenset({"CCNumber", "CCExpDate", "CVVCode"})

_REQUIRED: Final = ("IdMerchant", "IdSession", "Amount", "Currency", *sorted(CARD_FIELDS), "URLRetour")
_IDENTIFIERS: Final = frozenset(identifier for _, identifiers in SITES.values() for identifier in identifiers)
_GO_ON: Final = "Autorisation à faire"
_STOP: Final = "Autorisation à ne pas faire"
_TIMEOUT: Final = "Timeout"
_TIMED_OUT: Final = frozenset({"directory-timed-out", "no-result", "page-expired", "exchange-interrupted"})
_ERRORS: Final[Mapping[str, str]] = MappingProxyType({"directory-timed-out": "98", "directory-unreachable": "1"})
OTHER_ERROR: Final = "10000"
_CAVV_ALGORITHM_DIGITS: Final = 2


def read(fields: Mapping[str, str], now: datetime) -> tuple[PaymentRequest, CardEntry]:
    """What the form asks for, and the card that it carries. Errors: `FormRefused`, with every fault named."""
    require(fields, _REQUIRED)
    faults = []
    if fields["IdMerchant"] not in _IDENTIFIERS:
        faults.append("IdMerchant: not one of the published test identifiers")
    if len(fields["IdSession"]) > MAX_SESSION:
        faults.append(f"IdSession: at most {MAX_SESSION} characters")
    amount = fields["Amount"]
    if not (amount.isascii() and amount.isdigit() and len(amount) <= 12) or int(amount) == 0:
        faults.append("Amount: minor units, up to 12 digits, above zero")
    if fields["Currency"] not in exponents():
        faults.append("Currency: a numeric ISO 4217 code")
    if not web_address(fields["URLRetour"]):
        faults.append("URLRetour: an absolute http or https address")
    try:
        entry = read_entry(MANNER, fields["CCNumber"], fields["CCExpDate"], fields["CVVCode"], now)
    except CardRefused as refused:
        faults += [f"{_NAMES[name]}: {fault}" for name, fault in refused.faults.items()]
    if faults:
        raise FormRefused(*faults)
    return _request(fields), entry


_NAMES: Final = MappingProxyType({"card_number": "CCNumber", "expiry": "CCExpDate", "cryptogram": "CVVCode"})


def _request(fields: Mapping[str, str]) -> PaymentRequest:
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
        answer_url=None,
        fields={},
    )


def result(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    """The fields of the answer without their seal. 3-D Secure's own values are as they came."""
    classic, authentication = purchase.classic, purchase.authentication
    told = classic.result if classic else None
    fields = {
        "IdSession": purchase.request.reference,
        "ID3D": outcome.call_number,
        "StatusPBX": _status(outcome),
        "3DENROLLED": classic.enrolled if classic else {True: "Y", False: "N", None: "U"}[purchase.enrolled],
        "3DSTATUS": told.told if told else authentication.trans_status if authentication else "",
        "3DSIGNVAL": told.signature if told else "",
        "3DERROR": "0" if purchase.failure is None else _ERRORS.get(purchase.failure, OTHER_ERROR),
        "3DECI": (authentication.eci if authentication else None) or "",
        "3DXID": classic.xid if classic else "",
        "3DCAVV": (told.cavv if told else None) or "",
        "3DCAVVALGO": (told.cavv_algorithm or "").zfill(_CAVV_ALGORITHM_DIGITS) if told and told.cavv else "",
    }
    return {name: value for name, value in fields.items() if value or name == "IdSession"}


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
