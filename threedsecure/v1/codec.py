"""3-D Secure XML to a mapping, and back."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from lxml import etree

from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.grammar.formats import MAX_MESSAGE_ID
from threedsecure.v1.grammar.tables import EXTENSION_CONTENT, HEAD, MESSAGES, NEWEST, VERSIONS, Element, of_version
from threedsecure.v1.parsing import MAX_MESSAGE_BYTES, parse

CONTENT_TYPE: Final = 'application/xml; charset="utf-8"'
SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"
DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
# What XML 1.0 cannot carry (section 2.2): a value that came from elsewhere loses it instead of stopping the message.
_UNSPEAKABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def decode(
    raw: bytes, *, accepts: Collection[str] = frozenset(MESSAGES), limit: int = MAX_MESSAGE_BYTES
) -> dict[str, Any]:
    """Read one message; `accepts` names the types that may come here, `limit` is in bytes.

    Errors: `MessageError` 1 (no XML, wrong root), 2 (no defined message, or one that has no business here), 3 (no Message, no
    id, no version), 5 (too long, version unknown), 6 (version too old). Its `message` holds what was read so far.
    """
    element, head = _message(parse(raw, limit=limit))
    if element.tag not in MESSAGES or element.tag not in accepts:
        raise MessageError(ErrorCode.MESSAGE_NOT_DEFINED, _shown(element.tag), message=head or None)
    head = {"messageType": str(element.tag), **head}
    if "messageId" not in head:
        raise MessageError(ErrorCode.REQUIRED_ELEMENT_MISSING, "Message.id", message=head)
    version = _version(element, head)
    return {**head, **_children(element, of_version(MESSAGES[head["messageType"]], version))}


def message_element(root: "etree._Element") -> "etree._Element":
    """The one message that stands in a ThreeDSecure document. Errors: `MessageError` 1, 2, 3."""
    return _message(root)[0]


def _message(root: "etree._Element") -> "tuple[etree._Element, dict[str, str]]":
    if root.tag != "ThreeDSecure":
        raise MessageError(ErrorCode.ROOT_ELEMENT_INVALID, _shown(root.tag))
    envelope = root.find("Message")
    if envelope is None:
        raise MessageError(ErrorCode.REQUIRED_ELEMENT_MISSING, "Message")
    if len(list(root.iterchildren("*"))) != 1:
        raise MessageError(ErrorCode.MESSAGE_NOT_DEFINED, "more than one element where one Message is expected")
    head = _head(envelope)
    elements = [child for child in envelope.iterchildren("*") if child.tag != SIGNATURE]
    if len(elements) != 1:
        raise MessageError(
            ErrorCode.MESSAGE_NOT_DEFINED, f"{len(elements)} messages where one is expected", message=head or None
        )
    return elements[0], head


def _head(envelope: "etree._Element") -> dict[str, str]:
    identifier = envelope.get("id")
    return {} if identifier is None else {"messageId": str(identifier)[: MAX_MESSAGE_ID + 1]}


def _version(element: "etree._Element", head: dict[str, str]) -> str:
    version = element.findtext("version")
    if not version:
        raise MessageError(ErrorCode.REQUIRED_ELEMENT_MISSING, "version", message=head)
    if version in VERSIONS:
        return str(version)
    code = (
        ErrorCode.VERSION_TOO_OLD if re.fullmatch(r"0\.[0-9.]{1,8}|1\.0(\.0)?", version) else ErrorCode.FORMAT_INVALID
    )
    raise MessageError(code, "version", message=head)


def _children(element: "etree._Element", rows: Mapping[str, Element]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: element.get(name) for name, row in rows.items() if row.attribute and name in element.attrib
    }
    for child in element.iterchildren("*"):
        name = _name(child)
        row = rows.get(name)
        value = _value(child, row)
        if name not in found:
            found[name] = [value] if row is not None and row.repeated else value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _name(element: "etree._Element") -> str:
    """The element's name, bent where it would pass for what stands around a message."""
    return f"element.{element.tag}" if element.tag in HEAD else _shown(element.tag)


def _value(element: "etree._Element", row: Element | None) -> Any:
    if row is not None and row.name == "Extension":
        return {
            **{name: element.get(name) for name in ("id", "critical") if name in element.attrib},
            **_content(element),
        }
    if row is not None and row.children:
        return _children(element, of_version(row.children, NEWEST))
    return {} if len(element) else element.text or ""


def _content(element: "etree._Element") -> dict[str, str]:
    """What stands in an Extension, as it was written."""
    inner = (element.text or "") + "".join(etree.tostring(child, encoding="unicode") for child in element)
    return {EXTENSION_CONTENT: inner} if inner else {}


def _shown(tag: object) -> str:
    return str(tag)[:100]


def encode(message: Mapping[str, Any]) -> bytes:
    """`message` as UTF-8 XML, its elements in the order of the table, unknown ones last. Absent is what is None.

    Nothing is checked: a simulator also sends what is wrong.
    """
    root = etree.Element("ThreeDSecure")
    envelope = etree.SubElement(root, "Message")
    if message.get("messageId") is not None:
        envelope.set("id", _speakable(message["messageId"]))
    body = {name: value for name, value in message.items() if name not in HEAD}
    rows = MESSAGES.get(message["messageType"], ())
    _write(etree.SubElement(envelope, message["messageType"]), body, rows)
    return DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _write(element: "etree._Element", values: Mapping[str, Any], rows: tuple[Element, ...]) -> None:
    known = {row.name: row for row in rows}
    for name in [*known, *(name for name in values if name not in known)]:
        value, row = values.get(name), known.get(name)
        if value is None:
            continue
        if row is not None and row.attribute:
            element.set(name, _speakable(value))
        elif name == EXTENSION_CONTENT and element.tag == "Extension":
            _write_content(element, value)
        else:
            for item in value if isinstance(value, list) else [value]:
                _write_one(etree.SubElement(element, name), item, row)


def _write_one(element: "etree._Element", value: Any, row: Element | None) -> None:
    if isinstance(value, Mapping):
        _write(element, value, row.children if row is not None else ())
    else:
        element.text = _speakable(value)


def _write_content(extension: "etree._Element", content: str) -> None:
    try:
        fragment = parse(f"<content>{content}</content>".encode())
    except MessageError:
        extension.text = _speakable(content)
    else:
        extension.text = fragment.text
        extension.extend(list(fragment))


def _speakable(value: object) -> str:
    return _UNSPEAKABLE.sub("?", str(value))
