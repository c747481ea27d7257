"""The tables compiled: one plan per message, version, channel, category and leg, made when it is first needed.

Its scopes say whether all is well in an object; `faults` walks where it is not, and names everything that is wrong."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from operator import call
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from threedsecure.v2.elements import format_of
from threedsecure.v2.errors import ErrorCode, Stage, Violation
from threedsecure.v2.grammar.conditions import Holds
from threedsecure.v2.grammar.context import APP, BRW, NPA, PA, THREE_RI, Context, Leg
from threedsecure.v2.grammar.formats import (
    Accepts,
    Array,
    Format,
    Object,
    accepted,
    bounded,
    compile_format,
    encoded_length,
)
from threedsecure.v2.grammar.table import Row
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.rules import RULES, Rule
from threedsecure.v2.validation.shown import shown


class Field(Struct, frozen=True):
    """One row in force. `scope` holds the rows below it; `test` is the whole verdict on a value, with what stands inside it."""

    row: Row
    form: Format
    inclusion: str
    scope: "Scope | None"
    test: Accepts

    def active(self, found: Mapping[str, Any], context: Context) -> bool:
        """Whether the element must be there."""
        if self.inclusion == "C" and self.row.when is not None:
            return self.row.when.enforced and self.row.when.holds(found, context)
        return self.inclusion == "R"


class Tests(dict[str, Accepts]):
    """Tests by name; what is not defined passes."""

    def __missing__(self, name: str) -> Accepts:
        return _pass


def _pass(_value: Any) -> bool:
    return True


class Scope(Struct, frozen=True):
    """The rows in force in one object, or in the message itself. `conditions`: when those must be there that need not always.
    `below`: the objects and arrays of objects that have rows of their own."""

    fields: dict[str, Field]
    tests: Tests
    required: frozenset[str]
    conditions: tuple[tuple[str, Holds], ...]
    below: tuple[tuple[str, "Scope"], ...]

    def accepts(self, found: Mapping[str, Any], context: Context) -> bool:
        """Whether all is well in an object. A TypeError means no, too: a test met a JSON type that it does not read."""
        if not (all(map(call, map(self.tests.__getitem__, found), found.values())) and self.required <= found.keys()):
            return False
        for name, holds in self.conditions:  # noqa: SIM110 - a loop costs half of what any() with a generator does
            if name not in found and holds(found, context):
                return False
        return True


class Plan(Struct, frozen=True):
    message_type: str
    version: str
    scope: Scope
    rules: tuple[Rule, ...]


def plan_for(message_type: str, context: Context) -> Plan:
    """The plan of a message in a context. Channels and categories that a DS defines are read as browser and non-payment."""
    channel = context.device_channel if context.device_channel in (APP, THREE_RI) else BRW
    if channel == THREE_RI and message_type in ("CReq", "CRes"):
        channel = BRW  # never sent there; still checked as what it is
    return _compile(message_type, context.version, channel, PA if context.message_category == PA else NPA, context.leg)


@cache
def _compile(message_type: str, version: str, channel: str, category: str, leg: Leg) -> Plan:
    rows = [
        (row, letter) for row in MESSAGES[message_type] if (letter := row.included(version, channel, category, leg))
    ]
    context = Context(version, channel, category, leg)
    rules = tuple(each for each in RULES if message_type in each.messages and version in each.versions)
    return Plan(message_type, version, _scope(message_type, "", rows, context), rules)


def _scope(message_type: str, parent: str, rows: list[tuple[Row, str]], context: Context) -> Scope:
    """`context` is that of the plan: conditions of objects inside a message read nothing else of it."""
    own = [(row, letter) for row, letter in rows if row.parent == parent]
    fields = {row.last_name: _field(message_type, row, letter, rows, context) for row, letter in own}
    whens = ((row.last_name, row.when) for row, letter in own if letter == "C")
    return Scope(
        fields,
        Tests({name: each.test for name, each in fields.items()}),
        frozenset(row.last_name for row, letter in own if letter == "R"),
        tuple((name, when.holds) for name, when in whens if when is not None and when.enforced),
        tuple((name, each.scope) for name, each in fields.items() if each.scope is not None),
    )


def _field(message_type: str, row: Row, letter: str, rows: list[tuple[Row, str]], context: Context) -> Field:
    form = format_of(message_type, row.name, context.version)
    inner = _scope(message_type, row.name, rows, context) if form.json_type in ("object", "array of object") else None
    scope = inner if inner is not None and inner.fields else None
    return Field(row, form, letter, scope, _test(form, scope, context))


def _test(form: Format, scope: Scope | None, context: Context) -> Accepts:
    if scope is None:
        test = compile_format(form)
        return _without_repetition(test) if _refuses_repetition(form, context.version) else test
    below = scope

    def inside(value: Any) -> bool:
        return type(value) is dict and not below.fields.keys().isdisjoint(value) and below.accepts(value, context)

    if isinstance(form, Array):
        size = form.compile()
        return bounded(lambda value: size(value) and all(map(inside, value)), form.total)
    return bounded(inside, form.most if isinstance(form, Object) else None)


def _refuses_repetition(form: Format, version: str) -> bool:
    return version >= "2.3" and isinstance(form, Array) and form.item.json_type == "string"


def _without_repetition(test: Accepts) -> Accepts:
    return lambda value: test(value) and len(set(value)) == len(value)


MOST_FAULTS: Final = 1000  # a PRes can hold hundreds of thousands of wrong card ranges


def faults(plan: Plan, message: Mapping[str, Any], context: Context) -> list[Violation]:
    """Everything that is wrong with the message, in its own order, then what is missing, then the rules; MOST_FAULTS at most."""
    found = list(islice(_object_faults(plan.scope, message, context, "", plan), MOST_FAULTS))
    named = {violation.element for violation in found}
    for each in plan.rules:
        if each.concerns(message):
            broken = islice(each.find(message, context), MOST_FAULTS - len(found))
            found += [
                _of_version(one, plan) for one in broken if one.element not in named and _concerns(plan.scope, one)
            ]
    return found


def _of_version(violation: Violation, plan: Plan) -> Violation:
    return replace(violation, clause=f"EMV 3-D Secure {plan.version}, {violation.clause}")


def _concerns(scope: Scope, violation: Violation) -> bool:
    """Rules do not look at elements that the version, channel or leg does not define."""
    return violation.element.partition(".")[0].partition("[")[0] in scope.fields


def _object_faults(
    scope: Scope, found: Mapping[str, Any], context: Context, prefix: str, plan: Plan
) -> Iterator[Violation]:
    try:
        if scope.accepts(found, context):
            return
    except TypeError:
        pass
    for name, value in found.items():
        each = scope.fields.get(name)
        if each is None:
            continue
        if is_empty(value):
            yield _emptiness(each, value, found, context, prefix + name, plan)
        elif holds_nothing_known(each, value):  # as good as absent: it is not forwarded
            if each.active(found, context):
                yield _missing(each, "nothing that is defined", prefix + name, plan)
        else:
            yield from _value_faults(each, value, context, prefix + name, plan)
    for name, each in scope.fields.items():
        if name not in found and each.active(found, context):
            yield _missing(each, "absent", prefix + name, plan)


def holds_nothing_known(each: Field, value: Any) -> bool:
    """Whether nothing is left of an object, or of a list of objects, without what its scope does not define."""
    if each.scope is None or type(value) is not (list if isinstance(each.form, Array) else dict):
        return False
    fields, objects = each.scope.fields, value if type(value) is list else [value]
    return all(
        type(one) is dict
        and bool(one)
        and all(name not in fields or holds_nothing_known(fields[name], below) for name, below in one.items())
        for one in objects
    )


def _value_faults(each: Field, value: Any, context: Context, path: str, plan: Plan) -> Iterator[Violation]:
    if accepted(each.test, value):
        return
    form = each.form
    if isinstance(form, Array):
        yield from _array_faults(each, form, value, context, path, plan)
    elif each.scope is not None and type(value) is dict:
        yield from _too_long(form, form.most, value, path, plan)
        yield from _object_faults(each.scope, value, context, path + ".", plan)
    else:
        yield _refusal(form, value, path, plan)


def _array_faults(each: Field, form: Array, value: Any, context: Context, path: str, plan: Plan) -> Iterator[Violation]:
    if not accepted(form.compile(), value):
        yield _refusal(form, value, path, plan)
        return
    yield from _too_long(form, form.total, value, path, plan)
    item_test = compile_format(form.item)
    once = _refuses_repetition(form, plan.version)
    seen: set[str] = set()
    for index, item in enumerate(value):
        where = f"{path}[{index}]"
        if each.scope is not None and type(item) is dict and item:
            yield from _object_faults(each.scope, item, context, where + ".", plan)
        elif not accepted(item_test, item):
            yield _refusal(form.item, item, where, plan)
        elif once and item in seen:
            yield _violation(ErrorCode.DUPLICATE_ELEMENT, where, item, "each item once", plan, Stage.DECODE)
        elif once:
            seen.add(item)


def _too_long(form: Format, most: int | None, value: Any, path: str, plan: Plan) -> Iterator[Violation]:
    if most is not None and encoded_length(value) > most:
        found = f"{encoded_length(value)} characters when encoded"
        yield Violation(ErrorCode.FORMAT_INVALID, path, found, form.allowed, _annex_a(plan, path))


def _refusal(form: Format, value: Any, path: str, plan: Plan) -> Violation:
    return _violation(form.code(value, plan.version), path, value, form.allowed, plan, Stage.FORMAT)


def _violation(code: str, path: str, value: Any, allowed: str, plan: Plan, stage: Stage) -> Violation:
    return Violation(code, path, shown(path, value), allowed, _annex_a(plan, path), stage)


def _annex_a(plan: Plan, path: str) -> str:
    return f"EMV 3-D Secure {plan.version}, Annex A, {path.partition('.')[0].partition('[')[0]}"


def is_empty(value: Any) -> bool:
    """Null, "", {} and [] (Req 309): missing where the element is required, a format error where it is not."""
    return value is None or value == "" or value == {} or value == []


def _emptiness(each: Field, value: Any, found: Mapping[str, Any], context: Context, path: str, plan: Plan) -> Violation:
    if each.active(found, context):
        return _missing(each, shown(path, value), path, plan)
    clause = f"EMV 3-D Secure {plan.version}, Req 309"
    return Violation(ErrorCode.FORMAT_INVALID, path, shown(path, value), f"absent, or {each.form.allowed}", clause)


def _missing(each: Field, found: str, path: str, plan: Plan) -> Violation:
    when = each.row.when if each.inclusion == "C" else None
    allowed = f"required when {when.words}" if when else "required"
    clause = f"EMV 3-D Secure {plan.version}, Annex B, {plan.message_type}"
    return Violation(ErrorCode.REQUIRED_ELEMENT_MISSING, path, found, allowed, clause, Stage.PRESENCE)
