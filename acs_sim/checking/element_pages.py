"""The pages `/elements` and `/elements/{message}`: the reference of all data elements, from the tables that do the checking."""

from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import quote

from acs_sim.checking.reference import Entry, Grouped, entries, grouped, some, title, values_of
from threedsecure.paths import element_name
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.rules import RULES

MAX_QUERY: Final = 100


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
    rules = tuple((rule.words, some(rule.versions)) for rule in RULES if message in rule.messages)
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
    name = element_name(element)
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
        formats=grouped(entry.formats),
        values=values_of(entry),
        when=entry.when,
        clause=entry.clause,
        note=entry.note,
        sure=grouped(entry.sure),
    )
