"""What a shop makes of the sealed answer of the payment page. It sees no card."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from acs_sim.gateway.forms import seals
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.monetico.values import amount_field, read_authentication
from acs_sim.gateway.records.orders import Order


class AnswerRefused(Exception):
    """The shop does not believe an answer; the text says why."""


def read_e_transactions_line(raw: str, key: RSAPublicKey) -> dict[str, str]:
    """The variables of a raw answer line whose signature, its last variable, is good. Errors: `AnswerRefused`."""
    line, _, last = raw.rpartition("&")
    signature = dict(parse_qsl(last)).get("signature", "")
    if not seals.answer_signature_holds(line, signature, key):
        raise AnswerRefused("the signature does not fit the line")
    return dict(parse_qsl(line, keep_blank_values=True))


def read_monetico_form(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a CGI2 post whose MAC is good. Errors: `AnswerRefused`."""
    if not seals.monetico_mac_holds(fields, monetico.KEY):
        raise AnswerRefused("the MAC does not fit the fields")
    return dict(fields)


def believe(order: Order, answer: Mapping[str, str]) -> Order:
    """The order with a sealed answer. The first decides; only an acceptance replaces a refusal, never the other way round.

    Errors: `AnswerRefused` when it speaks of another amount."""
    if "montant" in answer and answer["montant"] != _amount(order):
        raise AnswerRefused("the answer speaks of another amount")
    if order.answer is not None and (result(order)[0] == "accepted" or result_of(answer)[0] != "accepted"):
        return order
    return msgspec.structs.replace(order, answer=dict(answer))


def _amount(order: Order) -> str:
    return str(order.amount) if order.shop == "e-transactions" else amount_field(order.amount, order.currency)


def result(order: Order) -> tuple[str, str]:
    """What the shop knows: accepted, refused, cancelled, error or waiting, and a word of the texts."""
    return ("waiting", "waiting") if order.answer is None else result_of(order.answer)


def result_of(answer: Mapping[str, str]) -> tuple[str, str]:
    """The same, of one sealed answer in either manner."""
    if "code-retour" in answer:
        return _monetico_result(answer)
    match answer.get("erreur", ""):
        case "00000":
            return "accepted", "paid"
        case "00040":
            return "refused", "not-authenticated"
        case "00001" | "00030" if "montant" not in answer:
            return "cancelled", "cancelled-by-buyer"
        case code if code.startswith("001"):
            return "refused", "acquirer-refused"
        case _:
            return "error", "technical"


def _monetico_result(answer: Mapping[str, str]) -> tuple[str, str]:
    if answer["code-retour"] in ("payetest", "paiement"):
        return "accepted", "paid"
    if answer.get("motifrefus") != "3DSecure":
        return "refused", "acquirer-refused"
    document = read_authentication(answer.get("authentification", ""))
    return ("error", "technical") if document.get("status") == "error" else ("refused", "not-authenticated")


def authorisation(order: Order) -> str:
    answer = order.answer or {}
    return answer.get("autorisation") or answer.get("numauto") or ""
