"""The payment page in the manner of Monetico p@iement (CMCIC_PAYMENT 3.0): its form, its answers. Pure.

The terminal and its key are those that a public client library prints for tests.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.buyer import buyer_in, from_order_context
from acs_sim.gateway.forms.fields import FormRefused, require, web_address
from acs_sim.gateway.forms.money import decimal_text
from acs_sim.gateway.records.purchase import Outcome, PaymentRequest, Purchase
from threedsecure.currencies import by_code, by_number

MANNER: Final = "monetico"
PAGES: Final = ("/test/paiement.cgi", "/paiement.cgi")
TERMINAL: Final = "9344512"
COMPANY: Final = "test"
KEY: Final = seals.monetico_key(seals.MONETICO_TEST_KEY)
RECEIVED: Final = "version=2\ncdr=0\n"
"""The answer of a shop that found the seal good; `cdr=1` says that it did not."""
REFUSED_SEAL: Final = "version=2\ncdr=1\n"

_REQUIRED: Final = ("TPE", "societe", "version", "lgue", "date", "montant", "reference", "MAC")
_AMOUNT = re.compile(r"(\d{1,10})(?:\.(\d{1,4}))?([A-Z]{3})")
_REFERENCE = re.compile(r"[A-Za-z0-9]{1,50}")
_DATE = re.compile(r"\d{2}/\d{2}/\d{4}:\d{2}:\d{2}:\d{2}")
_LANGUAGES: Final = frozenset({"FR", "EN", "DE", "IT", "ES", "NL", "PT", "SV"})
CHALLENGE_INDICATORS: Final = MappingProxyType(
    {
        "no_preference": "01",
        "no_challenge_requested": "02",
        "challenge_preferred": "03",
        "challenge_mandated": "04",
        "no_challenge_requested_risk_analysis": "05",
        "no_challenge_requested_strong_authentication": "07",
        "no_challenge_requested_trusted_third_party": "08",
    }
)
_BRANDS: Final = MappingProxyType({"cb": "CB", "visa": "VI", "mastercard": "MC", "amex": "AM"})
_STATUSES: Final = MappingProxyType(
    {
        "Y": "authenticated",
        "A": "authentication_attempted",
        "N": "not_authenticated",
        "R": "authentication_rejected",
        "U": "authentication_not_performed",
    }
)


def read(fields: Mapping[str, str], answer_url: str, merchant_name: str) -> PaymentRequest:
    """What the sealed form asks for; answers go to `answer_url`. Errors: `FormRefused`, with every fault named."""
    require(fields, _REQUIRED)
    if fields["TPE"] != TERMINAL:
        raise FormRefused(f"TPE: the test terminal is {TERMINAL}")
    if not seals.monetico_mac_holds(fields, KEY):
        raise FormRefused("MAC: the seal does not fit the fields (HMAC-SHA1 over all of them, sorted by name)")
    buyer, of_buyer = buyer_in(fields, "contexte_commande", from_order_context)
    faults = [*_faults(fields), *of_buyer]
    if faults:
        raise FormRefused(*faults)
    amount, currency = read_amount(fields["montant"]) or (0, "")
    preference = fields.get("ThreeDSecureChallenge", "no_preference")
    return PaymentRequest(
        manner=MANNER,
        merchant_name=merchant_name if fields["societe"] == COMPANY else "Boutique de test",
        merchant_id=TERMINAL,
        reference=fields["reference"],
        amount=amount,
        currency=currency,
        language="fr" if fields["lgue"] == "FR" else "en",
        challenge_indicator=CHALLENGE_INDICATORS[preference],
        email=fields.get("mail", ""),
        accepted_url=fields.get("url_retour_ok", ""),
        refused_url=fields.get("url_retour_err", ""),
        cancelled_url=fields.get("url_retour_err", ""),
        answer_url=answer_url,
        fields={
            "montant": fields["montant"],
            "texte-libre": fields.get("texte-libre", ""),
            "ThreeDSecureChallenge": preference,
        },
        buyer=buyer,
    )


def _faults(fields: Mapping[str, str]) -> Iterable[str]:
    if fields["version"] != "3.0":
        yield "version: 3.0"
    if fields["lgue"] not in _LANGUAGES:
        yield f"lgue: one of {' '.join(sorted(_LANGUAGES))}"
    if not _DATE.fullmatch(fields["date"]):
        yield "date: DD/MM/YYYY:HH:MM:SS"
    if read_amount(fields["montant"]) is None:
        yield "montant: a number with a decimal point, above zero, then an alphabetic ISO 4217 code (95.25EUR)"
    if not _REFERENCE.fullmatch(fields["reference"]):
        yield "reference: 1 to 50 letters and digits"
    if fields.get("ThreeDSecureChallenge", "no_preference") not in CHALLENGE_INDICATORS:
        yield f"ThreeDSecureChallenge: one of {', '.join(CHALLENGE_INDICATORS)}"
    if len(fields.get("texte-libre", "")) > 3_200:
        yield "texte-libre: at most 3200 characters"
    for name in ("url_retour_ok", "url_retour_err"):
        if fields.get(name) and not web_address(fields[name]):
            yield f"{name}: an absolute http or https address"


def read_amount(text: str) -> tuple[int, str] | None:
    """`95.25EUR` as minor units and numeric currency; None when it is none, or has more decimals than the currency."""
    match = _AMOUNT.fullmatch(text)
    currency = by_code().get(match[3]) if match else None
    if match is None or currency is None or currency.exponent is None or len(match[2] or "") > currency.exponent:
        return None
    amount = int(match[1]) * 10**currency.exponent + int((match[2] or "").ljust(currency.exponent, "0") or "0")
    return (amount, currency.number) if amount else None


def amount_field(amount: int, currency: str) -> str:
    return f"{decimal_text(amount, currency)}{by_number()[currency].code}"


def answer_form(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    """The fields of the CGI2 post, MAC included."""
    request, card = purchase.request, purchase.card
    accepted = outcome.result == "accepted"
    fields = {
        "TPE": TERMINAL,
        "date": f"{outcome.at:%d/%m/%Y_a_%H:%M:%S}",
        "montant": request.fields["montant"],
        "reference": request.reference,
        "texte-libre": request.fields["texte-libre"],
        "code-retour": "payetest" if accepted else "Annulation",
        "cvx": "oui",
        "modepaiement": "CB",
        "originetr": "FRA",
        "ipclient": "127.0.0.1",
        "authentification": _base64(authentication_document(purchase, outcome)),
    }
    if purchase.classic is not None:
        fields |= classic_fields(purchase, outcome)
    if card is not None:
        fields |= {
            "vld": card.expiry[2:] + card.expiry[:2],
            "brand": _BRANDS.get(purchase.scheme or "", "na"),
            "originecb": "FRA",
            "bincb": card.first_six,
            "hpancb": card.print,
            "cbmasquee": card.masked,
            "usage": "credit",
            "typecompte": "particulier",
            "ecard": "non",
        }
    fields |= {"numauto": outcome.authorisation or ""} if accepted else _refusal(outcome)
    return {**fields, "MAC": seals.monetico_mac(fields, KEY)}


def answer_body(purchase: Purchase, outcome: Outcome) -> str:
    return urlencode(answer_form(purchase, outcome))


def _refusal(outcome: Outcome) -> dict[str, str]:
    if outcome.acquirer_answer is not None:
        return {"motifrefus": "Refus", "motifrefusautorisation": outcome.acquirer_answer}
    return {"motifrefus": "3DSecure", "motifrefusautorisation": "-"}


def classic_fields(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    """The fields of the old interface: what VERes and PARes said, and the risk (-1 outside 3-D Secure, 1 low, 4 high)."""
    classic = purchase.classic
    if classic is None:
        return {}
    risk = "-1" if classic.enrolled == "N" else "1" if outcome.guarantee else "4"
    told = {"status3ds": risk, "veres": classic.enrolled}
    return told | ({"pares": classic.result.status} if classic.result else {})


def _classic_details(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    names = {"status3ds": "status3DS", "veres": "VERes", "pares": "PARes"}
    return {names[name]: value for name, value in classic_fields(purchase, outcome).items()}


def authentication_document(purchase: Purchase, outcome: Outcome) -> dict[str, Any]:
    """The `authentification` JSON of the answer."""
    if purchase.classic is not None:
        return {
            "details": _classic_details(purchase, outcome),
            "protocol": "3DSecure",
            "status": _authentication_status(purchase),
            "version": purchase.classic.version,
        }
    details: dict[str, str] = {
        "liabilityShift": _liability_shift(purchase, outcome),
        "merchantPreference": purchase.request.fields["ThreeDSecureChallenge"],
    }
    if purchase.ares is not None:
        details["ARes"] = purchase.ares["transStatus"]
        details["transactionID"] = purchase.id
    if purchase.results is not None:
        details["CRes"] = "Y" if purchase.results["transStatus"] in ("Y", "A") else "N"
    if purchase.authentication is not None and purchase.authentication.value:
        details["authenticationValue"] = purchase.authentication.value
    return {
        "details": details,
        "protocol": "3DSecure",
        "status": _authentication_status(purchase),
        "version": purchase.version or "2.2.0",
    }


def _authentication_status(purchase: Purchase) -> str:
    if purchase.authentication is not None:
        return _STATUSES.get(purchase.authentication.trans_status, "error")
    return "not_enrolled" if purchase.enrolled is False and purchase.failure is None else "error"


def _liability_shift(purchase: Purchase, outcome: Outcome) -> str:
    if purchase.authentication is None or outcome.result != "accepted":
        return "NA"
    return "Y" if outcome.guarantee else "N"


def _base64(document: Mapping[str, Any]) -> str:
    return base64.b64encode(json.dumps(document, sort_keys=True).encode()).decode()


def read_authentication(text: str) -> dict[str, Any]:
    """The `authentification` JSON of an answer; empty when it is none (it may be the base64 of `null`)."""
    try:
        document = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def sealed_form(
    *, reference: str, amount: int, currency: str, email: str, language: str, at: datetime, shop_url: str, token: str
) -> dict[str, str]:
    """What the shop of the house posts to the payment page: amount, reference, order context and addresses, sealed."""
    context = {
        "billing": {
            "firstName": "Camille",
            "lastName": "Exemple",
            "addressLine1": "1 rue de la Démonstration",
            "city": "Lyon",
            "postalCode": "69001",
            "country": "FR",
            "mobilePhone": "+33-639980001",
        }
    }
    fields = {
        "TPE": TERMINAL,
        "societe": COMPANY,
        "version": "3.0",
        "lgue": "EN" if language == "en" else "FR",
        "date": f"{at:%d/%m/%Y:%H:%M:%S}",
        "montant": amount_field(amount, currency),
        "reference": reference,
        "texte-libre": "atelier",
        "mail": email,
        "contexte_commande": _base64(context),
        "ThreeDSecureChallenge": "no_preference",
        "url_retour_ok": f"{shop_url}/return/ok?order={token}",
        "url_retour_err": f"{shop_url}/return/err?order={token}",
    }
    return {**fields, "MAC": seals.monetico_mac(fields, KEY)}
