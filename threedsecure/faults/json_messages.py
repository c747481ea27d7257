"""What faults do to a message in JSON: from bytes to bytes."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from threedsecure.faults import documents as kinds
from threedsecure.faults.documents import Fault
from threedsecure.faults.memory import EMV_IDS
from threedsecure.paths import MISSING, look_up, parent_of, renamed
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import MessageError

_SECOND: Final = "\N{REPLACEMENT CHARACTER}a second time\N{REPLACEMENT CHARACTER}"
_COMPONENTS: Final = {"Directory Server": "D", "ACS": "A", "3DS Server": "S"}
_ANSWERED: Final = {"PRes": "PReq", "ARes": "AReq", "RRes": "RReq", "RReq": "CReq", "CRes": "CReq"}
_EXTENSIONS: Final = "messageExtension"

Draw = Callable[[int], int]
Message = dict[str, Any]


def decoded(raw: bytes) -> Message | None:
    """None for what is no JSON object."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def applies(fault: Fault, message: Message) -> bool:
    """Whether there is something in `message` that the fault can happen to."""
    match fault:
        case kinds.Drop(element=element) | kinds.Rename(element=element) | kinds.DuplicateKey(element=element):
            found = parent_of(message, element)
            return found is not None and isinstance(found[0], dict) and found[1] in found[0]
        case kinds.Retype(element=element, to=to):
            value = look_up(message, element)
            return value is not MISSING and _type(value) != to
        case kinds.Set(element=element):
            return parent_of(orjson.loads(orjson.dumps(message)), element, makes=True) is not None
        case kinds.SwapIds(element=element):
            return any(name in message for name in (EMV_IDS if element is None else (element,)))
    return True


def changed(fault: Fault, message: Message, sender: str, other: Mapping[str, str], draw: Draw) -> bytes:
    """`message` after the fault, encoded. `other`: the identifiers of another transaction, by name."""
    match fault:
        case kinds.Drop(element=element):
            holder, name = _holder(message, element)
            del holder[name]
        case kinds.Set(element=element, value=value):
            put(message, element, value)
        case kinds.Rename(element=element, to=to):
            renamed(*_holder(message, element), to)
        case kinds.Retype(element=element, to=to):
            put(message, element, _retyped(look_up(message, element), to))
        case kinds.SwapIds():
            message |= swapped(message, fault, other, draw)
        case kinds.CriticalExtension(id=identifier):
            _extend(message, identifier)
        case kinds.DuplicateKey(element=element):
            return _with_second(message, element)
        case kinds.Shuffle():
            message = shuffled(message, draw)
        case kinds.Erro(code=code, detail=detail):
            message = _erro(message, sender, code or "404", detail)
    return orjson.dumps(message)


def swapped(message: Message, fault: kinds.SwapIds, other: Mapping[str, str], draw: Draw) -> Message:
    names = [name for name in (EMV_IDS if fault.element is None else (fault.element,)) if name in message]
    known = other if fault.of == "another" else {}
    return {name: known.get(name) or str(UUID(int=draw(1 << 128), version=4)) for name in names}


def shuffled(message: Message, draw: Draw) -> Message:
    names = list(message)
    mixed: Message = {}
    while names:
        name = names.pop(draw(len(names)))
        mixed[name] = message[name]
    return mixed


def _holder(message: Message, element: str) -> tuple[dict[str, Any], str]:
    found = parent_of(message, element)
    if found is None or not isinstance(found[1], str):
        raise ValueError(f"there is no {element} in the message")
    return found[0], found[1]


def put(message: Message, element: str, value: Any) -> None:
    """Give an element a value, whether it is there or not."""
    found = parent_of(message, element, makes=True)
    if found is None:
        return
    holder, step = found
    if isinstance(step, str) or step < len(holder):
        holder[step] = value
    else:
        holder.append(value)


def _extend(message: Message, identifier: str) -> None:
    extension = {
        "name": "unknown",
        "id": identifier,
        "criticalityIndicator": True,
        "data": {"valueOne": "nobody knows what this means"},
    }
    known = message.get(_EXTENSIONS)
    message[_EXTENSIONS] = [*(known if isinstance(known, list) else []), extension]


def _with_second(message: Message, element: str) -> bytes:
    """A name that stands twice, which no mapping can hold: written under another one first."""
    holder, name = _holder(message, element)
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


def _erro(message: Message, sender: str, code: str, detail: str) -> Message:
    kind = _ANSWERED.get(str(message.get("messageType")), "AReq")
    source = {**message, "messageType": kind}
    return erro(MessageError(code, detail, message=source), component=_COMPONENTS[sender])


def _type(value: Any) -> str:
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


def _retyped(value: Any, to: str) -> Any:
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
