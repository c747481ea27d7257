"""A server's question and its answer, in the manner of Paybox Direct (PPPS.php). Pure.

The shop's server authorises, captures, cancels and refunds by itself; an ID3D says that RemoteMPI has authenticated the buyer.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.fields import Posted
from acs_sim.gateway.forms.merchants import Merchants
from acs_sim.gateway.forms.money import exponents
from acs_sim.gateway.records.transactions import Context, Transaction
from acs_sim.settings.merchants import ETransactionsMerchant

PAGE: Final = "/PPPS.php"
CONTENT_TYPE: Final = "text/plain; charset=iso-8859-1"
AUTHORISE, CAPTURE, BOTH, CREDIT, CANCEL, EXISTS, REFUND, INQUIRE = (
    *("00001", "00002", "00003", "00004", "00005", "00011", "00014", "00017"),
)
_VERSIONS: Final = frozenset({"00103", "00104"})
_OF_CARD: Final = frozenset({AUTHORISE, BOTH, CREDIT})
_OF_TRANSACTION: Final = frozenset({CAPTURE, CANCEL, REFUND, INQUIRE})
_OF_AMOUNT: Final = _OF_CARD | {CAPTURE, REFUND}
_TYPES: Final = _OF_CARD | _OF_TRANSACTION | {EXISTS}
_AUTHENTICATED: Final = frozenset({"", "Y", "A"})
_ONLINE: Final = frozenset({"000", "020", "024"})
"""ACTIVITE of a payment over the Internet, or of one that does not say; telephone, mail and subscriptions have their own."""

COMMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "00000": "Demande traitée avec succès",
        "00001": "Connexion au centre d'autorisation impossible",
        "00002": "Demande incohérente",
        "00003": "Erreur de la plateforme",
        "00004": "Numéro de porteur invalide",
        "00005": "Numéro de question invalide",
        "00006": "Site ou rang invalide, ou accès refusé",
        "00008": "Date de validité invalide",
        "00009": "Type d'opération invalide",
        "00010": "Devise inconnue",
        "00011": "Montant incorrect",
        "00012": "Référence ou ID3D invalide",
        "00013": "Version non supportée",
        "00015": "Opération déjà effectuée",
        "00018": "Transaction non trouvée",
        "00020": "Cryptogramme absent",
        "00040": "Porteur enrôlé et non authentifié",
    }
)
_STATES: Final = MappingProxyType(
    {"authorised": "Autorisé", "captured": "Capturé", "cancelled": "Annulé", "credited": "Crédit"}
)
_TYPES_OF_CARD: Final = MappingProxyType({"cb": "CB", "visa": "Visa", "mastercard": "MasterCard", "amex": "Amex"})


class QuestionRefused(Exception):
    """`code`: the answer code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code} {comment(code)}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was found good. `numbers`: NUMTRANS and NUMAPPEL without their zeros; `amount` in minor units."""

    merchant: ETransactionsMerchant
    type: str
    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def amount(self) -> int:
        return int(self["MONTANT"])

    @property
    def numbers(self) -> tuple[str, str]:
        return bare(self["NUMTRANS"]), bare(self["NUMAPPEL"])


def bare(number: str) -> str:
    """A number without the zeros that kits put before it or leave out."""
    return number.lstrip("0") or "0"


def comment(code: str) -> str:
    """COMMENTAIRE of an answer code."""
    return COMMENTS.get(code) or ("PAIEMENT REFUSE" if code.startswith("001") else "Paiement refusé par la plateforme")


def read(posted: Posted, merchants: Merchants) -> Question:
    """Errors: `QuestionRefused` with the code of the first fault."""
    fields = posted.fields
    merchant = merchants.of_server(fields.get("SITE", ""), fields.get("RANG", ""))
    if merchant is None or not _let_in(posted, merchant):
        raise QuestionRefused("00006")
    question = Question(merchant, fields.get("TYPE", "").zfill(5), fields)
    for holds, code in _RULES:
        if not holds(question):
            raise QuestionRefused(code)
    return question


def _let_in(posted: Posted, merchant: ETransactionsMerchant) -> bool:
    """By CLE, the password of the back office, or by an HMAC over the other fields as a form has it."""
    fields = posted.fields
    if "HMAC" not in fields:
        return seals.same_text(merchant.password, fields.get("CLE", ""))
    return seals.pbx_hmac_holds(fields, merchant.key, name="HMAC", charset=posted.charset)


_RULES: Final[tuple[tuple[Callable[[Question], bool], str], ...]] = (
    (lambda asked: asked["VERSION"].zfill(5) in _VERSIONS, "00013"),
    (lambda asked: asked.type in _TYPES, "00009"),
    (lambda asked: re.fullmatch(r"[0-9]{1,10}", asked["NUMQUESTION"], re.ASCII) is not None, "00005"),
    (lambda asked: asked.type not in _OF_AMOUNT or _amount(asked["MONTANT"]), "00011"),
    (lambda asked: asked.type not in _OF_AMOUNT or asked["DEVISE"] in exponents(), "00010"),
    (lambda asked: asked.type not in _OF_CARD | {EXISTS} or 0 < len(asked["REFERENCE"]) <= 250, "00012"),
    (lambda asked: asked.type not in _OF_CARD or asked["3DSTATUS"] in _AUTHENTICATED, "00040"),
)


def _amount(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,10}", text, re.ASCII) is not None and int(text) > 0


def check_context(question: Question, context: Context, card: str) -> None:
    """Whether the authentication is that of this payment. `card`: what stands for the card. Errors: `QuestionRefused`."""
    told = (question.merchant.identifier, question.amount, question["DEVISE"], card)
    if told != (context.identifier, context.amount, context.currency, context.print):
        raise QuestionRefused("00012")
    if not context.authenticated:
        raise QuestionRefused("00040")


def unauthenticated(question: Question) -> bool:
    """Whether a payment over the Internet is to be charged and nobody says that its buyer was authenticated."""
    told = (question[name] for name in ("ID3D", "3DSTATUS"))
    return question.type in (AUTHORISE, BOTH) and question["ACTIVITE"].zfill(3) in _ONLINE and not any(told)


def changed(question: Question, transaction: Transaction) -> Transaction:
    """The transaction after a capture, a cancellation or a refund. Errors: `QuestionRefused`."""
    if (transaction.site, transaction.rank) != question.merchant.identity[:2] or question.numbers[
        1
    ] != transaction.call:
        raise QuestionRefused("00018")
    return _CHANGES[question.type](question, transaction)


def _captured(question: Question, found: Transaction) -> Transaction:
    if found.state != "authorised":
        raise QuestionRefused("00015" if found.state == "captured" else "00002")
    if question.amount > found.amount:
        raise QuestionRefused("00011")
    return replace(found, state="captured", captured=question.amount)


def _cancelled(_question: Question, found: Transaction) -> Transaction:
    if found.state == "cancelled":
        raise QuestionRefused("00015")
    if found.refunded:
        raise QuestionRefused("00002")
    return replace(found, state="cancelled", captured=0)


def _refunded(question: Question, found: Transaction) -> Transaction:
    if found.state != "captured":
        raise QuestionRefused("00002")
    if question.amount > found.captured - found.refunded:
        raise QuestionRefused("00011")
    return replace(found, refunded=found.refunded + question.amount)


_CHANGES: Final[Mapping[str, Callable[[Question, Transaction], Transaction]]] = MappingProxyType(
    {CAPTURE: _captured, CANCEL: _cancelled, REFUND: _refunded, INQUIRE: lambda _question, found: found}
)


def answer(fields: Mapping[str, str], code: str, found: Transaction | None = None) -> bytes:
    """The line of an answer: not url-encoded, in ISO-8859-1, as clients cut it at `&` and `=`."""
    told = {
        "NUMTRANS": (found.number if found else "").zfill(10),
        "NUMAPPEL": (found.call if found else "").zfill(10),
        "NUMQUESTION": fields.get("NUMQUESTION", "").zfill(10),
        "SITE": fields.get("SITE", ""),
        "RANG": fields.get("RANG", ""),
        "AUTORISATION": found.authorisation if found else "",
        "CODEREPONSE": code,
        "COMMENTAIRE": comment(code),
        "REFABONNE": "",
        "PORTEUR": "",
        **dict(_asked_for(fields, found)),
    }
    return "&".join(f"{name}={_plain(value)}" for name, value in told.items()).encode("iso-8859-1", "replace")


def _asked_for(fields: Mapping[str, str], found: Transaction | None) -> Iterable[tuple[str, str]]:
    """What an answer tells to a question that names it, be it empty."""
    known: Mapping[str, Any] = {
        "PAYS": "FRA",
        "SHA-1": found.print if found else "",
        "TYPECARTE": _TYPES_OF_CARD.get(found.scheme, "") if found else "",
    }
    yield from ((name, value) for name, value in known.items() if name in fields)
    if fields.get("TYPE", "").zfill(5) == INQUIRE and found is not None:
        yield "STATUS", "Remboursé" if found.refunded else _STATES[found.state]


def _plain(value: str) -> str:
    """Without what would end the value."""
    return re.sub(r"[&=\r\n]", " ", value)
