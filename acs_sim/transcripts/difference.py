"""Two transcripts held against each other: hops that only one has, and elements that differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

import orjson

from acs_sim.transcripts.document import SIMULATED, Hop, Transcript, title
from acs_sim.transcripts.volatile import DRAWN, settled

ABSENT: Final = object()
MAX_VALUE: Final = 200


@dataclass(frozen=True, slots=True)
class Element:
    """One that differs; `before` or `after` is None where it is absent."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What differs in one place. `before` and `after` are the numbers of the hop in the two files, from 1; None where only one has
    it, both None for what stands beside the hops."""

    title: str
    before: int | None
    after: int | None
    elements: tuple[Element, ...] = ()


def differences(
    first: Transcript, second: Transcript, *, ignored: Sequence[str] = (), everything: bool = False
) -> list[Change]:
    """In the order of the files. What either declares volatile is left out unless `everything`; `ignored` names more. Between two
    transactions, what is drawn for each differs, whatever the files declare. Where one of them was played again, hops in which the
    simulator has no part are left out: its gateway and its shop were not there."""
    names = {*first["volatile"], *second["volatile"], *ignored}
    if first["transaction"].get("id") != second["transaction"].get("id"):
        names.update(DRAWN)
    if everything:
        names.clear()
    before, after = (settled(_ordered(each), names) for each in (first, second))
    again = bool(first.get("replayed") or second.get("replayed"))
    return [*_beside(before, after), *_hops(*(_numbered(each["hops"], simulated=again) for each in (before, after)))]


def told(change: Change) -> Iterator[str]:
    """The lines of a change: `-` only in the first, `+` only in the second."""
    if change.before is None and change.after is None:
        yield f"  {change.title}"
    elif change.after is None:
        yield f"- hop {change.before}  {change.title}"
    elif change.before is None:
        yield f"+ hop {change.after}  {change.title}"
    else:
        number = str(change.before) if change.before == change.after else f"{change.before}/{change.after}"
        yield f"  hop {number}  {change.title}"
    for element in change.elements:
        yield from (
            f"{sign}   {element.path}: {value}"
            for sign, value in (("-", element.before), ("+", element.after))
            if value is not None
        )


def aligned(first: Transcript, second: Transcript, changes: Sequence[Change]) -> Iterator[Change]:
    """All hops of two transcripts beside one another: those of `changes`, and between them those that are the same."""
    gone = {change.before: change for change in changes if change.before is not None}
    come = {change.after: change for change in changes if change.after is not None}
    before, after = 1, 1
    while before <= len(first["hops"]) or after <= len(second["hops"]):
        change = gone.get(before)
        if change is not None and change.after is None:
            yield change
            before += 1
        elif after in come and come[after].before is None:
            yield come[after]
            after += 1
        else:
            yield change or Change(title(first["hops"][before - 1]), before, after)
            before, after = before + 1, after + 1


def _ordered(transcript: Transcript) -> dict[str, Any]:
    """What is compared, so that identifiers are counted in the order of the conversation."""
    return {name: transcript.get(name) for name in ("transaction", "card", "hops")}


def _beside(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Change]:
    for name in ("transaction", "card"):
        elements = tuple(differing(first[name], second[name]))
        if elements:
            yield Change(name, None, None, elements)


def _numbered(hops: Sequence[Hop], *, simulated: bool) -> list[tuple[int, Hop]]:
    """The hops to compare, with their numbers in the file."""
    return [each for each in enumerate(hops, 1) if not simulated or SIMULATED & {each[1]["from"], each[1]["to"]}]


def _hops(first: Sequence[tuple[int, Hop]], second: Sequence[tuple[int, Hop]]) -> Iterator[Change]:
    matcher = SequenceMatcher(None, [title(hop) for _, hop in first], [title(hop) for _, hop in second], autojunk=False)
    for tag, start, end, other_start, other_end in matcher.get_opcodes():
        if tag == "equal":
            for (one, hop), (other, same) in zip(first[start:end], second[other_start:other_end], strict=True):
                elements = tuple(differing(hop, same))
                if elements:
                    yield Change(title(hop), one, other, elements)
            continue
        yield from (Change(title(hop), one, None) for one, hop in first[start:end])
        yield from (Change(title(hop), None, other) for other, hop in second[other_start:other_end])


def differing(first: Any, second: Any) -> Iterator[Element]:
    """The leaves of two documents that are not the same."""
    before, after = dict(leaves(first)), dict(leaves(second))
    for path in {**before, **after}:
        one, other = before.get(path, ABSENT), after.get(path, ABSENT)
        if one is ABSENT or other is ABSENT or one != other or type(one) is not type(other):
            yield Element(path, _text(one), _text(other))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf with its path; the elements of a hop's message without the word message before them."""
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            inside = path if name == "message" and not path and isinstance(each, Mapping) else f"{path}.{name}"
            yield from leaves(each, inside.lstrip("."))
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, value


def _text(value: Any) -> str | None:
    if value is ABSENT:
        return None
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}… ({len(text)} characters)"
