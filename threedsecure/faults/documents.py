"""A fault as people write it down: one object in JSON or YAML, read strictly. The JSON Schema is made from these types."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from threedsecure.faults.fault import Fault, FaultRefused
from threedsecure.faults.kinds import KINDS, SENSIBLE, FaultDocument
from threedsecure.faults.points import IN_AN_APP, POINTS, Carrier, Written

OF_NO_PAYMENT: Final = frozenset({"PReq", "PRes", "CRReq", "CRRes", "OReq", "ORes"})
"""What crosses beside payments."""
OF_BOTH: Final = frozenset({"SMS", "challenge page"})
"""What crosses in every version."""
WITHOUT_CARD: Final = OF_NO_PAYMENT | {"Method page", "Method callback"}
_XML_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")
_HOW: Final[Mapping[Carrier, str]] = MappingProxyType(
    {
        Carrier.ANSWER: "an answer",
        Carrier.REQUEST: "a request that the simulator makes",
        Carrier.PAGE: "a page",
        Carrier.POST: "what a browser posts",
        Carrier.ARRIVAL: "what others send",
    }
)


def read(document: Any, *, lax: bool = False) -> Fault:
    """A fault from an object that was read from JSON; `lax` takes text where a number is meant, as YAML has it.

    Errors: `FaultRefused`, also for a kind that makes no sense at its point."""
    if not isinstance(document, Mapping):
        raise FaultRefused("a fault is an object with at and do")
    try:
        fault: Fault = msgspec.convert(dict(document), FaultDocument, strict=not lax)
    except msgspec.ValidationError as error:
        raise FaultRefused(_plain(document, error)) from error
    check(fault)
    return fault


def check(fault: Fault) -> None:
    """Errors: `FaultRefused` for what reads well and makes no sense."""
    words = refusal(fault.at, fault.do)
    if words is not None:
        raise FaultRefused(words)
    senders = POINTS[fault.at].senders
    if fault.sender is not None and fault.sender not in senders:
        raise FaultRefused(f"{fault.at} is never sent by the {fault.sender}; it comes from {' or '.join(senders)}")
    if POINTS[fault.at].written is Written.XML:
        _check_xml(fault)
    if fault.card is not None and fault.at in WITHOUT_CARD:
        raise FaultRefused(f"{fault.at} comes before anybody says which card it is for: name a transaction, or nothing")
    if fault.at in OF_NO_PAYMENT and fault.transaction is not None:
        raise FaultRefused(f"a message such as the {fault.at} belongs to no transaction")
    if fault.card is not None and fault.transaction is not None:
        raise FaultRefused("a fault is limited to a card or to a transaction, not to both")


def never_met(at: str, *, classic: bool, app: bool) -> str | None:
    """Why a payment never has the message of this point; None when it may. `classic`: it is one of 1.0.2; `app`: one in an app."""
    of_classic = POINTS[at].written is Written.XML or at == "PARes page"
    if of_classic != classic and at not in OF_BOTH:
        return (
            f"a fault at the {at} can never happen here: {'3-D Secure 1.0.2' if of_classic else 'EMV 3DS'} alone has it"
        )
    if at in IN_AN_APP and not app:
        return f"a fault at the {at} can never happen here: it is about payments in an app"
    return None


def _check_xml(fault: Fault) -> None:
    """What JSON can hold and XML cannot."""
    for name in ("element", "to"):
        written = getattr(fault, name, None)
        if isinstance(written, str) and not _XML_PATH.fullmatch(written):
            raise FaultRefused(f"{name}: {written[:40]!r} cannot be the name of an element in XML")
    value = getattr(fault, "value", "")
    if not isinstance(value, str | int | float) or not str(value).isprintable():
        raise FaultRefused("value: the elements of 3-D Secure 1.0.2 are printable text")


def as_document(fault: Fault) -> dict[str, Any]:
    """The object that `read` takes."""
    document: dict[str, Any] = msgspec.to_builtins(fault)
    return document


def _plain(document: Mapping[Any, Any], error: msgspec.ValidationError) -> str:
    do, at = document.get("do"), document.get("at")
    if do is None or at is None:
        return "a fault needs at (which message) and do (what happens to it)"
    if str(do) not in KINDS:
        return f"there is no fault {str(do)[:40]!r}; there are {', '.join(KINDS)}"
    if str(at) not in POINTS:
        return f"there is no point {str(at)[:40]!r}; there are {', '.join(POINTS)}"
    return f"{do}: {error}"


def refusal(at: str, do: str) -> str | None:
    """Why there is no fault `do` at the point `at`; None when there is."""
    sensible = SENSIBLE[at]
    if do in sensible:
        return None
    return f"{do} makes no sense at {at}, which is {_HOW[POINTS[at].carrier]}: there are {', '.join(sensible)}"
