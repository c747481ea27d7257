"""What is no fault and still worth saying: elements that schemes expect or that help a purchase go through without a challenge,
names that are dropped on the way, and values that a stricter receiver refuses."""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, TypeAlias

from msgspec import Struct

from threedsecure.v2.grammar.conditions import text
from threedsecure.v2.grammar.context import Context
from threedsecure.v2.grammar.formats import Format, accepted, compile_format
from threedsecure.v2.grammar.patterns import codes, digits, emv_common, printable, url
from threedsecure.v2.validation.expectations import EXPECTATIONS
from threedsecure.v2.validation.plans import Scope, is_empty, plan_for

Message: TypeAlias = Mapping[str, Any]

MAX_UNDEFINED_TOLD: Final = 100
"""Each one costs a search for the name that may have been meant."""


class Advice(Struct, frozen=True, omit_defaults=True):
    """`element` is dotted and indexed as in a violation; `words` say what would be better, and why. `since`: the day from which a
    rule with a date wants it."""

    element: str
    words: str
    since: str = ""


def advise(message_type: str, message: Message, context: Context) -> list[Advice]:
    """All advice on a message, valid or not; of elements that are not defined the first MAX_UNDEFINED_TOLD, and that there
    are more."""
    found = list(islice(_undefined(message_type, message, context), MAX_UNDEFINED_TOLD + 1))
    if len(found) > MAX_UNDEFINED_TOLD:
        words = f"not defined either; only the first {MAX_UNDEFINED_TOLD} such names are told"
        found[-1] = Advice(found[-1].element, words)
    for advisers in (_ADVISERS.get(message_type, ()), (_narrower, _plain_http)):
        for adviser in advisers:
            found += adviser(message, context)
    return found


# What a sender may add.


def _expected(message: Message, context: Context) -> Iterator[Advice]:
    kind = text(message, "messageType")
    if kind not in _ADVISERS:
        kind = "AReq"
    defined = plan_for(kind, context).scope.fields if kind in _ADVISERS else {}
    for row in EXPECTATIONS:
        if row.message == kind and row.concerns(message, context) and (names := row.lacking(message, defined)):
            yield Advice(names[0], row.told(names) if row.since else row.words, row.since)


def _method(message: Message, context: Context) -> Iterator[Advice]:
    match text(message, "threeDSCompInd"):
        case "N":
            yield Advice("threeDSCompInd", "N: the 3DS Method did not finish, and the ACS does not know the device")
        case "U":
            yield Advice("threeDSCompInd", "U is right only where the card range has no 3DS Method URL")


def _proof(message: Message, context: Context) -> Iterator[Advice]:
    if text(message, "transStatus") in ("Y", "A") and is_empty(message.get("eci")):
        yield Advice("eci", "absent: acquirers look for it beside the authenticationValue")


Adviser: TypeAlias = Callable[[Message, Context], Iterator[Advice]]
_ADVISERS: Final[Mapping[str, tuple[Adviser, ...]]] = {
    "AReq": (_expected, _method),
    "CReq": (_expected,),
    "ARes": (_expected, _proof),
    "RReq": (_proof,),
}


# What a sender may leave out, or mean otherwise.


def _undefined(message_type: str, message: Message, context: Context) -> Iterator[Advice]:
    yield from _undefined_in(plan_for(message_type, context).scope, message, "", context)


def _undefined_in(scope: Scope, found: Message, prefix: str, context: Context) -> Iterator[Advice]:
    for name, value in found.items():
        field = scope.fields.get(name)
        if field is None:
            similar = get_close_matches(name, (known for known in scope.fields if known not in found), 1, 0.75)
            hint = f"; did you mean {similar[0]}?" if similar else ""
            yield Advice(
                prefix + name, f"not defined here in {context.version}: nobody reads it, nobody forwards it{hint}"
            )
        elif field.scope is not None:
            items = value if isinstance(value, list) else [value]
            for index, item in enumerate(items):
                if isinstance(item, Mapping):
                    place = f"[{index}]" if isinstance(value, list) else ""
                    yield from _undefined_in(field.scope, item, f"{prefix}{name}{place}.", context)


# Accept the wider, send the narrower: where sources disagree on a format.
_DEPTHS: Final = codes("1", "4", "8", "15", "16", "24", "32", "48")
NARROWER: Final[Mapping[str, Format]] = {
    "notificationURL": url(256),
    "acquirerMerchantID": printable(1, 15),
    "purchaseExponent": codes("0", "1", "2"),
    "browserColorDepth": _DEPTHS,
    "browserLanguage": printable(1, 8),
    "cardholderName": emv_common(2, 45),
}
_NARROWER_PHONE: Final = digits(1, 12)
_NARROWER_COUNT: Final = digits(1, 3)


def _narrower(message: Message, context: Context) -> Iterator[Advice]:
    for path, value, form in _conflicts(message):
        if isinstance(value, str) and value and not accepted(compile_format(form), value):
            yield Advice(path, f"accepted here, but some receivers take only {form.allowed}")


def _conflicts(message: Message) -> Iterator[tuple[str, Any, Format]]:
    for name, form in NARROWER.items():
        yield name, message.get(name), form
    for name in ("homePhone", "mobilePhone", "workPhone"):
        phone = message.get(name)
        yield f"{name}.subscriber", text(phone if isinstance(phone, Mapping) else None, "subscriber"), _NARROWER_PHONE
    account = message.get("acctInfo")
    count = text(account if isinstance(account, Mapping) else None, "nbPurchaseAccount")
    yield "acctInfo.nbPurchaseAccount", count, _NARROWER_COUNT


def _plain_http(message: Message, context: Context) -> Iterator[Advice]:
    for name, value in message.items():
        if isinstance(value, str) and value[:7].lower() == "http://" and name in _ADDRESSES:
            yield Advice(name, "plain http is for the desk: schemes take https only")


_ADDRESSES: Final = frozenset(
    {"threeDSServerURL", "dsURL", "acsURL", "notificationURL", "threeDSMethodNotificationURL"}
)
