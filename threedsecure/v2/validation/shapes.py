"""The generated check: one function for all messages of one shape, which says only whether all is well.

Senders send the same shape - the same names in the same order, also inside - again and again. One that keeps coming is learned: the
rows that concern it are settled once, and written as a function with no branch for what is not there. Short values that conditions
and rules read are pinned; what reads longer ones is asked each time. Texts of one line are joined with line feeds and matched by
one expression: no format that is joined accepts a line feed, so no value can pass for two. Those that were ASCII
where their formats know more are joined apart, and held one by one against their long expressions where they no longer are.

What the function does not accept goes to the slow reading (`plans.faults`), which alone names what is wrong; so does what was not
learned. The function may refuse what is right, and never accepts what is wrong."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeAlias

import orjson
from msgspec import Struct
from msgspec.structs import replace

from threedsecure.v2.grammar.context import Context
from threedsecure.v2.grammar.formats import Array, Coded, Flag, Format, IsoCode, Object, Text, line_pattern
from threedsecure.v2.validation.plans import Field, Plan, Scope

Message: TypeAlias = Mapping[str, Any]
Ask: TypeAlias = Callable[[Any, Context], Any]

LEARN_AFTER: Final = 8
MOST_LEARNED: Final = 256  # what hostile senders can make us keep
MOST_MET: Final = 1024
MOST_VARIANTS: Final = 8  # with the same names, but other pinned values or other names inside
LARGEST: Final = 10_000  # characters of all names in one message, and one more for each value
LONGEST_PINNED: Final = 8
LONGEST_JOINED: Final = 400  # what is longer takes milliseconds to compile, and is a call of its own
_MISSING: Final = object()
_CONDITION: Final = "if {}({}, context): return"
_RULE: Final = "for _ in {}({}, context): return"


class Shape(Struct, frozen=True):
    """`accepts`: truthy for a message of this shape that is right; a TypeError means no, too. `whole`: all of it is defined."""

    accepts: Callable[[Message, Context], object]
    whole: bool


class Shapes:
    """The shapes that were met, and the functions of those that kept coming."""

    def __init__(self) -> None:
        self._learned: dict[tuple[object, ...], list[Shape]] = {}
        self._met: dict[int, int] = {}  # by hash: names are the sender's, and may be long
        self._count = 0

    def find(self, message: Message, context: Context) -> Shape | None:
        """The shape of `message` if that was learned and all is well; None tells nothing."""
        for shape in self._learned.get(_key(message, context), ()):
            try:
                if shape.accepts(message, context):
                    return shape
            except TypeError:  # a test met a JSON type that it does not read
                pass
        return None

    def meet(self, message: Message, context: Context, plan: Plan) -> None:
        """A right message that was not found. The shape is learned once it has come LEARN_AFTER times."""
        key = _key(message, context)
        met = hash(key)
        times = self._met.pop(met, 0) + 1
        if times < LEARN_AFTER:
            if len(self._met) >= MOST_MET:
                self._met.clear()
            self._met[met] = times
        elif _size(message) <= LARGEST and len(self._learned.get(key, ())) < MOST_VARIANTS:
            if self._count >= MOST_LEARNED:  # what still comes is soon learned again
                self._learned.clear()
                self._count = 0
            self._learned.setdefault(key, []).append(_Generator(context).shape(message, plan))
            self._count += 1


def _key(message: Message, context: Context) -> tuple[object, ...]:
    return (
        tuple(message),
        context.leg,
        context.version,
        context.device_channel,
        context.message_category,
        context.request is None,
        context.response is None,
    )


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(len, value)) + sum(map(_size, value.values()))
    return 1 + (sum(map(_size, value)) if isinstance(value, list) else 0)


class _Generator:
    """Writes the function line by line. No name or value of a message stands in it: they are its constants."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lines: list[str] = []
        self._constants: dict[str, Any] = {"missing": _MISSING, "dumps": orjson.dumps}
        # Apart those of elements that only some legs have: all others are one expression on each leg, compiled once.
        self._texts: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        self._shown: list[tuple[str, str, str]] = []
        self._pinned: set[str] = set()
        self._values = 0
        self._whole = True

    def shape(self, message: Message, plan: Plan) -> Shape:
        values = self._object(message, plan.scope, "message")
        for each in plan.rules:
            if each.concerns(message):
                self._settle(_RULE, each.find, message, "message", values)
        self._line(f"return {' and '.join(self._matches()) or True}")
        exec("def accepts(message, context):\n" + "".join(self._lines), self._constants)  # noqa: S102 - see above
        return Shape(self._constants["accepts"], self._whole)

    def _matches(self) -> Iterator[str]:
        yield from (self._match(texts) for texts in self._texts.values() if texts)
        if self._shown:
            joined = self._match([(narrow, value) for narrow, value, _ in self._shown])
            yield f"({joined} or {' and '.join(one for _, _, one in self._shown)})"

    def _match(self, texts: list[tuple[str, str]]) -> str:
        texts.sort()  # not as in the message: `re` keeps what it has compiled
        match = self._constant(re.compile("\n".join(f"(?:{pattern})" for pattern, _ in texts)).fullmatch)
        return f"{match}('\\n'.join(({''.join(f'{value}, ' for _, value in texts)})))"

    def _line(self, line: str) -> None:
        self._lines.append(f" {line}\n")

    def _constant(self, value: Any) -> str:
        name = f"c{len(self._constants)}"
        self._constants[name] = value
        return name

    def _variables(self, count: int) -> list[str]:
        self._values += count
        return [f"v{number}" for number in range(self._values - count, self._values)]

    def _object(self, found: Message, scope: Scope, variable: str) -> dict[str, str]:
        """An object with the names of `found`; returns the variables of its values."""
        values = dict(zip(found, self._variables(len(found)), strict=True))
        self._line(f"{', '.join(values.values())}, = {variable}.values()")
        for name, holds in scope.conditions:
            if name not in found:
                self._settle(_CONDITION, holds, found, variable, values)
        for name, value in found.items():
            if each := scope.fields.get(name):
                self._value(each, value, values[name])
            else:
                self._whole = False
        return values

    def _value(self, each: Field, value: Any, variable: str) -> None:
        pattern = line_pattern(each.form)
        if each.scope is not None:
            self._nested(each.form, each.scope, value, variable)
        elif isinstance(each.form, Coded | IsoCode):
            self._line(f"if {variable} not in {self._constant(each.form.values)}: return")
        elif isinstance(each.form, Flag):
            self._line(
                f"if {variable} is not True{'' if each.form.only_true else f' and {variable} is not False'}: return"
            )
        elif isinstance(each.form, Object):
            bound = "" if each.form.most is None else f" or len(dumps({variable})) > {each.form.most}"
            self._line(f"if type({variable}) is not dict or not {variable}{bound}: return")
        elif isinstance(each.form, Text) and each.form.ascii is not None and value.isascii():
            self._shown.append((each.form.ascii, variable, f"{self._constant(each.test)}({variable})"))
        elif pattern is not None and len(pattern) <= LONGEST_JOINED:
            self._texts[bool(each.row.legs)].append((pattern, variable))
        else:
            self._line(f"if not {self._constant(each.test)}({variable}): return")

    def _nested(self, form: Format, scope: Scope, value: Any, variable: str) -> None:
        most, items = form.total if isinstance(form, Array) else form.most, {variable: value}
        if isinstance(form, Array):
            items = dict(zip(self._variables(len(value)), value, strict=True))
            self._line(f"if type({variable}) is not list or len({variable}) != {len(value)}: return")
            self._line(f"{', '.join(items)}, = {variable}")
        for item, found in items.items():
            self._line(f"if type({item}) is not dict or tuple({item}) != {self._constant(tuple(found))}: return")
            self._object(found, scope, item)
        if most is not None:
            self._line(f"if len(dumps({variable})) > {most}: return")

    def _settle(self, line: str, ask: Ask, found: Message, variable: str, values: Mapping[str, str]) -> None:
        """What must not hold, or find anything: pin what its answer rests on, or else ask it each time."""
        own, request, response = _Reads(found), _reads(self._context.request), _reads(self._context.response)
        answer = ask(own, replace(self._context, request=request, response=response))
        if line == _RULE:
            list(answer)
        pins = {values[name]: value for name, value in own.read.items() if name in values}
        for source, reads in (("request", request), ("response", response)):
            if reads is not None:
                pins |= {f"context.{source}.get({name!r}, missing)": value for name, value in reads.read.items()}
        if all(map(_is_pinned, pins.values())):
            for place in pins.keys() - self._pinned:
                unlike = "!=" if isinstance(pins[place], str) else "is not"
                self._line(f"if {place} {unlike} {self._constant(pins[place])}: return")
            self._pinned |= pins.keys()
        else:
            self._line(line.format(self._constant(ask), variable))


def _is_pinned(value: object) -> bool:
    return value in (None, True, False, _MISSING) or (isinstance(value, str) and len(value) <= LONGEST_PINNED)


class _Reads(Mapping[str, Any]):
    """A message that notes what is read of it: conditions and rules ask for names, and do not look through all of it."""

    def __init__(self, source: Message) -> None:
        self._source = source
        self.read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        value = self.read[name] = self._source.get(name, _MISSING)
        if value is _MISSING:
            raise KeyError(name)
        return value

    def __iter__(self) -> NoReturn:
        raise NotImplementedError

    __len__ = __iter__


def _reads(source: Message | None) -> _Reads | None:
    return None if source is None else _Reads(source)
