"""What can be done to a message of 3-D Secure 1.0.2, as a mapping (see `threedsecure.v1`)."""

import base64
from typing import Final

from lxml import etree

from threedsecure.faults.fault import Draw, Message
from threedsecure.paths import look_up
from threedsecure.v1 import messages
from threedsecure.v1.codec import DECLARATION, decode, encode, message_element
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.parsing import parse

IDS: Final = ("CH.acctID", "Purchase.xid")
_TOLD: Final = (*IDS, "messageType", "messageId", "pan", "CH.enrolled", "TX.status")
_ID_BYTES: Final = 20
DEFAULT_ERROR: Final = "98"  # transient system failure


def decoded(raw: bytes) -> Message | None:
    """The message without its signature, or None for what is none."""
    try:
        return decode(raw)
    except MessageError:
        return None


def extend(message: Message, identifier: str) -> None:
    extension = {"id": identifier, "critical": "true", "content": "nobody knows what this means"}
    message["Extension"] = [*(message.get("Extension") or []), extension]


def renamed(message: Message, element: str, to: str) -> bytes:
    """In its place, where the codec would write last what it does not know."""
    root = parse(encode(message))
    for found in list(message_element(root).iterfind(element.replace(".", "/"))):
        found.tag = to
    return DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def random_id(draw: Draw) -> str:
    return base64.b64encode(draw(1 << 8 * _ID_BYTES).to_bytes(_ID_BYTES, "big")).decode()


def error_instead(message: Message, code: str, detail: str) -> Message:
    refusal = MessageError(ErrorCode.TRANSIENT_FAILURE, detail, message=message)
    return {**messages.error(refusal, message_id="0"), "errorCode": code}


def summary(message: Message) -> dict[str, str]:
    """What a message is and whose, in flat names."""
    told = {path.rpartition(".")[2]: look_up(message, path) for path in _TOLD}
    return {name: value for name, value in told.items() if value and isinstance(value, str)}
