"""A message held against the tables: what is wrong with it, and what of it is defined at all."""

from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any, Final

from msgspec import Struct

from threedsecure.v2.errors import ErrorCode, MessageError, Violation
from threedsecure.v2.grammar.context import Context, Leg, context_of
from threedsecure.v2.messages import MESSAGES, METHOD_DATA
from threedsecure.v2.validation.plans import Plan, Scope, faults, holds_nothing_known, plan_for
from threedsecure.v2.validation.shapes import Shapes

__all__ = [
    "Checked",
    "Context",
    "Leg",
    "check",
    "context_of",
    "defined",
    "hollow",
    "message_type_of",
    "owed",
    "read",
    "violations",
]

_ANY_FORMAT_CODE: Final = ErrorCode.FORMAT_INVALID
_SHAPES: Final = Shapes()
_TYPES_231: Final = frozenset(MESSAGES) - {METHOD_DATA}
_TYPES_BEFORE: Final = _TYPES_231 - {"OReq", "ORes"}
_TYPES: Final = {"2.1.0": _TYPES_BEFORE, "2.2.0": _TYPES_BEFORE, "2.3.1": _TYPES_231}


def message_type_of(message: Mapping[str, Any], context: Context) -> str:
    """The table that a message is held against. 3DS Method data are told by their leg, all others by messageType.

    Errors: `MessageError` 101 for a messageType that does not exist in the version."""
    if context.leg is Leg.METHOD:
        return METHOD_DATA
    message_type = message.get("messageType")
    if isinstance(message_type, str) and message_type in _TYPES[context.version]:
        return message_type
    raise MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, "messageType", message=message)


def violations(message: Mapping[str, Any], context: Context) -> list[Violation]:
    """Everything that is wrong with `message`, of all stages, in the order of the stages."""
    return _violations(_plan(message, context), message, context)


def owed(message: Mapping[str, Any], context: Context) -> frozenset[str]:
    """The elements on the first level that have to be in `message`, because the specification says so; not what may be there as
    well, as its sender or a scheme likes, and what goes with that."""
    fields = _plan(message, context).scope.fields
    found = {name: each.row.when for name, each in fields.items() if each.active(message, context)}
    return frozenset(name for name, when in found.items() if when is None or not when.beside or when.beside in found)


def hollow(message: Mapping[str, Any], context: Context) -> bool:
    """Whether an object in `message` holds nothing that is defined. Here it is as good as absent; others miss what it should
    hold."""
    fields = _plan(message, context).scope.fields
    return any(name in fields and holds_nothing_known(fields[name], value) for name, value in message.items())


def _plan(message: Mapping[str, Any], context: Context) -> Plan:
    return plan_for(message_type_of(message, context), context)


def _violations(plan: Plan, message: Mapping[str, Any], context: Context) -> list[Violation]:
    return sorted(faults(plan, message, context), key=lambda violation: violation.stage)


class Checked(Struct, frozen=True):
    """What an accepted message was held against. `whole`: it is known that `defined` would take nothing away."""

    context: Context
    whole: bool


def read(
    message: Mapping[str, Any],
    leg: Leg,
    request: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
) -> Checked:
    """Accept `message`, which came on `leg`; `request` and `response` are the AReq and ARes of its transaction, where known.
    Errors: as `check`."""
    context = context_of(message, leg, request, response)
    return Checked(context, check(message, context))


def check(message: Mapping[str, Any], context: Context) -> bool:
    """Accept `message`, or raise a `MessageError` with the code of the lowest stage at fault and all the names of that stage.
    Returns whether it is known that all of it is defined.

    Order: duplicates (204), formats (203, 304, 207), critical extensions (202), presence (201), ids (301), rules between elements
    (203). `violations` of the error holds those of all stages."""
    shape = _SHAPES.find(message, context)
    if shape is not None:
        return shape.whole
    plan = _plan(message, context)
    if found := _violations(plan, message, context):
        raise refusal(found, message)
    _SHAPES.meet(message, context, plan)
    return False


def refusal(found: Sequence[Violation], message: Mapping[str, Any]) -> MessageError:
    """The error that answers `found` (not empty, in the order of the stages)."""
    stage = [violation for violation in found if violation.stage == found[0].stage]
    code = code_of(stage)
    names = (each.found if code == ErrorCode.CRITICAL_EXTENSION_NOT_RECOGNISED else each.element for each in stage)
    return MessageError(code, ",".join(dict.fromkeys(names)), violations=found, message=message)


def code_of(stage: Sequence[Violation]) -> str:
    """The one code of a stage: its own when all agree; else 203, which a bad ISO code or a reserved value is too."""
    codes = {violation.code for violation in stage}
    return codes.pop() if len(codes) == 1 else _ANY_FORMAT_CODE


def defined(message: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """A copy of `message` without the elements that its version, channel, category and leg do not define: what is forwarded.
    Objects in it that lose nothing are those of `message`; one that loses everything goes with what it held, since an empty one
    would be refused by whoever comes next."""
    return dict(_defined(_plan(message, context).scope, message))


def _defined(scope: Scope, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """`found` itself when all of it is defined."""
    fields, kept = scope.fields, found
    if not found.keys() <= fields.keys():
        kept = {name: value for name, value in found.items() if name in fields}
    for name, below in scope.below:
        if name in kept and (part := _defined_inside(below, kept[name])) is not kept[name]:
            kept = {**kept, name: part} if part else {other: kept[other] for other in kept if other != name}
    return kept


def _defined_inside(scope: Scope, value: Any) -> Any:
    if isinstance(value, dict):
        return _defined(scope, value)
    if isinstance(value, list):
        parts = [_defined_inside(scope, item) for item in value]
        return value if all(map(is_, parts, value)) else [part for part in parts if part]
    return value
