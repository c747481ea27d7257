"""The payment page in the manner of Crédit Agricole e-transactions (Paybox): its form, its answers. Pure.

The test sites, ranks and identifiers below are the published ones; their key is `seals.PAYBOX_TEST_KEY`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, quote_plus

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.buyer import buyer_in, from_pbx_billing
from acs_sim.gateway.forms.fields import FormRefused, require, web_address
from acs_sim.gateway.forms.money import exponents
from acs_sim.gateway.records.purchase import Outcome, PaymentRequest, Purchase

MANNER: Final = "e-transactions"
PAGE: Final = "/cgi/MYchoix_pagepaiement.cgi"
SITES: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = MappingProxyType(
    {
        "1999888": (frozenset({"32", "43", "63", "77"}), frozenset({"2", "109518543", "3262411", "107904482"})),
        "1999887": (frozenset({"32", "63"}), frozenset({"215", "222"})),
    }
)
SHOP_IDS: Final = ("1999887", "63", "222")
"""Site, rank and identifier of the shop of the house: the published set with 3-D Secure."""

_REQUIRED: Final = (
    "PBX_SITE",
    "PBX_RANG",
    "PBX_IDENTIFIANT",
    "PBX_TOTAL",
    "PBX_DEVISE",
    "PBX_CMD",
    "PBX_PORTEUR",
    "PBX_RETOUR",
    "PBX_HASH",
    "PBX_TIME",
    "PBX_HMAC",
)
_LETTERS: Final = frozenset("MRTABCDEFGHIJNOPQSUWYZvK")
_LANGUAGES: Final = MappingProxyType({"GBR": "en", "USA": "en"})
_CHALLENGE: Final = frozenset({"01", "02", "03", "04"})
_BRANDS: Final = MappingProxyType(
    {"cb": "CB", "visa": "VISA", "mastercard": "EUROCARD_MASTERCARD", "amex": "AMEX", "jcb": "JCB"}
)
_CODES: Final = MappingProxyType(
    {
        "page-expired": "00030",
        "cancelled-by-buyer": "00001",
        "directory-timed-out": "00098",
        "directory-unreachable": "00001",
        "not-authenticated": "00040",
        "rejected": "00040",
        "challenge-cancelled": "00040",
        "challenge-timed-out": "00040",
        "challenge-unavailable": "00040",
    }
)


def read(fields: Mapping[str, str], merchant_names: Mapping[tuple[str, ...], str]) -> PaymentRequest:
    """What the sealed form (in its own order) asks for. `merchant_names`: by site, rank and identifier.

    Errors: `FormRefused`, with every fault named."""
    fields = {name: value for name, value in fields.items() if name.startswith("PBX_")}
    require(fields, _REQUIRED)
    site, rank, identifier = (fields[name] for name in ("PBX_SITE", "PBX_RANG", "PBX_IDENTIFIANT"))
    ranks, identifiers = SITES.get(site, (frozenset(), frozenset()))
    if rank not in ranks or identifier not in identifiers:
        raise FormRefused("PBX_SITE, PBX_RANG, PBX_IDENTIFIANT: not one of the published test sets")
    if fields["PBX_HASH"].upper() != "SHA512" or not seals.pbx_hmac_holds(fields, seals.PAYBOX_TEST_KEY):
        raise FormRefused("PBX_HMAC: the seal does not fit the fields (SHA512, in the order of the form)")
    buyer, of_buyer = buyer_in(fields, "PBX_BILLING", from_pbx_billing)
    faults = [*_faults(fields), *of_buyer]
    if faults:
        raise FormRefused(*faults)
    language = _LANGUAGES.get(fields.get("PBX_LANGUE", ""), "fr")
    return PaymentRequest(
        manner=MANNER,
        merchant_name=merchant_names.get((site, rank, identifier), "Boutique de test"),
        merchant_id=f"{site}{rank.zfill(3)}",
        reference=fields["PBX_CMD"],
        amount=int(fields["PBX_TOTAL"]),
        currency=fields["PBX_DEVISE"],
        language=language,
        challenge_indicator=fields.get("PBX_SOUHAITAUTHENT", "01"),
        email=fields["PBX_PORTEUR"],
        accepted_url=fields.get("PBX_EFFECTUE", ""),
        refused_url=fields.get("PBX_REFUSE", ""),
        cancelled_url=fields.get("PBX_ANNULE", ""),
        answer_url=fields.get("PBX_REPONDRE_A") or None,
        fields={"PBX_RETOUR": fields["PBX_RETOUR"]},
        buyer=buyer,
    )


def _faults(fields: Mapping[str, str]) -> Iterable[str]:
    total, currency = fields["PBX_TOTAL"], fields["PBX_DEVISE"]
    if not (total.isascii() and total.isdigit() and 3 <= len(total) <= 10) or int(total) == 0:
        yield "PBX_TOTAL: an amount in minor units, 3 to 10 digits, above zero"
    if currency not in exponents():
        yield "PBX_DEVISE: a numeric ISO 4217 code"
    if len(fields["PBX_CMD"]) > 250:
        yield "PBX_CMD: at most 250 characters"
    if len(fields["PBX_PORTEUR"]) > 120:
        yield "PBX_PORTEUR: at most 120 characters"
    if fields.get("PBX_SOUHAITAUTHENT", "01") not in _CHALLENGE:
        yield "PBX_SOUHAITAUTHENT: 01, 02, 03 or 04"
    if not _letters(fields["PBX_RETOUR"]):
        yield "PBX_RETOUR: name:letter;… with known letters, K last"
    for name in ("PBX_EFFECTUE", "PBX_REFUSE", "PBX_ANNULE", "PBX_REPONDRE_A"):
        if fields.get(name) and not web_address(fields[name]):
            yield f"{name}: an absolute http or https address"


def _letters(returned: str) -> list[tuple[str, str]]:
    """PBX_RETOUR as pairs of name and letter; empty when it is ill-formed."""
    pairs = [tuple(part.split(":")) for part in returned.rstrip(";").split(";")]
    known = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and pair[0] and pair[1] in _LETTERS]
    signed_last = all(letter != "K" for _, letter in known[:-1])
    return known if len(known) == len(pairs) and signed_last else []


def error_code(outcome: Outcome) -> str:
    """Letter E: 00000 accepted, 00040 not authenticated, 001xx refused by the acquirer with its answer xx."""
    if outcome.result == "accepted":
        return "00000"
    if outcome.acquirer_answer is not None:
        return f"001{outcome.acquirer_answer}"
    return _CODES.get(outcome.reason, "00003")


def answer_line(purchase: Purchase, outcome: Outcome, key: RSAPrivateKey) -> str:
    """The signed answer: the variables of PBX_RETOUR, url-encoded, in its order. Variables without a value are left out, as
    the authorisation number of a refusal is."""
    pairs: list[str] = []
    for name, letter in _letters(purchase.request.fields["PBX_RETOUR"]):
        value = sign(pairs, key) if letter == "K" else _value(letter, purchase, outcome)
        if value:
            pairs.append(f"{quote_plus(name)}={quote(value, safe='')}")
    return "&".join(pairs)


def sign(pairs: Iterable[str], key: RSAPrivateKey) -> str:
    return seals.sign_answer("&".join(pairs), key)


def _value(letter: str, purchase: Purchase, outcome: Outcome) -> str:
    if outcome.result == "cancelled" and letter not in "RE":
        return ""  # a buyer who leaves gives nothing but the reference and the code
    return _VALUES.get(letter, _nothing)(purchase, outcome)


def _nothing(_purchase: Purchase, _outcome: Outcome) -> str:
    return ""


def _of_card(read_card: Callable[[Purchase], str]) -> Callable[[Purchase, Outcome], str]:
    return lambda purchase, _outcome: read_card(purchase) if purchase.card else ""


def _status(purchase: Purchase) -> str:
    return purchase.authentication.trans_status if purchase.authentication else ""


def _enrolment(purchase: Purchase) -> str:
    return {True: "Y", False: "N", None: "U"}[purchase.enrolled]


def _moment(form: str) -> Callable[[Purchase, Outcome], str]:
    return lambda _purchase, outcome: format(outcome.at, form)


_VALUES: Final[Mapping[str, Callable[[Purchase, Outcome], str]]] = MappingProxyType(
    {
        "M": lambda purchase, _: str(purchase.request.amount),
        "R": lambda purchase, _: purchase.request.reference,
        "T": lambda _, outcome: outcome.call_number,
        "A": lambda _, outcome: outcome.authorisation or "",
        "C": _of_card(lambda purchase: _BRANDS.get(purchase.scheme or "", "")),
        "D": _of_card(lambda purchase: purchase.card.expiry if purchase.card else ""),
        "E": lambda _, outcome: error_code(outcome),
        "F": lambda purchase, _: _status(purchase),
        "G": lambda _, outcome: "O" if outcome.guarantee else "N",
        "H": _of_card(lambda purchase: purchase.card.print if purchase.card else ""),
        "I": lambda _, __: "FRA",
        "J": _of_card(lambda purchase: purchase.card.last_four[-2:] if purchase.card else ""),
        "N": _of_card(lambda purchase: purchase.card.first_six if purchase.card else ""),
        "O": _of_card(_enrolment),
        "P": lambda _, __: "CARTE",
        "Q": _moment("%H:%M:%S"),
        "S": lambda _, outcome: outcome.transaction_number,
        "W": _moment("%d%m%Y"),
        "Y": _of_card(lambda _: "FRA"),
        "v": lambda purchase, _: purchase.version or "",
    }
)


def sealed_form(
    *,
    reference: str,
    amount: int,
    currency: str,
    email: str,
    language: str,
    at: datetime,
    shop_url: str,
    quantity: int,
) -> dict[str, str]:
    """What the shop of the house posts to the payment page: amount, reference, addresses, and its one buyer, sealed."""
    site, rank, identifier = SHOP_IDS
    fields = {
        "PBX_SITE": site,
        "PBX_RANG": rank,
        "PBX_IDENTIFIANT": identifier,
        "PBX_TOTAL": f"{amount:03}",
        "PBX_DEVISE": currency,
        "PBX_CMD": reference,
        "PBX_PORTEUR": email,
        "PBX_RETOUR": SHOP_RETOUR,
        "PBX_SHOPPINGCART": SHOP_CART.format(quantity),
        "PBX_BILLING": SHOP_BILLING,
        "PBX_HASH": "SHA512",
        "PBX_TIME": at.isoformat(timespec="seconds"),
        "PBX_LANGUE": "GBR" if language == "en" else "FRA",
        "PBX_SOURCE": "RWD",
        "PBX_EFFECTUE": f"{shop_url}/return/accepted",
        "PBX_REFUSE": f"{shop_url}/return/refused",
        "PBX_ANNULE": f"{shop_url}/return/cancelled",
        "PBX_REPONDRE_A": f"{shop_url}/ipn",
        "PBX_RUF1": "POST",
    }
    return {**fields, "PBX_HMAC": seals.pbx_hmac(fields.items(), seals.PAYBOX_TEST_KEY)}


SHOP_RETOUR: Final = (
    "montant:M;reference:R;appel:T;transaction:S;autorisation:A;carte:C;fin:J;statut3ds:F;garantie3ds:G;enrolement3ds:O;"
    "version3ds:v;erreur:E;signature:K"
)
_XML: Final = '<?xml version="1.0" encoding="utf-8"?>'
SHOP_CART: Final = _XML + "<shoppingcart><total><totalQuantity>{}</totalQuantity></total></shoppingcart>"
SHOP_BILLING: Final = (
    f"{_XML}<Billing><Address><FirstName>Hélène</FirstName><LastName>Exemple</LastName>"
    "<Address1>12 rue du Port</Address1><ZipCode>29200</ZipCode><City>Brest</City><CountryCode>250</CountryCode>"
    "<CountryCodeMobilePhone>+33</CountryCodeMobilePhone><MobilePhone>0639980000</MobilePhone></Address></Billing>"
)
