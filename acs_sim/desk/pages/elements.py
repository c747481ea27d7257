"""The pages `/elements` and `/elements/{message}`: the reference of all data elements, from the tables that do the checking."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import quote

from acs_sim.checking.reference import Entry, entries, title
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.rules import RULES

MAX_QUERY: Final = 100
_INDEX: Final = re.compile(r"\[[0-9]+\]")
Grouped = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One element as the page shows it. `presence` has a cell per version, "" where it is not defined; `formats`, `sure` and the
    third of `values` name versions only where these differ. `short` is its name inside its object, when no other line has it."""

    element: str
    short: str
    presence: tuple[str, ...]
    formats: Grouped
    values: tuple[tuple[str, str, str], ...]
    when: str
    clause: str
    note: str
    sure: Grouped


@dataclass(frozen=True, slots=True)
class MessagePage:
    """All elements of one message, and the rules between them as `(words, versions)`."""

    message: str
    title: str
    lines: tuple[Line, ...]
    rules: Grouped


@cache
def message_page(message: str) -> MessagePage:
    """`message`: a name of `MESSAGES`."""
    taken = set(names_of(message))  # these are the ids of lines already
    lines = []
    for entry in entries(message):
        short = entry.element.rpartition(".")[2]
        lines.append(_line(entry, "" if short in taken else short))
        taken.add(short)
    rules = tuple((rule.words, _versions(rule.versions)) for rule in RULES if message in rule.messages)
    return MessagePage(message, title(message), tuple(lines), rules)


@cache
def names_of(message: str) -> frozenset[str]:
    """The names of all elements of a message, dotted."""
    return frozenset(row.name for row in MESSAGES[message])


@cache
def all_elements() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every element with the messages it stands in, by name."""
    where: dict[str, list[str]] = {}
    for message in MESSAGES:
        for name in dict.fromkeys(row.name for row in MESSAGES[message]):
            where.setdefault(name, []).append(message)
    return tuple((name, tuple(where[name])) for name in sorted(where, key=str.lower))


@cache
def message_list() -> tuple[tuple[str, str, int], ...]:
    """Every message: its name, what it is, how many elements it has."""
    return tuple((message, title(message), len(names_of(message))) for message in MESSAGES)


def address_of(message: object, element: str) -> str:
    """Where the element is explained, "" when the tables do not know it. `element` may have indexes: `messageExtension[3].id`."""
    name = _INDEX.sub("", element)
    if not isinstance(message, str) or message not in MESSAGES or name not in names_of(message):
        return ""
    return f"/elements/{message}#{quote(name)}"


def matches(name: str, query: str) -> bool:
    """Whether the search finds an element: every word of it is in the name, in whatever case."""
    return all(word in name.lower() for word in query.lower().split())


def _line(entry: Entry, short: str) -> Line:
    return Line(
        element=entry.element,
        short=short,
        presence=tuple(entry.presence.get(version, "") for version in SUPPORTED_VERSIONS),
        formats=_grouped(entry.formats),
        values=_values(entry),
        when=entry.when,
        clause=entry.clause,
        note=entry.note,
        sure=_grouped(entry.sure),
    )


def _grouped(words: Mapping[str, str]) -> Grouped:
    """`(words, versions)`; the versions are left out where all that define the element agree."""
    groups: dict[str, list[str]] = {}
    for version, text in words.items():
        groups.setdefault(text, []).append(version)
    return tuple((text, "" if len(groups) == 1 else ", ".join(versions)) for text, versions in groups.items())


def _values(entry: Entry) -> tuple[tuple[str, str, str], ...]:
    known: dict[tuple[str, str], list[str]] = {}
    for version, values in entry.values.items():
        for pair in values:
            known.setdefault(pair, []).append(version)
    everywhere = len(entry.presence)
    return tuple(
        (value, meaning, "" if len(versions) == everywhere else ", ".join(versions))
        for (value, meaning), versions in sorted(known.items())
    )


def _versions(versions: tuple[str, ...]) -> str:
    return "" if versions == SUPPORTED_VERSIONS else ", ".join(versions)
