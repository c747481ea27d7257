"""What can be done to a message in JSON."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from threedsecure.faults.fault import Draw, Message
from threedsecure.paths import parent_of, renamed
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import MessageError

_SECOND: Final = "\N{REPLACEMENT CHARACTER}a second time\N{REPLACEMENT CHARACTER}"
_COMPONENTS: Final = {"Directory Server": "D", "ACS": "A", "3DS Server": "S"}
_ANSWERED: Final = {"PRes": "PReq", "ORes": "OReq", "ARes": "AReq", "RRes": "RReq", "RReq": "CReq", "CRes": "CReq"}
_EXTENSIONS: Final = "messageExtension"
DEFAULT_ERROR: Final = "404"  # permanent system failure


def decoded(raw: bytes) -> Message | None:
    """None for what is no JSON object."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def encoded(message: Mapping[str, Any]) -> bytes:
    return orjson.dumps(message)


def shuffled(message: Message, draw: Draw) -> Message:
    names = list(message)
    mixed: Message = {}
    while names:
        name = names.pop(draw(len(names)))
        mixed[name] = message[name]
    return mixed


def random_id(draw: Draw) -> str:
    return str(UUID(int=draw(1 << 128), version=4))


def has_member(message: Message, element: str) -> bool:
    """Whether the element is there, by a name and not by a number."""
    found = parent_of(message, element)
    return found is not None and isinstance(found[0], dict) and found[1] in found[0]


def holder_of(message: Message, element: str) -> tuple[dict[str, Any], str]:
    found = parent_of(message, element)
    if found is None or not isinstance(found[1], str):
        raise ValueError(f"there is no {element} in the message")
    return found[0], found[1]


def put(message: Message, element: str, value: Any) -> None:
    found = parent_of(message, element, makes=True)
    if found is None:
        return
    holder, step = found
    if isinstance(step, str) or step < len(holder):
        holder[step] = value
    else:
        holder.append(value)


def extend(message: Message, identifier: str) -> None:
    extension = {
        "name": "unknown",
        "id": identifier,
        "criticalityIndicator": True,
        "data": {"valueOne": "nobody knows what this means"},
    }
    known = message.get(_EXTENSIONS)
    message[_EXTENSIONS] = [*(known if isinstance(known, list) else []), extension]


def with_second(message: Message, element: str) -> bytes:
    """A name that stands twice, which no mapping can hold: written under another one first."""
    holder, name = holder_of(message, element)
    renamed(holder, name, _SECOND, _another(holder[name]))
    return orjson.dumps(message).replace(orjson.dumps(_SECOND) + b":", orjson.dumps(name) + b":")


def _another(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value[::-1] if value != value[::-1] else value + "0"
    return None


def erro_instead(message: Message, sender: str, code: str, detail: str) -> Message:
    kind = _ANSWERED.get(str(message.get("messageType")), "AReq")
    source = {**message, "messageType": kind}
    return erro(MessageError(code, detail, message=source), component=_COMPONENTS[sender])


def type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
    return "list" if isinstance(value, list) else "object"


def retyped(value: Any, to: str) -> Any:
    match to:
        case "text":
            return orjson.dumps(value).decode()
        case "number":
            digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16
            return int(value) if digits else 1
        case "boolean":
            return True
        case "list":
            return [value]
        case "object":
            return {"value": value}
    return None
