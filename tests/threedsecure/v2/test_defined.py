"""What is forwarded, the next party takes: over every object and every list of objects of every message typed by hand."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.checking import Leg, context_of, defined, violations

FOLDER = files("fixtures") / "messages"
HOPS = {
    "AReq": (Leg.THREE_DS_SERVER_TO_DS, Leg.DS_TO_ACS),
    "ARes": (Leg.ACS_TO_DS, Leg.DS_TO_THREE_DS_SERVER),
    "RReq": (Leg.ACS_TO_DS, Leg.DS_TO_THREE_DS_SERVER),
}
BY_THE_DIRECTORY_SERVER = {
    "dsReferenceNumber": "DS_LOA_REF_0001",
    "dsTransID": "b5f8f6e6-2dd1-4a4c-a9f0-5d4a3b1d5a11",
    "dsURL": "https://ds.example/results",
}
NOT_FORWARDED = {"sdkEncData"}


def messages() -> Iterator[tuple[str, dict[str, Any]]]:
    for version in ("2.1.0", "2.2.0", "2.3.1"):
        for file in sorted((FOLDER / version).iterdir(), key=lambda one: one.name):
            message = json.loads(file.read_text("utf-8"))
            if message.get("messageType") in HOPS and "from-ds" not in file.name:
                yield f"{version}/{file.name}", message


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every object in a message, the message itself left out."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inside:
        if isinstance(one, dict):
            yield (*path, name)
        yield from objects(one, (*path, name))


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], by)
    return copy


def refusals(message: dict[str, Any], leg: Leg) -> list[tuple[str, str]]:
    return [(one.code, one.element) for one in violations(message, context_of(message, leg))]


def forwarded(message: dict[str, Any], leg: Leg) -> dict[str, Any]:
    passed = defined(message, context_of(message, leg))
    if message["messageType"] != "AReq":
        return passed
    return {**{name: passed[name] for name in passed if name not in NOT_FORWARDED}, **BY_THE_DIRECTORY_SERVER}


@pytest.mark.parametrize(
    ("name", "message"), list(messages()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_object_that_holds_nothing_known_is_taken_by_both_or_refused_by_the_first(name, message):
    came, goes = HOPS[message["messageType"]]
    assert message["messageType"] in MESSAGES
    before = refusals(message, came)
    for path in objects(message):
        strange = replaced(message, path, {"misspelt": "x"})
        if refusals(strange, came) == before:
            left = forwarded(strange, came)
            assert refusals(left, goes) == refusals(forwarded(message, came), goes), (name, path)
            assert not any(left_empty(left)), (name, path)


def left_empty(value: Any) -> Iterator[bool]:
    """Whether something is empty in what is forwarded."""
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield one in ({}, [])
        yield from left_empty(one)


@pytest.mark.parametrize(("version", "needed"), [("2.1.0", False), ("2.2.0", True), ("2.3.1", True)])
def test_only_a_3ri_that_no_result_can_follow_needs_no_ds_url(version, needed):
    message = json.loads((FOLDER / version / "areq-3ri-npa-from-ds.json").read_text("utf-8"))
    message.pop("dsURL", None)
    assert refusals(message, Leg.DS_TO_ACS) == ([("201", "dsURL")] if needed else [])
