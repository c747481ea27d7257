"""What faults do to bodies: the one door to messages in JSON and in XML. Pure; chance is drawn from outside."""

from typing import Any

import orjson
from msgspec.structs import replace

from threedsecure.faults import json_messages, xml_messages
from threedsecure.faults.fault import Around, Fault, Message, MessageFault
from threedsecure.faults.memory import PATHS
from threedsecure.v1.codec import encode


def applies(fault: Fault, raw: bytes) -> bool:
    """Whether there is something in the message that the fault can happen to."""
    if not isinstance(fault, MessageFault):
        return True
    message = _decoded(raw)
    return message is not None and fault.is_in(message)


def changed(fault: MessageFault, raw: bytes, around: Around) -> bytes:
    """The message after the fault, without its signature, which does not hold any more; unchanged where it cannot be read, or
    another fault has taken away what this one happens to."""
    message = _decoded(raw)
    if message is None or not fault.is_in(message):
        return raw
    if not _is_xml(raw):
        became = fault.changed(message, around)
        return became if isinstance(became, bytes) else orjson.dumps(became)
    by_path = {path: around.other[name] for name, path in PATHS.items() if name in around.other}
    became = fault.changed_v1(message, replace(around, other=by_path))
    return became if isinstance(became, bytes) else encode(became)


def shown(raw: bytes) -> Any:
    """The message for the journal, or None where it cannot be read."""
    return json_messages.decoded(raw)


def _decoded(raw: bytes) -> Message | None:
    return xml_messages.decoded(raw) if _is_xml(raw) else json_messages.decoded(raw)


def _is_xml(raw: bytes) -> bool:
    return raw.lstrip().startswith(b"<")
