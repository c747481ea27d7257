"""What the elements of one message demand of each other, and what an answer owes to its request.

What is there or not is a row of `PRESENCE`; what takes more is a small generator. A rule that ends in `_sent` holds only for what
the simulator itself sends.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from threedsecure.cards.currencies import by_number
from threedsecure.paths import MISSING, look_up
from threedsecure.v1.errors import ErrorCode, MessageError, Violation

Message = Mapping[str, Any]
Rule = Callable[[Message], Iterator[Violation]]


def violations(message: Message, *, sent: bool = False) -> list[Violation]:
    """What breaks a rule. The formats of the single elements must have been found in order."""
    kind = message["messageType"]
    rows = [row for row in PRESENCE if row.message == kind and (sent or not row.sent) and row.when(message)]
    rules = (*RULES.get(kind, ()), *(SENT_RULES.get(kind, ()) if sent else ()))
    return [violation for rule in (*(row.violations for row in rows), *rules) for violation in rule(message)]


@dataclass(frozen=True, slots=True)
class Presence:
    """What stands in a message, or does not, `when` something holds. `words` say it; `sent`: only for what the simulator sends."""

    message: str
    when: Callable[[Message], bool]
    words: str
    needs: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    sent: bool = False

    def violations(self, message: Message) -> Iterator[Violation]:
        yield from (missing(path, self.words) for path in self.needs if not _at(message, path))
        for path in self.bars:
            if value := _at(message, path):
                yield invalid(path, value if isinstance(value, str) else "present", self.words)


def exponent_of(currency: str) -> str | None:
    """The ISO 4217 exponent of a numeric currency code, or None for a code that is not in the list."""
    known = by_number().get(currency)
    return None if known is None or known.exponent is None else str(known.exponent)


def _has(path: str, *values: str) -> Callable[[Message], bool]:
    """Whether an element is there, with one of these values."""
    return lambda message: bool(found := _at(message, path)) and (not values or found in values)


def _unless(when: Callable[[Message], bool]) -> Callable[[Message], bool]:
    return lambda message: not when(message)


_ENROLLED: Final = _has("CH.enrolled", "Y")
_PROVEN: Final = _has("TX.status", "Y", "A")
_ACCOUNT: Final = ("CH.acctID", "url", "protocol")
_PROOF: Final = ("TX.cavv", "TX.eci", "TX.cavvAlgorithm")
PRESENCE: Final = (
    Presence("VERes", _ENROLLED, "required when enrolled is Y", needs=_ACCOUNT),
    Presence("VERes", _ENROLLED, "absent when enrolled is Y", bars=("IReq",)),
    Presence("VERes", _unless(_ENROLLED), "absent unless enrolled is Y", bars=_ACCOUNT, sent=True),
    Presence("PAReq", _has("Purchase.Recur"), "absent beside Recur", bars=("Purchase.install",)),
    Presence("PARes", _PROVEN, "required with status Y and A", needs=_PROOF),
    Presence("PARes", _unless(_PROVEN), "absent with status N and U", bars=("TX.cavv",)),
    Presence("PARes", _PROVEN, "absent with status Y and A", bars=("IReq",)),
    Presence("PARes", _unless(_has("TX.status", "U")), "absent unless status is U", bars=("IReq",), sent=True),
    Presence("CRRes", _has("CR"), "required beside CR", needs=("serialNumber",)),
    Presence("CRRes", _has("CR"), "absent beside CR", bars=("IReq",)),
)


def _enrolled_offers_three_d_secure(message: Message) -> Iterator[Violation]:
    protocols = message.get("protocol")
    if _ENROLLED(message) and protocols and "ThreeDSecure" not in protocols:
        yield invalid("protocol", ", ".join(protocols), "ThreeDSecure among them")


def _no_card_without_proof(message: Message) -> Iterator[Violation]:
    if _at(message, "TX.status") in ("N", "U") and message.get("pan", "").strip("0"):
        yield invalid("pan", "digits other than 0", "zeros with status N and U")


def _exponent_is_the_currencys(message: Message) -> Iterator[Violation]:
    currency, exponent = _at(message, "Purchase.currency"), _at(message, "Purchase.exponent")
    expected = exponent_of(currency or "")
    if expected is not None and exponent not in (None, expected):
        yield invalid("Purchase.exponent", exponent, f"{expected} for currency {currency}")


def _pan_is_masked_sent(message: Message) -> Iterator[Violation]:
    if message.get("version") == "1.0.2" and message.get("pan", "")[:-4].strip("0"):
        yield invalid("pan", "more than the last four digits", "zeros and the last four digits")


def _refusal_and_serial_number(message: Message) -> Iterator[Violation]:
    """1.0.1 sends 0 with a refusal, 1.0.2 sends none."""
    serial_number = message.get("serialNumber") or None
    expected = "0" if message.get("version") == "1.0.1" else None
    if _at(message, "IReq") and serial_number != expected:
        yield invalid("serialNumber", serial_number or "", "0" if expected else "absent beside IReq")


def _range_runs_upwards(message: Message) -> Iterator[Violation]:
    for index, card_range in enumerate(message.get("CR") or []):
        begin, end = card_range.get("begin", ""), card_range.get("end", "")
        if begin and end and (len(begin) != len(end) or begin > end):
            yield invalid(f"CR[{index}].end", end, "of the length of begin, and not below it")


RULES: Final[Mapping[str, tuple[Rule, ...]]] = MappingProxyType(
    {
        "VERes": (_enrolled_offers_three_d_secure,),
        "PARes": (_no_card_without_proof, _exponent_is_the_currencys),
        "CRRes": (_refusal_and_serial_number, _range_runs_upwards),
    }
)
SENT_RULES: Final[Mapping[str, tuple[Rule, ...]]] = MappingProxyType({"PARes": (_pan_is_masked_sent,)})


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
        sent, received = (_at(one, path) or "" for one in (request, answer))
        if received != sent:
            name = "Message.id" if path == "messageId" else path
            found.append(invalid(name, received, f"{sent}, as in the {request['messageType']}"))
    masked = answer.get("pan", "")
    if pan is not None and _PROVEN(answer) and (masked[-4:], len(masked)) != (pan[-4:], len(pan)):
        found.append(invalid("pan", masked[-4:], "the last four digits of the VEReq's pan, in its length"))
    return found


def _at(message: Message, path: str) -> Any:
    found = look_up(message, path)
    return None if found is MISSING else found


def missing(path: str, allowed: str) -> Violation:
    return Violation(ErrorCode.REQUIRED_ELEMENT_MISSING, path, "", allowed)


def invalid(path: str, found: object, allowed: str) -> Violation:
    return Violation(ErrorCode.FORMAT_INVALID, path, str(found)[:256], allowed)
