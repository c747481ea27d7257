"""Every way to spoil one element of a right message, with what the receiver must answer.

Expectations come from the element list (fixtures/emv-3ds-elements.csv), not from the tables under test; only whether a condition
holds is asked of the tables, and conditions have tests of their own."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from tests.threedsecure.v2.golden import GOLDEN, Golden
from tests.threedsecure.v2.specification import Specified, read
from threedsecure.v2.grammar.context import Context
from threedsecure.v2.messages import MESSAGES, METHOD_DATA

SPECIFIED = {(each.message, each.element, each.version): each for each in read()}

# Any character goes here: no charset to break.
PROSE = re.compile(
    r"AuthData|Text$|[dD]escription|errorDetail|tokenCryptogram$|challengeAddInfo|cardholderInfo$|\.text$|additionalData"
)


@dataclass(frozen=True)
class Mutant:
    """`raw` is the spoiled message; `expected` the code and name in the answer, or None where the message stays acceptable."""

    fault: str
    path: str
    raw: bytes
    expected: tuple[str, str] | None


# What one fault brings with it.
CONSEQUENCES = {
    ("whiteListStatus", "missing"): ("203", "whiteListStatusSource"),  # a source stands with its status
    ("trustListStatus", "missing"): ("203", "trustListStatusSource"),
    # a payment that is divided among merchants names sellers that are described
    ("sellerInfo", "missing"): ("203", "multiTransaction.merchantList[0].sellerId"),
    ("sellerInfo[0].sellerId", "missing"): ("203", "multiTransaction.merchantList[0].sellerId"),
    ("broadInfo.description", "too long"): ("203", "broadInfo,broadInfo.description"),  # the whole is bounded too
}


@dataclass(frozen=True)
class Place:
    """Where a member stands: the keys that lead to its object, its name, and how an Erro names it."""

    keys: tuple[str | int, ...]
    name: str
    path: str
    element: str


def mutants(golden: Golden) -> Iterator[Mutant]:
    kind = golden.message.get("messageType", METHOD_DATA)
    for place in places(golden.message):
        specified = SPECIFIED.get((kind, place.element, golden.version)) or SPECIFIED.get(
            ("*", place.element, golden.version)
        )
        if specified is not None and not place.path.startswith("messageExtension[0].data."):
            first = _first_with(kind, golden.version, golden.context().device_channel, place.path) == golden.name
            for mutant in _of_place(golden, kind, place, specified, spoil=first):
                yield replace(mutant, expected=_answer(golden, place, specified, mutant))


@cache
def _first_with(kind: str, version: str, channel: str, path: str) -> str:
    """The first message that has the element: formats do not depend on what else is there, so it is spoiled in that one only."""
    return next(
        golden.name
        for golden in GOLDEN
        if (golden.message.get("messageType", METHOD_DATA), golden.version) == (kind, version)
        and golden.context().device_channel == channel
        and not golden.name.endswith("-minimal")
        and any(place.path == path for place in places(golden.message))
    )


def _answer(golden: Golden, place: Place, specified: Specified, mutant: Mutant) -> tuple[str, str] | None:
    if mutant.fault == "duplicate":
        return mutant.expected
    if place.path == "messageType":
        return ("101", "messageType")
    if not _inclusion(golden, specified):
        return None  # what is not defined is not looked at
    if place.path == "transStatus" and mutant.fault == "missing" and "transStatusReason" in golden.message:
        return ("201", "transStatus")  # a reason stands with its status
    return CONSEQUENCES.get((place.path, mutant.fault), mutant.expected)


def places(value: Any, keys: tuple[str | int, ...] = (), path: str = "", element: str = "") -> Iterator[Place]:
    """All members of a message; of an array the first item."""
    if isinstance(value, list) and value:
        yield from places(value[0], (*keys, 0), f"{path.removesuffix('.')}[0].", element)
    if isinstance(value, dict):
        for name, item in value.items():
            yield Place(keys, name, path + name, element + name)
            yield from places(item, (*keys, name), f"{path}{name}.", f"{element}{name}.")


def _of_place(golden: Golden, kind: str, place: Place, specified: Specified, *, spoil: bool) -> Iterator[Mutant]:
    required = _must_be_there(golden, kind, place, specified)
    empty = ("201" if required else "203", place.path)
    yield Mutant("missing", place.path, _without(golden.message, place), ("201", place.path) if required else None)
    for fault, value in (("null", None), ("empty string", ""), ("empty object", {}), ("empty array", [])):
        yield _mutant(golden, place, fault, value, empty)
    if not spoil:
        return
    yield Mutant("duplicate", place.path, _twice(golden.message, place), ("204", place.path))
    original = _object_at(golden.message, place.keys)[place.name]
    for fault, value, code, suffix in _spoiled(original, specified):
        yield _mutant(golden, place, fault, value, (code, place.path + suffix))


def _spoiled(original: Any, specified: Specified) -> Iterator[tuple[str, Any, str, str]]:
    """Fault, value, code, and what is added to the path (the index of an item)."""
    yield "wrong type", 12 if isinstance(original, str | dict | list) else "true", "203", ""
    if isinstance(original, str):
        yield from ((fault, value, code, "") for fault, value, code in _spoiled_text(original, specified))
    elif isinstance(original, list):
        yield from _spoiled_array(original, specified)
    elif isinstance(original, dict):
        if specified.most and not specified.is_array and "cardholderInfo" not in specified.element:
            yield "too long", {**original, "padding": "x" * specified.most}, "203", ""
    elif isinstance(original, int) and not isinstance(original, bool) and specified.most and specified.least:
        yield "too large", specified.most + 1, "203", ""
        yield "too small", specified.least - 1, "203", ""


def _spoiled_array(original: list[Any], specified: Specified) -> Iterator[tuple[str, Any, str, str]]:
    if specified.most and specified.most <= 100:
        yield "too many", original[:1] * (specified.most + 1), "203", ""
    yield "item of a wrong type", [12, *original[1:]], "203", "[0]"
    if isinstance(original[0], str):
        yield "item with a bad character", ["\x01" + original[0][1:], *original[1:]], "203", "[0]"
        if specified.is_coded:
            yield "item reserved", [_reserved(specified), *original[1:]], _reserved_code(specified), "[0]"
        if specified.version == "2.3.1" and (specified.most or 2) >= 2:
            yield "item twice", [original[0], original[0]], "204", "[1]"


def _spoiled_text(original: str, specified: Specified) -> Iterator[tuple[str, str, str]]:
    if specified.most and not specified.is_array:
        most = 2048 if specified.element == "notificationURL" else specified.most  # accepted wider than the list says
        yield "too long", original + original[-1] * (most + 1 - len(original)), "203"
    if specified.least and specified.least > 1 and not specified.is_array:
        yield "too short", original[: specified.least - 1], "203"
    if not PROSE.search(specified.element):
        yield "bad character", "\x01" + original[1:], "203"
    if specified.is_coded and len(original) == 2:
        yield "reserved", _reserved(specified), _reserved_code(specified)
    if specified.is_iso and original.isdigit():
        yield "no ISO code", "999", "304"


def _reserved(specified: Specified) -> str:
    return next(value for value in ("77", "76", "75") if value not in specified.values)


def _reserved_code(specified: Specified) -> str:
    return "207" if specified.version == "2.3.1" else "203"


def _mutant(golden: Golden, place: Place, fault: str, value: Any, expected: tuple[str, str]) -> Mutant:
    return Mutant(fault, place.path, _dumped(_with(golden.message, place.keys, place.name, value)), expected)


def _without(message: dict[str, Any], place: Place) -> bytes:
    return _dumped(_with(message, place.keys, place.name, _ABSENT))


def _twice(message: dict[str, Any], place: Place) -> bytes:
    spoiled = _with(message, place.keys, "\x00", _object_at(message, place.keys)[place.name])
    return _dumped(spoiled).replace(b'"\\u0000"', json.dumps(place.name).encode())


def _dumped(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


_ABSENT = object()


def _with(found: Any, keys: tuple[str | int, ...], name: str, value: Any) -> Any:
    """A copy of `found` in which the object at `keys` has `value` as its member `name`, or no such member."""
    if keys:
        inner = _with(found[keys[0]], keys[1:], name, value)
        return {**found, keys[0]: inner} if isinstance(found, dict) else [inner, *found[1:]]
    changed = {key: item for key, item in found.items() if key != name or value is not _ABSENT}
    return changed if value is _ABSENT else {**changed, name: value}


def _object_at(message: dict[str, Any], keys: tuple[str | int, ...]) -> Any:
    found: Any = message
    for key in keys:
        found = found[key]
    return found


def _must_be_there(golden: Golden, kind: str, place: Place, specified: Specified) -> bool:
    inclusion = _inclusion(golden, specified)
    return inclusion == "R" or (inclusion == "C" and _condition_holds(golden, kind, place, golden.context()))


def _inclusion(golden: Golden, specified: Specified) -> str:
    context = golden.context()
    return specified.inclusion(context.device_channel, "01" if context.message_category == "01" else "02")


def _condition_holds(golden: Golden, kind: str, place: Place, context: Context) -> bool:
    """Whether the element must be there once it is taken away."""
    holder = {name: item for name, item in _object_at(golden.message, place.keys).items() if name != place.name}
    rows = [row for row in MESSAGES[kind] if row.name == place.element]
    return any(
        row.when is not None and row.when.enforced and row.when.holds(holder, context)
        for row in rows
        if row.included(context.version, context.device_channel, context.message_category, context.leg) == "C"
    )
