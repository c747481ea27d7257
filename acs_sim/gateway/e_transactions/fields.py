"""The fields of the form in the manner of e-transactions: what each may hold, and which are of no effect or not played. Pure.

Every field of the vendor's manual stands in one of these tables, so that none is swallowed.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from acs_sim.gateway.e_transactions.answer import letters
from acs_sim.gateway.forms.money import exponents
from threedsecure.addresses import is_web_address

REQUIRED: Final = (
    *("PBX_SITE", "PBX_RANG", "PBX_IDENTIFIANT", "PBX_TOTAL", "PBX_DEVISE", "PBX_CMD", "PBX_PORTEUR", "PBX_RETOUR"),
    *("PBX_HASH", "PBX_TIME", "PBX_HMAC"),
)
CARD_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "CB": "cb",
        "VISA": "visa",
        "EUROCARD_MASTERCARD": "mastercard",
        "E_CARD": "cb",
        "AMEX": "amex",
        "JCB": "jcb",
        "DINERS": "discover",
        "DISCOVER": "discover",
        "CUP": "unionpay",
    }
)
"""PBX_TYPECARTE: the scheme that alone may pay."""
MAX_DEFERRED_DAYS: Final = 75
DISPLAY_SECONDS: Final = range(30, 3_601)

# The accounts, the looks and the older interfaces of the real platform.
_OF_NO_EFFECT: Final = frozenset(
    {
        *("PBX_ARCHIVAGE", "PBX_SOURCE", "PBX_VERSION", "PBX_GROUPE", "PBX_ENTITE", "PBX_NOM_MARCHAND", "PBX_OPECOM"),
        *("PBX_MODE", "PBX_OUTPUT", "PBX_WAIT", "PBX_TXT", "PBX_BOUTPI", "PBX_BKGD", "PBX_IDABT", "PBX_CODEFAMILLE"),
        *("PBX_EMPREINTE", "PBX_SHOPPINGCART", "PBX_BILLING", "PBX_CUSTOMER", "PBX_LANGUE", "PBX_HASH", "PBX_TIME"),
        *("PBX_SITE", "PBX_RANG", "PBX_IDENTIFIANT", "PBX_HMAC", "PBX_CUSTOM", "PBX_ATTENTE"),
    }
)
"""Read elsewhere, or of no effect here."""
_NOT_PLAYED: Final = (
    (
        re.compile(r"PBX_(2MONT|DATE)[1-3]|PBX_NBPAIE"),
        "a payment in several parts is not played here; ask for one part",
    ),
    (re.compile(r"PBX_REFABONNE|PBX_TOKEN.*|PBX_DATEVAL"), "subscriptions are not played here"),
    (re.compile(r"PBX_(MAXICHEQUE|ANCV|KWIXO|PAYPAL)\w*"), "only cards are played here"),
)
_ADDRESSES: Final = frozenset({"PBX_EFFECTUE", "PBX_REFUSE", "PBX_ANNULE", "PBX_ATTENTE", "PBX_REPONDRE_A"})

Rule = tuple[Callable[[str], bool], str]


def _one_of(*values: str) -> Rule:
    return (lambda text: text in values), f"one of {' '.join(values)}"


def _longest(characters: int) -> Rule:
    return (lambda text: len(text) <= characters), f"at most {characters} characters"


def _number(text: str, within: range) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 6 and int(text) in within


def _total(text: str) -> bool:
    return text.isascii() and text.isdigit() and 3 <= len(text) <= 10 and int(text) > 0


_RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "PBX_TOTAL": (_total, "an amount in minor units, 3 to 10 digits, above zero"),
        "PBX_DEVISE": ((lambda text: text in exponents()), "a numeric ISO 4217 code"),
        "PBX_CMD": _longest(250),
        "PBX_PORTEUR": _longest(120),
        "PBX_RETOUR": ((lambda text: bool(letters(text))), "name:letter;… with known letters, K last"),
        "PBX_SOUHAITAUTHENT": _one_of("01", "02", "03", "04"),
        "PBX_RUF1": _one_of("GET", "POST"),
        "PBX_3DS": _one_of("N", "O"),
        "PBX_AUTOSEULE": _one_of("O", "N"),
        "PBX_TYPEPAIEMENT": _one_of("CARTE"),
        "PBX_TYPECARTE": _one_of(*CARD_TYPES),
        "PBX_DIFF": ((lambda text: _number(text, range(MAX_DEFERRED_DAYS + 1))), f"days, at most {MAX_DEFERRED_DAYS}"),
        "PBX_DISPLAY": ((lambda text: _number(text, DISPLAY_SECONDS)), "seconds, from 30 to 3600"),
        "PBX_ERRORCODETEST": ((lambda text: re.fullmatch(r"[0-9]{5}", text) is not None), "five digits"),
        **dict.fromkeys(_ADDRESSES, (is_web_address, "an absolute http or https address")),
    }
)


def faults(fields: Mapping[str, str]) -> Iterable[str]:
    """What is wrong with the fields of a form; one that is empty is not chosen."""
    for name, value in fields.items():
        if value and (fault := _fault(name, value)) is not None:
            yield f"{name[:40]}: {fault}"


def _fault(name: str, value: str) -> str | None:
    if name in _RULES:
        holds, words = _RULES[name]
        return None if holds(value) else words
    if name in _OF_NO_EFFECT:
        return None
    return next((words for pattern, words in _NOT_PLAYED if pattern.fullmatch(name)), "not a field of this page")


def fields_of_the_manual() -> Iterable[str]:
    """Every field that the form may hold."""
    return sorted(_OF_NO_EFFECT | _RULES.keys())
