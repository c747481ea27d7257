"""What faults do to a message of 3-D Secure 1.0.2: from bytes to bytes."""

import base64
from collections.abc import Callable, Mapping
from typing import Final

from lxml import etree

from threedsecure.faults import documents as kinds
from threedsecure.faults.documents import Fault
from threedsecure.v1 import messages
from threedsecure.v1.codec import DECLARATION, SIGNATURE, encode, message_element
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.parsing import parse

IDS: Final = ("CH.acctID", "Purchase.xid")
_ID_BYTES: Final = 20
_DEFAULT_ERROR: Final = "98"  # transient system failure

Draw = Callable[[int], int]


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


def applies(fault: Fault, root: "etree._Element") -> bool:
    match fault:
        case kinds.Drop(element=element) | kinds.Rename(element=element) | kinds.DuplicateKey(element=element):
            return _find(root, element) is not None
        case kinds.Set(element=element):
            return _find(root, element) is not None or "." not in element
        case kinds.SwapIds(element=element):
            return any(_find(root, name) is not None for name in (IDS if element is None else (element,)))
    return True


def changed(fault: Fault, root: "etree._Element", other: Mapping[str, str], draw: Draw) -> bytes:
    """The message after the fault, without its signature. `other`: the identifiers of another transaction, by path."""
    unsign(root)
    match fault:
        case kinds.Drop(element=element):
            _remove(root, element)
        case kinds.Set(element=element, value=value):
            _put(root, element, str(value))
        case kinds.Rename(element=element, to=to):
            for found in _all(root, element):
                found.tag = to
        case kinds.DuplicateKey(element=element):
            _repeat(root, element)
        case kinds.SwapIds(element=wanted, of=of):
            for name in IDS if wanted is None else (wanted,):
                known = other.get(name) if of == "another" else None
                if _find(root, name) is not None:
                    _put(root, name, known or _random_id(draw))
        case kinds.CriticalExtension(id=identifier):
            extension = etree.SubElement(message_element(root), "Extension", id=identifier, critical="true")
            extension.text = "nobody knows what this means"
        case kinds.Erro(code=code, detail=detail):
            return _error(root, code or _DEFAULT_ERROR, detail)
    return written(root)


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
    found = {name: _find(root, name) for name in IDS}
    return {name: element.text or "" for name, element in found.items() if element is not None}


def _all(root: "etree._Element", element: str) -> "list[etree._Element]":
    return list(message_element(root).iterfind(element.replace(".", "/")))


def _find(root: "etree._Element", element: str) -> "etree._Element | None":
    return next(iter(_all(root, element)), None)


def _remove(root: "etree._Element", element: str) -> None:
    for found in _all(root, element):
        holder = found.getparent()
        if holder is not None:
            holder.remove(found)


def _put(root: "etree._Element", element: str, value: str) -> None:
    found = _find(root, element)
    if found is None:
        found = etree.SubElement(message_element(root), element)
    for child in list(found):
        found.remove(child)
    found.text = value


def _repeat(root: "etree._Element", element: str) -> None:
    found = _find(root, element)
    if found is not None:
        again = etree.fromstring(etree.tostring(found, with_tail=False))
        again.text = f"{found.text or ''}0"
        found.addnext(again)


def _random_id(draw: Draw) -> str:
    return base64.b64encode(draw(1 << 8 * _ID_BYTES).to_bytes(_ID_BYTES, "big")).decode()


def _error(root: "etree._Element", code: str, detail: str) -> bytes:
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
