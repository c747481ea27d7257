"""What faults do to a message of 3-D Secure 1.0.2: from bytes to bytes."""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from lxml import etree

from threedsecure.faults import documents as kinds
from threedsecure.faults import json_messages
from threedsecure.faults.documents import Fault
from threedsecure.paths import MISSING, look_up
from threedsecure.v1 import messages
from threedsecure.v1.codec import DECLARATION, decode, encode, message_element
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.parsing import parse

IDS: Final = ("CH.acctID", "Purchase.xid")
_TOLD: Final = (*IDS, "messageType", "messageId", "pan", "CH.enrolled", "TX.status")
_ID_BYTES: Final = 20
_DEFAULT_ERROR: Final = "98"  # transient system failure

Draw = Callable[[int], int]
Message = dict[str, Any]


def decoded(raw: bytes) -> Message | None:
    """The message without its signature, or None for what is none."""
    try:
        return decode(raw)
    except MessageError:
        return None


def applies(fault: Fault, message: Message) -> bool:
    """Whether there is something in `message` that the fault can happen to."""
    if isinstance(fault, kinds.SwapIds):
        return any(look_up(message, name) is not MISSING for name in _ids(fault))
    return json_messages.applies(fault, message)


def changed(fault: Fault, message: Message, other: Mapping[str, str], draw: Draw) -> bytes:
    """The message after the fault. `other`: the identifiers of another transaction, by path."""
    match fault:
        case kinds.Set(element=element, value=value):
            json_messages.put(message, element, str(value))
        case kinds.Rename(element=element, to=to):
            return _renamed(message, element, to)
        case kinds.DuplicateKey(element=element):
            found = look_up(message, element)
            json_messages.put(message, element, [found, f"{found}0" if isinstance(found, str) else found])
        case kinds.SwapIds(of=of):
            for name in _ids(fault):
                if look_up(message, name) is not MISSING:
                    known = other.get(name) if of == "another" else None
                    json_messages.put(message, name, known or _random_id(draw))
        case kinds.CriticalExtension(id=identifier):
            extension = {"id": identifier, "critical": "true", "content": "nobody knows what this means"}
            message["Extension"] = [*(message.get("Extension") or []), extension]
        case kinds.Erro(code=code, detail=detail):
            refusal = MessageError(ErrorCode.TRANSIENT_FAILURE, detail, message=message)
            return encode({**messages.error(refusal, message_id="0"), "errorCode": code or _DEFAULT_ERROR})
        case _:
            json_messages.changed(fault, message, "", other, draw)
    return encode(message)


def summary(message: Message) -> dict[str, str]:
    """What a message is and whose, in flat names."""
    told = {path.rpartition(".")[2]: look_up(message, path) for path in _TOLD}
    return {name: value for name, value in told.items() if value and isinstance(value, str)}


def _ids(fault: kinds.SwapIds) -> tuple[str, ...]:
    return IDS if fault.element is None else (fault.element,)


def _renamed(message: Message, element: str, to: str) -> bytes:
    """In its place, where the codec would write last what it does not know."""
    root = parse(encode(message))
    for found in list(message_element(root).iterfind(element.replace(".", "/"))):
        found.tag = to
    return DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def _random_id(draw: Draw) -> str:
    return base64.b64encode(draw(1 << 8 * _ID_BYTES).to_bytes(_ID_BYTES, "big")).decode()
