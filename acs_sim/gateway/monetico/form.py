"""The payment page in the manner of Monetico p@iement (CMCIC_PAYMENT 3.0): its form. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.buyer import buyer_in, from_order_context
from acs_sim.gateway.forms.fields import FormRefused, Posted, require
from acs_sim.gateway.forms.merchants import COMPANY, TERMINAL, Merchants
from acs_sim.gateway.monetico.values import amount_field, base64_json, read_amount
from acs_sim.gateway.records.purchase import PaymentRequest
from acs_sim.settings.merchants import MoneticoMerchant
from threedsecure.addresses import is_web_address

MANNER: Final = "monetico"
PAGES: Final = ("/test/paiement.cgi", "/paiement.cgi")
KEY: Final = seals.monetico_key(seals.MONETICO_TEST_KEY)
OLD: Final = "old"
"""The interface of a form that was sealed by its values alone, in a fixed order; any other is sealed by its sorted names."""

_REQUIRED: Final = ("TPE", "societe", "version", "lgue", "date", "montant", "reference", "MAC")
_REFERENCE: Final = re.compile(r"[ -~]{1,50}")
_DATE = re.compile(r"\d{2}/\d{2}/\d{4}:\d{2}:\d{2}:\d{2}")
_LANGUAGES: Final = frozenset({"FR", "EN", "DE", "IT", "ES", "NL", "PT", "SV", "JA"})
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
_OPTIONAL: Final = frozenset(
    {
        *("contexte_commande", "texte-libre", "mail", "url_retour", "url_retour_ok", "url_retour_err", "3dsdebrayable"),
        *("ThreeDSecureChallenge", "libelleMonetique", "libelleMonetiqueLocalite", "desactivemoyenpaiement", "aliascb"),
        *("forcesaisiecb", "protocole", "options", "mode_affichage"),
    }
)
_IN_PARTS: Final = frozenset({"nbrech", *(f"{name}ech{n}" for name in ("date", "montant") for n in range(1, 5))})
KNOWN: Final = frozenset({*_REQUIRED, *_OPTIONAL, *_IN_PARTS})
"""Every field of the form: what the seal covers."""
_BUTTON: Final = "bouton"
"""The button of the vendor's sample page, which a browser posts too."""


def read(posted: Posted, merchants: Merchants) -> PaymentRequest:
    """What the sealed form asks for. Errors: `FormRefused`, with every fault named."""
    fields = {name: value for name, value in posted.fields.items() if name != _BUTTON}
    require(fields, _REQUIRED)
    merchant = merchants.monetico(fields["TPE"], fields["societe"])
    if merchant is None:
        raise FormRefused(f"TPE, societe: neither the test terminal {TERMINAL} nor a shop that was set up here")
    interface, seal_charset = _seal(fields, posted.charset, merchant)
    buyer, of_buyer = buyer_in(fields, "contexte_commande", from_order_context)
    if faults := [*_faults(fields), *of_buyer]:
        raise FormRefused(*faults)
    amount, currency = read_amount(fields["montant"]) or (0, "")
    preference = fields.get("ThreeDSecureChallenge") or "no_preference"
    return PaymentRequest(
        manner=MANNER,
        merchant_name=merchant.name,
        merchant_id=fields["TPE"],
        reference=fields["reference"],
        amount=amount,
        currency=currency,
        language="fr" if fields["lgue"] == "FR" else "en",
        challenge_indicator=CHALLENGE_INDICATORS[preference],
        email=fields.get("mail", ""),
        accepted_url=fields.get("url_retour_ok", ""),
        refused_url=fields.get("url_retour_err", ""),
        cancelled_url=fields.get("url_retour_err", ""),
        answer_url=merchant.answer_url,
        fields={
            "montant": fields["montant"],
            "texte-libre": fields.get("texte-libre", ""),
            "ThreeDSecureChallenge": preference,
            "interface": interface,
        },
        buyer=buyer,
        merchant=(fields["TPE"], fields["societe"]),
        charset=posted.charset,
        seal_charset=seal_charset,
        version=merchant.version,
        country=merchant.country,
        without_3ds=fields.get("3dsdebrayable") == "1",
    )


def _seal(fields: Mapping[str, str], posted: str, merchant: MoneticoMerchant) -> tuple[str, str]:
    """The interface that the form speaks and the character set that was sealed. Errors: `FormRefused`, which names the fields that
    are none of the form's where they are what the seal does not cover."""
    key = seals.monetico_key(merchant.key)
    for interface, holds in (("sorted", seals.monetico_mac_holds), (OLD, seals.monetico_old_mac_holds)):
        charset = seals.first_that(lambda one, holds=holds: holds(fields, key, one), posted)  # type: ignore[misc]
        if charset is not None:
            return interface, charset
    known = {name: value for name, value in fields.items() if name in KNOWN}
    if seals.first_that(lambda one: seals.monetico_mac_holds(known, key, one), posted) is not None:
        raise FormRefused(
            *(f"{name[:40]}: not a field of this form, and not under its seal" for name in fields if name not in KNOWN)
        )
    raise FormRefused("MAC: the seal does not fit the fields (HMAC-SHA1 over all of them, sorted by name)")


def _faults(fields: Mapping[str, str]) -> Iterable[str]:
    for name, (holds, words) in _RULES.items():
        if fields.get(name) and not holds(fields[name]):
            yield f"{name}: {words}"
    for name in sorted(_IN_PARTS & fields.keys()):
        if fields[name]:
            yield f"{name}: a payment in several parts is not played here; ask for one part"


_RULES: Final[Mapping[str, tuple[Callable[[str], object], str]]] = MappingProxyType(
    {
        "version": ((lambda text: text == "3.0"), "3.0"),
        "lgue": (_LANGUAGES.__contains__, f"one of {' '.join(sorted(_LANGUAGES))}"),
        "date": (_DATE.fullmatch, "DD/MM/YYYY:HH:MM:SS"),
        "montant": (
            read_amount,
            "a number with a decimal point, above zero, then an alphabetic ISO 4217 code (95.25EUR)",
        ),
        "reference": (_REFERENCE.fullmatch, "1 to 50 printable characters (ASCII)"),
        "ThreeDSecureChallenge": (CHALLENGE_INDICATORS.__contains__, f"one of {', '.join(CHALLENGE_INDICATORS)}"),
        "3dsdebrayable": (frozenset({"0", "1"}).__contains__, "0 or 1"),
        "texte-libre": ((lambda text: len(text) <= 3_200), "at most 3200 characters"),
        **dict.fromkeys(("url_retour_ok", "url_retour_err"), (is_web_address, "an absolute http or https address")),
    }
)


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
        "contexte_commande": base64_json(context),
        "ThreeDSecureChallenge": "no_preference",
        "url_retour_ok": f"{shop_url}/return/ok?order={token}",
        "url_retour_err": f"{shop_url}/return/err?order={token}",
    }
    return {**fields, "MAC": seals.monetico_mac(fields, KEY)}
