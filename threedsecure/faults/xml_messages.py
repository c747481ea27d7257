"""What can be done to a message of 3-D Secure 1.0.2."""

import base64
from typing import Final

from lxml import etree

from threedsecure.faults.fault import Draw
from threedsecure.v1 import messages
from threedsecure.v1.codec import DECLARATION, SIGNATURE, encode, message_element
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.parsing import parse

IDS: Final = ("CH.acctID", "Purchase.xid")
_ID_BYTES: Final = 20
DEFAULT_ERROR: Final = "98"  # transient system failure


def decoded(raw: bytes) -> "etree._Element | None":
    """The document, or None for what is no message."""
    try:
        root = parse(raw)
        message_element(root)
    except MessageError:
        return None
    return root


def kind_of(root: "etree._Element") -> str:
    return str(message_element(root).tag)


def written(root: "etree._Element") -> bytes:
    return DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def unsign(root: "etree._Element") -> None:
    """Take the signature away."""
    for signature in list(root.iter(SIGNATURE)):
        holder = signature.getparent()
        if holder is not None:
            holder.remove(signature)


def identifiers(root: "etree._Element") -> dict[str, str]:
    """The identifiers that stand inside the message, by path."""
    found = {name: find(root, name) for name in IDS}
    return {name: element.text or "" for name, element in found.items() if element is not None}


def extend(root: "etree._Element", identifier: str) -> None:
    extension = etree.SubElement(message_element(root), "Extension", id=identifier, critical="true")
    extension.text = "nobody knows what this means"


def find_all(root: "etree._Element", element: str) -> "list[etree._Element]":
    return list(message_element(root).iterfind(element.replace(".", "/")))


def find(root: "etree._Element", element: str) -> "etree._Element | None":
    return next(iter(find_all(root, element)), None)


def remove(root: "etree._Element", element: str) -> None:
    for found in find_all(root, element):
        holder = found.getparent()
        if holder is not None:
            holder.remove(found)


def put(root: "etree._Element", element: str, value: str) -> None:
    found = find(root, element)
    if found is None:
        found = etree.SubElement(message_element(root), element)
    for child in list(found):
        found.remove(child)
    found.text = value


def repeat(root: "etree._Element", element: str) -> None:
    found = find(root, element)
    if found is not None:
        again = etree.fromstring(etree.tostring(found, with_tail=False))
        again.text = f"{found.text or ''}0"
        found.addnext(again)


def random_id(draw: Draw) -> str:
    return base64.b64encode(draw(1 << 8 * _ID_BYTES).to_bytes(_ID_BYTES, "big")).decode()


def error_instead(root: "etree._Element", code: str, detail: str) -> bytes:
    envelope = message_element(root).getparent()
    identifier = envelope.get("id") if envelope is not None else None
    version = message_element(root).findtext("version")
    found = {"messageType": kind_of(root), "messageId": identifier or "0", "version": version}
    error = messages.error(
        MessageError(ErrorCode.TRANSIENT_FAILURE, detail, message=found), message_id=identifier or "0"
    )
    return encode({**error, "errorCode": code})


def summary(root: "etree._Element") -> dict[str, str]:
    """What a message is and whose, in flat names."""
    message = message_element(root)
    envelope = message.getparent()
    told = {
        "messageType": str(message.tag),
        "messageId": envelope.get("id") if envelope is not None else None,
        "acctID": message.findtext("CH/acctID"),
        "xid": message.findtext("Purchase/xid"),
        "pan": message.findtext("pan"),
        "enrolled": message.findtext("CH/enrolled"),
        "status": message.findtext("TX/status"),
    }
    return {name: value for name, value in told.items() if value}
