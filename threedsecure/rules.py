"""Matching rules: which AReq or VEReq is answered otherwise than its card says. Pure.

A rule is data: conditions that all have to be met, and what happens then. Rules that are used up by being followed come first, then
the others, each in the order in which they were made; the first that is met is followed. Where none is, the nearest misses say why.

There are no regular expressions here: a rule may come from anybody who reaches the control API, and holds every message up.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

from msgspec import Struct

from threedsecure.cards.card_numbers import mask
from threedsecure.paths import MISSING, element_name, look_up
from threedsecure.v1.grammar.tables import MESSAGES as V1_MESSAGES
from threedsecure.v1.grammar.tables import Element
from threedsecure.v2.messages import MESSAGES

PRESENT: Final = "<present>"
ABSENT: Final = "<absent>"
KINDS: Final = ("AReq", "VEReq")
MAX_CONDITIONS: Final = 20
MAX_ALTERNATIVES: Final = 50
MAX_TEXT: Final = 1000
MAX_STARS: Final = 8
MAX_COMPARED: Final = 4000

_COMPARISONS: Final = {"at_least": "at least", "more_than": "more than", "at_most": "at most", "less_than": "less than"}
_MATCHERS: Final = (*_COMPARISONS, "like", "not")
_DIGITS: Final = re.compile(r"[0-9]{1,48}")
_PAN_DIGITS: Final = re.compile("[0-9]{13,19}")
_HEADER_NAME: Final = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_CARD_NUMBERS: Final = frozenset({"pan", "range", "acctNumber"})
_FREE_FORM: Final = "messageExtension.data."

# What the words of a rule stand for, by the kind of message.
_PAN: Final = {"AReq": ("acctNumber",), "VEReq": ("pan",)}
_MEANT: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "pan": _PAN,
    "range": _PAN,
    "merchant": {"AReq": ("merchantName", "acquirerMerchantID"), "VEReq": ("Merchant.merID",)},
    "amount": {"AReq": ("purchaseAmount",)},
}


class RuleError(ValueError):
    """A rule that cannot be meant. `path`: where in its document, such as `.if.purchaseAmount`."""

    def __init__(self, path: str, words: str) -> None:
        super().__init__(words)
        self.path = path


class Seen(Struct, frozen=True):
    """A message as it arrived. Header names are lower-case."""

    kind: str
    message: Mapping[str, Any]
    headers: Mapping[str, str]


class Condition(Struct, frozen=True):
    """`what` as the rule calls it; one of the elements at `paths`, or the header, has to be as `wanted`."""

    what: str
    wanted: Any
    paths: tuple[str, ...] = ()
    header: str | None = None


class Rule(Struct, frozen=True):
    """`then` is what happens, as it was written. `once`: used up by being followed."""

    name: str
    kind: str
    conditions: tuple[Condition, ...]
    then: Mapping[str, Any]
    once: bool = False


class Missed(Struct, frozen=True):
    """A condition that was not met, in words; card numbers are masked."""

    what: str
    wanted: str
    found: str


class NearMiss(Struct, frozen=True):
    """A rule that was not followed: `met` of its conditions were met, `missed` were not."""

    rule: Rule
    met: int
    missed: tuple[Missed, ...]


def parse(document: Mapping[str, Any]) -> Rule:
    """The rule that a document says: `name`, `if`, `then`, `once`. What `then` may hold is the issuer's business.

    Errors: `RuleError`."""
    for name in document:
        if name not in ("name", "if", "then", "once"):
            raise RuleError(f".{name}", f"{name!r} means nothing in a rule; there are name, if, then, once")
    name, once = document.get("name", ""), document.get("once", False)
    if not isinstance(name, str) or len(name) > 120:
        raise RuleError(".name", "the name of a rule is a text of at most 120 characters")
    if not isinstance(once, bool):
        raise RuleError(".once", "once is true or false")
    wanted, then = document.get("if", {}), document.get("then")
    if not isinstance(wanted, Mapping):
        raise RuleError(".if", "if holds names with values")
    if not isinstance(then, Mapping) or not then:
        raise RuleError(".then", "a rule says in then what happens, such as a scenario")
    kind = wanted.get("message", KINDS[0])
    if kind not in KINDS:
        raise RuleError(".if.message", f"a rule matches {' or '.join(KINDS)}")
    return Rule(name, kind, tuple(_conditions(kind, wanted)), then, once)


def choose(rules: Iterable[tuple[str, Rule]], seen: Seen) -> tuple[str, Rule] | None:
    """The rule to follow, with its name in storage. `rules` in the order in which they were made."""
    for identifier, rule in sorted(rules, key=lambda named: not named[1].once):
        if rule.kind == seen.kind and not missed(rule, seen):
            return identifier, rule
    return None


def nearest(rules: Iterable[tuple[str, Rule]], seen: Seen, count: int = 3) -> list[tuple[str, NearMiss]]:
    """The rules for this kind of message that came nearest to being followed: the fewest conditions missed, the most met."""
    misses = [(name, _near(rule, seen)) for name, rule in rules if rule.kind == seen.kind]
    return sorted(misses, key=lambda near: (len(near[1].missed), -near[1].met))[:count]


def missed(rule: Rule, seen: Seen) -> tuple[Missed, ...]:
    """The conditions of a rule that a message does not meet."""
    return tuple(told for condition in rule.conditions if (told := _missed(condition, seen)) is not None)


def _near(rule: Rule, seen: Seen) -> NearMiss:
    wrong = missed(rule, seen)
    return NearMiss(rule, len(rule.conditions) - len(wrong), wrong)


def _missed(condition: Condition, seen: Seen) -> Missed | None:
    found = list(_found(condition, seen))
    if any(meets(condition.wanted, value) for value in found):
        return None
    hides = condition.what in _CARD_NUMBERS
    shown = [_shown(value, hides=hides) for value in found if value is not MISSING]
    return Missed(condition.what, described(condition.wanted, hides=hides), " or ".join(shown) or ABSENT)


def _found(condition: Condition, seen: Seen) -> Iterator[Any]:
    if condition.header is not None:
        yield seen.headers.get(condition.header, MISSING)
    for path in condition.paths:
        yield look_up(seen.message, path)


# --- what is wanted ---


def meets(wanted: Any, found: Any) -> bool:
    """`wanted`: a value, `<present>`, `<absent>`, a list of which one is enough, or comparisons that all have to hold."""
    if isinstance(wanted, list):
        return any(meets(each, found) for each in wanted)
    if isinstance(wanted, Mapping):
        return all(_holds(name, value, found) for name, value in wanted.items())
    if wanted == ABSENT:
        return found is MISSING
    if wanted == PRESENT:
        return found is not MISSING
    if isinstance(found, list):
        return any(meets(wanted, each) for each in found)
    return found is not MISSING and _text(found) == _text(wanted)


def described(wanted: Any, *, hides: bool = False) -> str:
    """The same in words."""
    if isinstance(wanted, list):
        return " or ".join(described(each, hides=hides) for each in wanted)
    if not isinstance(wanted, Mapping):
        return _shown(wanted, hides=hides)
    if "start" in wanted:
        return f"between {_shown(wanted['start'], hides=hides)} and {_shown(wanted['end'], hides=hides)}"
    words = (f"{_COMPARISONS.get(name, name)} {described(value, hides=hides)}" for name, value in wanted.items())
    return " and ".join(words)


def _holds(name: str, value: Any, found: Any) -> bool:
    match name:
        case "not":
            return not meets(value, found)
        case "like":
            pattern = value.lower().replace("[", "[[]")
            return isinstance(found, str) and fnmatchcase(found[:MAX_COMPARED].lower(), pattern)
        case "start":
            return isinstance(found, str) and len(found) == len(value) and found >= value
        case "end":
            return isinstance(found, str) and len(found) == len(value) and found <= value
        case _:
            return _compares(name, int(value), found)


def _compares(name: str, bound: int, found: Any) -> bool:
    text = _text(found)
    if not _DIGITS.fullmatch(text):
        return False
    number = int(text)
    return {
        "at_least": number >= bound,
        "more_than": number > bound,
        "at_most": number <= bound,
        "less_than": number < bound,
    }[name]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _shown(value: Any, *, hides: bool) -> str:
    text = _text(value)
    return mask(text) if hides and _PAN_DIGITS.fullmatch(text) else text or "something that is no text"


# --- reading a rule ---


def _conditions(kind: str, wanted: Mapping[str, Any]) -> Iterator[Condition]:
    if len(wanted) > MAX_CONDITIONS:
        raise RuleError(".if", f"a rule has at most {MAX_CONDITIONS} conditions")
    for name, value in wanted.items():
        at = f".if.{name}"
        match name:
            case "message":
                continue
            case "headers":
                yield from _headers(value, kind, at)
            case "range":
                yield Condition(name, _range(value, at), _PAN[kind])
            case "pan" | "merchant" | "amount":
                yield Condition(name, _wanted(value, at), _meant(name, kind, at))
            case _:
                yield Condition(name, _wanted(value, at), (_element(name, kind, at),))


def _meant(name: str, kind: str, at: str) -> tuple[str, ...]:
    paths = _MEANT[name].get(kind)
    if paths is None:
        raise RuleError(at, f"a {kind} tells no {name}")
    return paths


def _headers(headers: Any, kind: str, at: str) -> Iterator[Condition]:
    if kind != "AReq":
        raise RuleError(at, "the directory server hands headers on with an AReq, and with nothing else")
    if not isinstance(headers, Mapping) or len(headers) > MAX_CONDITIONS:
        raise RuleError(at, "headers holds names with values")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise RuleError(at, f"{name[:40]!r} is no name of a header")
        yield Condition(f"header {name}", _wanted(value, f"{at}.{name}"), header=name.lower())


def _range(value: Any, at: str) -> Any:
    named = [value.get(end) for end in ("start", "end")] if isinstance(value, Mapping) and len(value) == 2 else []
    ends = [end for end in named if isinstance(end, str) and _PAN_DIGITS.fullmatch(end)]
    if len(ends) != 2:
        raise RuleError(at, "a range has a start and an end, of 13 to 19 digits")
    if len(ends[0]) != len(ends[1]) or ends[0] > ends[1]:
        raise RuleError(at, "a range ends where it starts or behind it, and both ends have the same length")
    return value


def _wanted(value: Any, at: str) -> Any:
    """`value` when it can be wanted of an element. Errors: `RuleError`."""
    if isinstance(value, list):
        if not 1 <= len(value) <= MAX_ALTERNATIVES:
            raise RuleError(at, f"a list of which one is enough holds 1 to {MAX_ALTERNATIVES}")
        return [_wanted(each, at) for each in value]
    if isinstance(value, Mapping):
        return _comparisons(value, at)
    if not isinstance(value, str | bool | int):
        raise RuleError(at, "this is compared with a text, a number, true or false, a list of them, or a comparison")
    return _checked_text(value, at)


def _checked_text(value: Any, at: str) -> Any:
    text = _text(value)
    if len(text) > MAX_TEXT:
        raise RuleError(at, f"longer than {MAX_TEXT} characters")
    if len(text) > 2 and text[0] == text[-1] == "/":
        raise RuleError(at, f'rules know no regular expressions; write {{"like": "{text[1:-1]}*"}} with * and ?')
    if text.startswith("<") and text.endswith(">") and text not in (PRESENT, ABSENT):
        raise RuleError(at, f"{text} means nothing; there are {PRESENT} and {ABSENT}")
    return value


def _comparisons(value: Mapping[str, Any], at: str) -> Mapping[str, Any]:
    if not value:
        raise RuleError(at, f"a comparison is one of {', '.join(_MATCHERS)}")
    for name, bound in value.items():
        if name not in _MATCHERS:
            raise RuleError(at, f"there is no comparison {name!r}{_did_you_mean(name, _MATCHERS)}")
        if name in _COMPARISONS and not _DIGITS.fullmatch(_text(bound)):
            raise RuleError(at, f"{name} is followed by a number of minor units, such as 4200")
        if name == "like" and not (isinstance(bound, str) and 0 < len(bound) <= 200 and bound.count("*") <= MAX_STARS):
            raise RuleError(at, "like is followed by a text in which * stands for any characters and ? for one")
        if name == "not":
            if isinstance(bound, Mapping) and "not" in bound:
                raise RuleError(at, "not not is yes")
            _wanted(bound, at)
    return value


def _element(path: str, kind: str, at: str) -> str:
    name = element_name(path)
    known = element_names(kind)
    if name not in known and not name.startswith(_FREE_FORM):
        raise RuleError(at, f"{kind} has no element {path[:100]!r}{_did_you_mean(name, known)}")
    return path


def element_names(kind: str) -> Sequence[str]:
    """Every element that an AReq or VEReq can have, in any version."""
    if kind in MESSAGES:
        return tuple(row.name for row in MESSAGES[kind])
    return tuple(_within("", V1_MESSAGES[kind]))


def _within(parent: str, elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        yield parent + element.name
        yield from _within(f"{parent}{element.name}.", element.children)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    names = list(known)
    within = [one for one in names if one.rpartition(".")[2].lower() == name.rpartition(".")[2].lower()]
    near = within or get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]}?" if near else ""
