"""What faults do to bodies: the one door to messages in JSON and in XML. Pure; chance is drawn from outside."""

from typing import Any

import orjson
from msgspec.structs import replace

from threedsecure.faults import json_messages, xml_messages
from threedsecure.faults.fault import Around, Fault, MessageFault
from threedsecure.faults.memory import PATHS


def applies(fault: Fault, raw: bytes) -> bool:
    """Whether there is something in the message that the fault can happen to."""
    if not isinstance(fault, MessageFault):
        return True
    if _is_xml(raw):
        root = xml_messages.decoded(raw)
        return root is not None and fault.is_in_xml(root)
    message = json_messages.decoded(raw)
    return message is not None and fault.is_in(message)


def changed(fault: MessageFault, raw: bytes, around: Around) -> bytes:
    """The message after the fault; unchanged where it cannot be read."""
    return _changed_xml(fault, raw, around) if _is_xml(raw) else _changed_json(fault, raw, around)


def _changed_json(fault: MessageFault, raw: bytes, around: Around) -> bytes:
    message = json_messages.decoded(raw)
    if message is None:
        return raw
    became = fault.changed(message, around)
    return became if isinstance(became, bytes) else orjson.dumps(became)


def _changed_xml(fault: MessageFault, raw: bytes, around: Around) -> bytes:
    """Without its signature, which does not hold any more."""
    root = xml_messages.decoded(raw)
    if root is None:
        return raw
    xml_messages.unsign(root)
    by_path = {path: around.other[name] for name, path in PATHS.items() if name in around.other}
    became = fault.changed_xml(root, replace(around, other=by_path))
    return xml_messages.written(root) if became is None else became


def shown(raw: bytes) -> Any:
    """The message for the journal, or None where it cannot be read."""
    return json_messages.decoded(raw)


def _is_xml(raw: bytes) -> bool:
    return raw.lstrip().startswith(b"<")
