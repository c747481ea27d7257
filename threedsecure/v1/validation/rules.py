"""What the elements of one message demand of each other, and what an answer owes to its request.

Each rule is a small generator. A rule that ends in `_sent` holds only for what the simulator itself sends.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from iso4217 import Currency

from threedsecure.paths import look_up
from threedsecure.v1.errors import ErrorCode, MessageError, Violation

Message = Mapping[str, Any]
Rule = Callable[[Message], Iterator[Violation]]


def violations(message: Message, *, sent: bool = False) -> list[Violation]:
    """What breaks a rule. The formats of the single elements must have been found in order."""
    rules = (*RULES.get(message["messageType"], ()), *(SENT_RULES.get(message["messageType"], ()) if sent else ()))
    return [violation for rule in rules for violation in rule(message)]


def exponent_of(currency: str) -> str | None:
    """The ISO 4217 exponent of a numeric currency code, or None for a code that is not in the list."""
    known = _CURRENCIES.get(currency)
    return None if known is None or known.exponent is None else str(known.exponent)


_CURRENCIES: Final = {str(currency.number).zfill(3): currency for currency in Currency}


# --- VERes ---------------------------------------------------------------------------------------------------------------


def _enrolled_has_an_account_and_an_address(message: Message) -> Iterator[Violation]:
    account_holder = _part(message, "CH")
    if account_holder.get("enrolled") != "Y":
        return
    if not account_holder.get("acctID"):
        yield missing("CH.acctID", "required when enrolled is Y")
    for name in ("url", "protocol"):
        if not message.get(name):
            yield missing(name, "required when enrolled is Y")


def _enrolled_offers_three_d_secure(message: Message) -> Iterator[Violation]:
    protocols = message.get("protocol")
    if _part(message, "CH").get("enrolled") == "Y" and protocols and "ThreeDSecure" not in protocols:
        yield invalid("protocol", ", ".join(protocols), "ThreeDSecure among them")


def _enrolled_is_no_refusal(message: Message) -> Iterator[Violation]:
    if _part(message, "CH").get("enrolled") == "Y" and _part(message, "IReq"):
        yield invalid("IReq", "present", "absent when enrolled is Y")


def _not_enrolled_has_nothing_more_sent(message: Message) -> Iterator[Violation]:
    account_holder = _part(message, "CH")
    if account_holder.get("enrolled") == "Y":
        return
    for path, value in (
        ("CH.acctID", account_holder.get("acctID")),
        ("url", message.get("url")),
        ("protocol", message.get("protocol")),
    ):
        if value:
            yield invalid(path, "present", "absent unless enrolled is Y")


# --- PAReq ---------------------------------------------------------------------------------------------------------------


def _recurring_is_not_in_installments(message: Message) -> Iterator[Violation]:
    purchase = _part(message, "Purchase")
    if purchase.get("install") and purchase.get("Recur"):
        yield invalid("Purchase.install", purchase["install"], "absent beside Recur")


# --- PARes ---------------------------------------------------------------------------------------------------------------


def _proof_goes_with_y_and_a(message: Message) -> Iterator[Violation]:
    transaction = _part(message, "TX")
    proven = transaction.get("status") in ("Y", "A")
    for name in ("cavv", "eci", "cavvAlgorithm"):
        if proven and not transaction.get(name):
            yield missing(f"TX.{name}", "required with status Y and A")
    if not proven and transaction.get("cavv"):
        yield invalid("TX.cavv", transaction["cavv"], "absent with status N and U")


def _proof_is_no_refusal(message: Message) -> Iterator[Violation]:
    if _part(message, "TX").get("status") in ("Y", "A") and _part(message, "IReq"):
        yield invalid("IReq", "present", "absent with status Y and A")


def _no_card_without_proof(message: Message) -> Iterator[Violation]:
    if _part(message, "TX").get("status") in ("N", "U") and message.get("pan", "").strip("0"):
        yield invalid("pan", "digits other than 0", "zeros with status N and U")


def _exponent_is_the_currencys(message: Message) -> Iterator[Violation]:
    purchase = _part(message, "Purchase")
    expected = exponent_of(purchase.get("currency", ""))
    if expected is not None and purchase.get("exponent") not in (None, expected):
        yield invalid("Purchase.exponent", purchase["exponent"], f"{expected} for currency {purchase['currency']}")


def _pan_is_masked_sent(message: Message) -> Iterator[Violation]:
    if message.get("version") == "1.0.2" and message.get("pan", "")[:-4].strip("0"):
        yield invalid("pan", "more than the last four digits", "zeros and the last four digits")


def _refusal_goes_with_u_sent(message: Message) -> Iterator[Violation]:
    if _part(message, "IReq") and _part(message, "TX").get("status") != "U":
        yield invalid("IReq", "present", "absent unless status is U")


# --- CRRes ---------------------------------------------------------------------------------------------------------------


def _ranges_carry_a_serial_number(message: Message) -> Iterator[Violation]:
    if message.get("CR") and not message.get("serialNumber"):
        yield missing("serialNumber", "required beside CR")


def _ranges_are_no_refusal(message: Message) -> Iterator[Violation]:
    if message.get("CR") and _part(message, "IReq"):
        yield invalid("IReq", "present", "absent beside CR")


def _refusal_and_serial_number(message: Message) -> Iterator[Violation]:
    """1.0.1 sends 0 with a refusal, 1.0.2 sends none."""
    serial_number = message.get("serialNumber") or None
    if not _part(message, "IReq"):
        return
    expected = "0" if message.get("version") == "1.0.1" else None
    if serial_number != expected:
        yield invalid("serialNumber", serial_number or "", "0" if expected else "absent beside IReq")


def _range_runs_upwards(message: Message) -> Iterator[Violation]:
    for index, card_range in enumerate(message.get("CR") or []):
        begin, end = card_range.get("begin", ""), card_range.get("end", "")
        if begin and end and (len(begin) != len(end) or begin > end):
            yield invalid(f"CR[{index}].end", end, "of the length of begin, and not below it")


RULES: Final[Mapping[str, tuple[Rule, ...]]] = MappingProxyType(
    {
        "VERes": (
            _enrolled_has_an_account_and_an_address,
            _enrolled_offers_three_d_secure,
            _enrolled_is_no_refusal,
        ),
        "PAReq": (_recurring_is_not_in_installments,),
        "PARes": (
            _proof_goes_with_y_and_a,
            _proof_is_no_refusal,
            _no_card_without_proof,
            _exponent_is_the_currencys,
        ),
        "CRRes": (
            _ranges_carry_a_serial_number,
            _ranges_are_no_refusal,
            _refusal_and_serial_number,
            _range_runs_upwards,
        ),
    }
)
SENT_RULES: Final[Mapping[str, tuple[Rule, ...]]] = MappingProxyType(
    {
        "VERes": (_not_enrolled_has_nothing_more_sent,),
        "PARes": (_pan_is_masked_sent, _refusal_goes_with_u_sent),
    }
)


# --- between messages ----------------------------------------------------------------------------------------------------

ECHOED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "CRRes": ("messageId",),
        "VERes": ("messageId",),
        "PARes": (
            "messageId",
            "Merchant.acqBIN",
            "Merchant.merID",
            "Purchase.xid",
            "Purchase.date",
            "Purchase.purchAmount",
            "Purchase.currency",
            "Purchase.exponent",
        ),
    }
)
"""What an answer repeats of its request, by the type of the answer."""


def check_answer(answer: Message, request: Message, *, pan: str | None = None) -> None:
    """Hold `answer` against the request it belongs to. `pan`: the card number that the VEReq carried, whose last four digits a
    PARes with status Y or A repeats. Errors: `MessageError` 5 naming every element that differs."""
    found = mismatches(answer, request, pan=pan)
    if found:
        detail = ", ".join(violation.element for violation in found)
        raise MessageError(ErrorCode.FORMAT_INVALID, detail, violations=found, message=answer)


def mismatches(answer: Message, request: Message, *, pan: str | None = None) -> list[Violation]:
    """The elements in which `answer` does not repeat `request`."""
    found = []
    for path in ECHOED[answer["messageType"]]:
        sent, received = (text if isinstance(text := look_up(one, path), str) else "" for one in (request, answer))
        if received != sent:
            name = "Message.id" if path == "messageId" else path
            found.append(invalid(name, received, f"{sent}, as in the {request['messageType']}"))
    masked = answer.get("pan", "")
    proven = _part(answer, "TX").get("status") in ("Y", "A")
    if pan is not None and proven and (masked[-4:], len(masked)) != (pan[-4:], len(pan)):
        found.append(invalid("pan", masked[-4:], "the last four digits of the VEReq's pan, in its length"))
    return found


def _part(message: Message, name: str) -> Mapping[str, Any]:
    part = message.get(name)
    return part if isinstance(part, Mapping) else {}


def missing(path: str, allowed: str) -> Violation:
    return Violation(ErrorCode.REQUIRED_ELEMENT_MISSING, path, "", allowed)


def invalid(path: str, found: object, allowed: str) -> Violation:
    return Violation(ErrorCode.FORMAT_INVALID, path, str(found)[:256], allowed)
