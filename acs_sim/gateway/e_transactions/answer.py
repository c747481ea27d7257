"""The signed answer in the manner of e-transactions (Paybox): its letters, its codes, its seal. Pure."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote_plus

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from acs_sim.gateway.forms import seals
from acs_sim.gateway.records.purchase import Outcome, Purchase

_LETTERS: Final = frozenset("MRTABCDEFGHIJNOPQSUWYZvK")
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
        "authentication-required": "00040",
        "rejected": "00040",
        "challenge-cancelled": "00040",
        "challenge-timed-out": "00040",
        "challenge-unavailable": "00040",
        "already-paid": "00015",
        "too-many-tries": "00004",
    }
)


def letters(returned: str) -> list[tuple[str, str]]:
    """PBX_RETOUR as pairs of name and letter; empty when it is ill-formed."""
    pairs = [tuple(part.split(":")) for part in returned.rstrip(";").split(";")]
    known = [(pair[0], pair[1]) for pair in pairs if len(pair) == 2 and pair[0] and pair[1] in _LETTERS]
    signed_last = all(letter != "K" for _, letter in known[:-1])
    return known if len(known) == len(pairs) and signed_last else []


def error_code(outcome: Outcome) -> str:
    """Letter E: 00000 accepted, 00040 not authenticated, 001xx refused by the acquirer with its answer xx."""
    if outcome.code is not None:
        return outcome.code
    if outcome.result == "accepted":
        return "00000"
    if outcome.acquirer_answer is not None:
        return f"001{outcome.acquirer_answer}"
    return _CODES.get(outcome.reason, "00003")


def answer_line(purchase: Purchase, outcome: Outcome, key: RSAPrivateKey) -> str:
    """The signed answer: the variables of PBX_RETOUR, url-encoded as PHP's urlencode does it, in its order and in the character
    set of the form. Variables without a value are left out, as the authorisation number of a refusal is."""
    pairs: list[str] = []
    charset = purchase.request.charset
    for name, letter in letters(purchase.request.fields["PBX_RETOUR"]):
        value = sign(pairs, key) if letter == "K" else _value(letter, purchase, outcome)
        if value:
            pairs.append(f"{encoded(name, charset)}={encoded(value, charset)}")
    return "&".join(pairs)


def encoded(text: str, charset: str = "utf-8") -> str:
    """Url-encoded with a plus for a blank. A shop that decodes and encodes again, as many do in PHP, has what was signed."""
    return quote_plus(text, safe="", encoding=charset, errors="replace").replace("~", "%7E")


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
