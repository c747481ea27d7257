"""The payment page in the manner of Crédit Agricole e-transactions (Paybox): its form. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from acs_sim.gateway.e_transactions.fields import CARD_TYPES, REQUIRED, faults
from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.buyer import MAX_DOCUMENT, buyer_in, from_pbx_billing
from acs_sim.gateway.forms.fields import FormRefused, Posted, require
from acs_sim.gateway.forms.merchants import SHOP_IDS, Merchants
from acs_sim.gateway.records.purchase import PaymentRequest
from acs_sim.settings.merchants import ETransactionsMerchant
from threedsecure.v1.errors import MessageError
from threedsecure.v1.parsing import parse

MANNER: Final = "e-transactions"
PAGE: Final = "/cgi/MYchoix_pagepaiement.cgi"
FRAMED_PAGES: Final = ("/cgi/FramepagepaiementRWD.cgi", "/cgi/MYframepagepaiement_ip.cgi")
"""Those that a shop shows in a frame of its own."""
PAGES: Final = (PAGE, *FRAMED_PAGES, "/cgi/ChoixPaiementMobile.cgi", "/php/")
"""Every address at which Paybox and e-transactions have published this page; the first one is the shop's of the house."""

_QUANTITY: Final = re.compile(r"0?[1-9]|[1-9][0-9]", re.ASCII)
_LANGUAGES: Final = MappingProxyType({"GBR": "en", "USA": "en"})


def read(posted: Posted, merchants: Merchants) -> PaymentRequest:
    """What the sealed form (in its own order) asks for. Errors: `FormRefused`, with every fault named."""
    fields = {name: value for name, value in posted.fields.items() if name.startswith("PBX_")}
    require(fields, REQUIRED)
    merchant = merchants.e_transactions(fields["PBX_SITE"], fields["PBX_RANG"], fields["PBX_IDENTIFIANT"])
    if merchant is None:
        raise FormRefused(
            "PBX_SITE, PBX_RANG, PBX_IDENTIFIANT: neither a published test set nor a shop that was set up here"
        )
    seal_charset = seals.first_that(
        lambda charset: seals.pbx_hmac_holds(fields, merchant.key, charset=charset), posted.charset
    )
    if fields["PBX_HASH"].upper() != "SHA512" or seal_charset is None:
        raise FormRefused("PBX_HMAC: the seal does not fit the fields (SHA512, in the order of the form)")
    buyer, of_buyer = buyer_in(fields, "PBX_BILLING", from_pbx_billing)
    articles, of_cart = _articles(fields.get("PBX_SHOPPINGCART", ""))
    found = [*faults(fields), *of_buyer, *of_cart]
    if found:
        raise FormRefused(*found)
    chosen = {name: value for name, value in fields.items() if value}
    return PaymentRequest(
        manner=MANNER,
        merchant_name=merchant.name,
        merchant_id=f"{merchant.site}{merchant.rank.zfill(3)}",
        reference=fields["PBX_CMD"],
        amount=int(fields["PBX_TOTAL"]),
        currency=fields["PBX_DEVISE"],
        language=_LANGUAGES.get(fields.get("PBX_LANGUE", ""), "fr"),
        challenge_indicator=chosen.get("PBX_SOUHAITAUTHENT", "01"),
        email=fields["PBX_PORTEUR"],
        accepted_url=fields.get("PBX_EFFECTUE", ""),
        refused_url=fields.get("PBX_REFUSE", ""),
        cancelled_url=fields.get("PBX_ANNULE", ""),
        answer_url=chosen.get("PBX_REPONDRE_A") or merchant.answer_url,
        fields={"PBX_RETOUR": fields["PBX_RETOUR"]},
        buyer=buyer,
        articles=articles,
        charset=posted.charset,
        seal_charset=seal_charset,
        **_options(chosen, merchant),
    )


def _articles(cart: str) -> tuple[int | None, list[str]]:
    """The totalQuantity of PBX_SHOPPINGCART, which may be missing, and what is wrong with it."""
    if not cart:
        return None, []
    try:
        root = parse(cart.encode(), limit=MAX_DOCUMENT)
    except MessageError as error:
        return None, [f"PBX_SHOPPINGCART: not readable ({error.detail})"]
    told = (root.findtext("total/totalQuantity") or "").strip() if root.tag == "shoppingcart" else ""
    if not _QUANTITY.fullmatch(told):
        return None, ["PBX_SHOPPINGCART: shoppingcart/total/totalQuantity, 1 to 99, is expected"]
    return int(told), []


def _options(chosen: Mapping[str, str], merchant: ETransactionsMerchant) -> dict[str, Any]:
    """What the optional fields change."""
    return {
        "merchant": merchant.identity,
        "version": merchant.version,
        "country": merchant.country,
        "answer_method": chosen.get("PBX_RUF1", "GET"),
        "brand": CARD_TYPES.get(chosen.get("PBX_TYPECARTE", "")),
        "without_3ds": chosen.get("PBX_3DS") == "N",
        "capture": "never" if chosen.get("PBX_AUTOSEULE") == "O" else chosen.get("PBX_DIFF", "now"),
        "page_seconds": int(chosen["PBX_DISPLAY"]) if "PBX_DISPLAY" in chosen else None,
        "forced_code": chosen.get("PBX_ERRORCODETEST"),
    }


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
