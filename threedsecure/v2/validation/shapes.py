"""The fast verdict on an object: is all well with it, yes or no.

Senders send the same shape - the same member names in the same order - again and again. A shape that keeps coming is learned: which
required members it lacks and which conditions remain open is settled once, and all its short texts are joined with line feeds and
matched by one expression instead of one each. No format that is joined accepts a line feed, so no value can pass for two."""

import re
from collections.abc import Callable, Mapping
from operator import call, itemgetter
from typing import Any, Final, TypeAlias

from threedsecure.v2.grammar.context import Context
from threedsecure.v2.grammar.formats import Accepts

Verdict: TypeAlias = Callable[[Mapping[str, Any], Context], bool]
Trigger: TypeAlias = tuple[tuple[str, ...], Verdict]

LEARN_AFTER: Final = 8
MOST_LEARNED: Final = 64  # of one object in one plan: what hostile senders can make us keep
MOST_MET: Final = 1024


class _Tests(dict[str, Accepts]):
    """Tests by name; what is not defined passes."""

    def __missing__(self, name: str) -> Accepts:
        return _pass


def _pass(_value: Any) -> bool:
    return True


class ShapeTest:
    """`tests` by member name; `patterns`: those of them that are expressions on one line; `required` names; `absent`: what must not
    hold for a name that is missing; `broken`: what must not hold when one of the names is there. `context` is that of the plan,
    for objects inside a message: their conditions read nothing else."""

    __slots__ = ("_absent", "_broken", "_context", "_learned", "_met", "_patterns", "_required", "_tests")

    def __init__(
        self,
        tests: Mapping[str, Accepts],
        patterns: Mapping[str, str],
        required: frozenset[str],
        absent: tuple[tuple[str, Verdict], ...],
        context: Context,
        broken: tuple[Trigger, ...] = (),
    ) -> None:
        self._tests = _Tests(tests)
        self._patterns = patterns
        self._required = required
        self._absent = absent
        self._context = context
        self._broken = broken
        self._learned: dict[tuple[str, ...], Verdict] = {}
        self._met: dict[tuple[str, ...], int] = {}

    def __call__(self, value: Mapping[str, Any], context: Context) -> bool:
        """The verdict. A TypeError means no, too: a test met a JSON type that it does not read."""
        names = tuple(value)
        learned = self._learned.get(names)
        return learned(value, context) if learned is not None else self._meet(names, value, context)

    def inside(self, value: Any) -> bool:
        """The verdict on a value inside a message, which must be an object that is not empty."""
        if type(value) is not dict:
            return False
        learned = self._learned.get(names := tuple(value))
        if learned is not None:
            return learned(value, self._context)
        return bool(names) and self._meet(names, value, self._context)

    def _meet(self, names: tuple[str, ...], value: Mapping[str, Any], context: Context) -> bool:
        well = (
            all(map(call, map(self._tests.__getitem__, value), value.values()))
            and self._required <= value.keys()
            and not any(name not in value and holds(value, context) for name, holds in self._absent)
            and not any(
                broken(value, context) for triggers, broken in self._broken if any(name in value for name in triggers)
            )
        )
        if well:
            self._count(names)
        return well

    def _count(self, names: tuple[str, ...]) -> None:
        """Only shapes that were found right are worth learning."""
        times = self._met.get(names, 0) + 1
        if times >= LEARN_AFTER and len(self._learned) < MOST_LEARNED:
            self._learned[names] = self._learn(names)
            self._met.pop(names, None)
        elif names in self._met or len(self._met) < MOST_MET:
            self._met[names] = times

    def _learn(self, names: tuple[str, ...]) -> Verdict:
        texts = [name for name in names if name in self._patterns]
        others = tuple((name, self._tests[name]) for name in names if name in self._tests and name not in texts)
        absent = tuple(holds for name, holds in self._absent if name not in names)
        broken = tuple(holds for triggers, holds in self._broken if any(name in names for name in triggers))
        read = itemgetter(*texts, *texts[:1]) if texts else _nothing
        match = re.compile("\n".join(f"(?:{self._patterns[name]})" for name in (*texts, *texts[:1]))).fullmatch

        def verdict(value: Mapping[str, Any], context: Context) -> bool:
            if match("\n".join(read(value))) is None:
                return False
            for name, test in others:
                if not test(value[name]):
                    return False
            for holds in absent:
                if holds(value, context):
                    return False
            for holds in broken:  # noqa: SIM110 - a loop costs half of what any() with a generator does
                if holds(value, context):
                    return False
            return True

        return verdict


def _nothing(_value: Mapping[str, Any]) -> tuple[str, ...]:
    return ()
