"""Holds a message against the tables and rules, and yields everything it breaks.

Liberal by default, for what comes in; with `sent=True` as strict as the specification, for what goes out.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from threedsecure.v1.errors import ErrorCode, MessageError, Violation
from threedsecure.v1.grammar.formats import MESSAGE_ID, Format
from threedsecure.v1.grammar.tables import HEAD, MESSAGES, NEWEST, VERSIONS, Element, of_version
from threedsecure.v1.validation import rules
from threedsecure.v1.validation.rules import invalid, missing

_STAGES: Final = (
    ErrorCode.REQUIRED_ELEMENT_MISSING,
    ErrorCode.CRITICAL_ELEMENT_NOT_RECOGNISED,
    ErrorCode.FORMAT_INVALID,
)


def check(message: Mapping[str, Any], *, sent: bool = False, extensions: Collection[str] = ()) -> None:
    """`extensions`: ids of the critical extensions understood. Errors: `MessageError` with all the elements of the first stage
    that finds any: missing (3), not recognised (4), format (5)."""
    found = violations(message, sent=sent, extensions=extensions)
    for stage in _STAGES:
        names = [violation.element for violation in found if violation.code is stage]
        if names:
            raise MessageError(stage, ", ".join(dict.fromkeys(names)), violations=found, message=message)


def violations(message: Mapping[str, Any], *, sent: bool = False, extensions: Collection[str] = ()) -> list[Violation]:
    """Every violation, in the order of the table; those between elements last. `message` must be of a known messageType."""
    version = message.get("version")
    version = version if version in VERSIONS else NEWEST
    elements = of_version(MESSAGES[message["messageType"]], version)
    body = {name: value for name, value in message.items() if name not in HEAD}
    found = [*_message_id(message, sent), *_children(body, elements, "", version, sent)]
    found += _critical_extensions(message, extensions)
    if not any(violation.code is ErrorCode.FORMAT_INVALID for violation in found):
        found += rules.violations(message, sent=sent)
    return found


def _message_id(message: Mapping[str, Any], sent: bool) -> Iterator[Violation]:
    value = message.get("messageId")
    if value is None:
        yield missing("Message.id", MESSAGE_ID.allowed)
    elif not isinstance(value, str) or not _fits(MESSAGE_ID, value, sent):
        yield invalid("Message.id", value, MESSAGE_ID.allowed)


def _children(
    found: Mapping[str, Any], elements: Mapping[str, Element], path: str, version: str, sent: bool
) -> Iterator[Violation]:
    for name, element in elements.items():
        yield from _element(found.get(name), element, path + name, version, sent)
    for name in found:
        if name not in elements:
            yield Violation(ErrorCode.CRITICAL_ELEMENT_NOT_RECOGNISED, path + name, name, ", ".join(elements))
    yield from _order(found, elements, path)


def _order(found: Mapping[str, Any], elements: Mapping[str, Element], path: str) -> Iterator[Violation]:
    """The first element that stands behind one it should precede."""
    ranks = {name: rank for rank, name in enumerate(name for name in elements if not elements[name].attribute)}
    last = -1
    for name in found:
        rank = ranks.get(name, last)
        if rank < last:
            yield invalid(path + name, "out of order", "the order " + ", ".join(ranks))
            return
        last = rank


def _element(value: Any, element: Element, path: str, version: str, sent: bool) -> Iterator[Violation]:
    if element.repeated and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _one(item, element, f"{path}[{index}]", version, sent)
    elif value is None or (value == "" and not sent and not element.children):
        # An empty optional element is what some senders write for an absent one; an empty required one is missing.
        if element.required:
            yield missing(path, _allowed(element))
    elif isinstance(value, list) or element.repeated:
        times = len(value) if isinstance(value, list) else 1
        yield invalid(path, f"{times} times", "a list" if element.repeated else "once")
    else:
        yield from _one(value, element, path, version, sent)


def _one(value: Any, element: Element, path: str, version: str, sent: bool) -> Iterator[Violation]:
    if isinstance(element.content, Format):
        if not isinstance(value, str):
            yield invalid(path, "elements", element.content.allowed)
        elif not _fits(element.content, value, sent):
            yield invalid(path, value, element.content.allowed)
    elif isinstance(value, Mapping):
        yield from _children(value, of_version(element.content, version), path + ".", version, sent)
    else:
        yield invalid(path, str(value), "elements")


def _critical_extensions(message: Mapping[str, Any], known: Collection[str]) -> Iterator[Violation]:
    extensions = message.get("Extension")
    for index, extension in enumerate(extensions if isinstance(extensions, list) else []):
        if isinstance(extension, Mapping) and extension.get("critical") == "true" and extension.get("id") not in known:
            code = ErrorCode.CRITICAL_ELEMENT_NOT_RECOGNISED
            yield Violation(code, f"Extension[{index}]", str(extension.get("id", "")), ", ".join(known) or "none")


def _fits(format_: Format, value: str, sent: bool) -> bool:
    return format_.sends(value) if sent else format_.accepts(value)


def _allowed(element: Element) -> str:
    return element.content.allowed if isinstance(element.content, Format) else "elements"
