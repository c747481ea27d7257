"""The sealed answer in the manner of Monetico (CGI2). Pure."""

from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from acs_sim.gateway.forms import seals
from acs_sim.gateway.monetico.form import OLD
from acs_sim.gateway.monetico.values import base64_json
from acs_sim.gateway.records.purchase import Outcome, Purchase
from acs_sim.settings.merchants import MoneticoMerchant

RECEIVED: Final = "version=2\ncdr=0\n"
"""The answer of a shop that found the seal good; `cdr=1` says that it did not."""
REFUSED_SEAL: Final = "version=2\ncdr=1\n"

_BRANDS: Final = MappingProxyType({"cb": "CB", "visa": "VI", "mastercard": "MC", "amex": "AM"})
_VERSIONS: Final = MappingProxyType({"2.3.1": "2.2.0"})
"""`version` of the authentication is one that kits know; they know none after 2.2.0."""
_OLD_FIELDS: Final = frozenset(
    {
        *("TPE", "date", "montant", "reference", "texte-libre", "code-retour", "cvx", "vld", "brand", "numauto"),
        *("motifrefus", "originecb", "bincb", "hpancb", "ipclient", "originetr", "cbmasquee", "modepaiement"),
    }
)
"""What an answer to the old form tells besides the fields of 1.0.2."""
_STATUSES: Final = MappingProxyType(
    {
        "Y": "authenticated",
        "A": "authentication_attempted",
        "N": "not_authenticated",
        "R": "authentication_rejected",
        "U": "authentication_not_performed",
    }
)
_REASONS: Final = MappingProxyType(
    {
        **dict.fromkeys(("01", "02"), "Appel Phonie"),
        **dict.fromkeys(("04", "07", "34", "41", "43"), "Interdit"),
        **dict.fromkeys(("00021", "00022", "00023", "00024", "00033"), "filtrage"),
    }
)
"""`motifrefus` by the acquirer's answer or the platform's code; `Refus` for every other one."""
_NOT_OF_3DS: Final = frozenset({"too-many-tries", "already-paid"})


def answer_form(purchase: Purchase, outcome: Outcome, key: bytes) -> dict[str, str]:
    """The fields of the CGI2 post, MAC under `key` included, in the interface of the form."""
    fields, charset = _fields(purchase, outcome), purchase.request.seal_charset
    if purchase.request.fields.get("interface") == OLD:
        fields = {name: value for name, value in fields.items() if name in _OLD_FIELDS} | fields_v1(purchase, outcome)
        return {**fields, "MAC": seals.monetico_old_answer_mac({**fields, "version": "3.0"}, key, charset)}
    return {**fields, "MAC": seals.monetico_mac(fields, key, charset)}


def _fields(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    request, card = purchase.request, purchase.card
    accepted = outcome.result == "accepted"
    fields = {
        "TPE": request.merchant_id,
        "date": f"{outcome.at:%d/%m/%Y_a_%H:%M:%S}",
        "montant": request.fields["montant"],
        "reference": request.reference,
        "texte-libre": request.fields["texte-libre"],
        "code-retour": "payetest" if accepted else "Annulation",
        "cvx": "oui",
        "modepaiement": "CB",
        "originetr": "FRA",
        "ipclient": "127.0.0.1",
        "authentification": base64_json(authentication_document(purchase, outcome)),
    }
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
    return fields | ({"numauto": outcome.authorisation or ""} if accepted else _refusal(outcome))


def answer_body(purchase: Purchase, outcome: Outcome, merchant: MoneticoMerchant) -> str:
    """The CGI2 post in the character set of the form."""
    fields = answer_form(purchase, outcome, seals.monetico_key(merchant.key))
    return urlencode(fields, encoding=purchase.request.charset, errors="replace")


def _refusal(outcome: Outcome) -> dict[str, str]:
    known = outcome.acquirer_answer or outcome.code
    if known is None and outcome.reason not in _NOT_OF_3DS:
        return {"motifrefus": "3DSecure", "motifrefusautorisation": "-"}
    return {"motifrefus": _REASONS.get(known or "", "Refus"), "motifrefusautorisation": known or "-"}


def fields_v1(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    """The fields of the old interface: what VERes and PARes said, and the risk (-1 outside 3-D Secure, 1 low, 4 high)."""
    v1 = purchase.v1
    if v1 is None:
        return {"status3ds": "1" if outcome.guarantee else "-1"}
    risk = "-1" if v1.enrolled == "N" else "1" if outcome.guarantee else "4"
    told = {"status3ds": risk, "veres": v1.enrolled}
    return told | ({"pares": v1.result.status} if v1.result else {})


def _classic_details(purchase: Purchase, outcome: Outcome) -> dict[str, str]:
    names = {"status3ds": "status3DS", "veres": "VERes", "pares": "PARes"}
    return {names[name]: value for name, value in fields_v1(purchase, outcome).items()}


def authentication_document(purchase: Purchase, outcome: Outcome) -> dict[str, Any]:
    """The `authentification` JSON of the answer."""
    if purchase.request.without_3ds:
        return {"details": {}, "protocol": "3DSecure", "status": "disabled", "disablingReason": "commercant"}
    if purchase.v1 is not None:
        return {
            "details": _classic_details(purchase, outcome),
            "protocol": "3DSecure",
            "status": _authentication_status(purchase),
            "version": purchase.v1.version,
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
        "version": _VERSIONS.get(purchase.version or "", purchase.version or "2.2.0"),
    }


def _authentication_status(purchase: Purchase) -> str:
    if purchase.authentication is not None:
        return _STATUSES.get(purchase.authentication.trans_status, "error")
    return "not_enrolled" if purchase.enrolled is False and purchase.failure is None else "error"


def _liability_shift(purchase: Purchase, outcome: Outcome) -> str:
    if purchase.authentication is None or outcome.result != "accepted":
        return "NA"
    return "Y" if outcome.guarantee else "N"
