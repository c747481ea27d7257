"""Every data element of every message in words, from the tables that do the checking."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

from threedsecure.v2.elements import format_of
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.grammar.formats import Array, Coded, Format
from threedsecure.v2.grammar.table import Row
from threedsecure.v2.messages import MESSAGES, METHOD_DATA

_MODULES: Final = {METHOD_DATA: "method_data"}
Grouped = tuple[tuple[str, str], ...]
_LONG: Final = 4  # a list of more values stands below the table


@dataclass(frozen=True, slots=True)
class Entry:
    """One element of one message, in words. Mappings go from version to words; a version that does not define it is missing."""

    message: str
    element: str
    presence: Mapping[str, str]
    formats: Mapping[str, str]
    values: Mapping[str, tuple[tuple[str, str], ...]]
    when: str
    note: str
    sure: Mapping[str, str]
    clause: str

    @property
    def one_source(self) -> tuple[str, ...]:
        """The versions for which this rests on a single source, or less."""
        return tuple(version for version, sure in self.sure.items() if sure != "high")


def entries(message: str) -> list[Entry]:
    """All elements of a message, in the order of its table."""
    named: dict[str, list[Row]] = {}
    for row in MESSAGES[message]:
        named.setdefault(row.name, []).append(row)
    return [_entry(message, name, rows) for name, rows in named.items()]


def _entry(message: str, name: str, rows: list[Row]) -> Entry:
    presence = {version: words for version in SUPPORTED_VERSIONS if (words := _presence(rows, version))}
    forms = {version: format_of(message, name, version) for version in presence}
    conditions = dict.fromkeys(row.when.words for row in rows if row.when is not None)
    clauses = dict.fromkeys(row.when.clause for row in rows if row.when is not None)
    return Entry(
        message,
        name,
        presence,
        {version: _format_words(form) for version, form in forms.items()},
        {version: values for version, form in forms.items() if (values := _values(form))},
        "; ".join(conditions),
        "; ".join(filter(None, (row.note for row in rows))),
        {version: _sure(rows, version) for version in presence},
        "; ".join(clauses),
    )


def _presence(rows: list[Row], version: str) -> str:
    column = SUPPORTED_VERSIONS.index(version)
    for row in rows:
        letters = row.inclusion.split()[column]
        if letters != "-":
            channels = row.channels.split()
            channel = channels[column] if len(channels) > 1 else channels[0]
            legs = [f"{leg} only" for leg in row.legs]
            return ", ".join(filter(None, (f"{_letters(letters)} {_channel_words(channel)}".strip(), *legs)))
    return ""


def _letters(letters: str) -> str:
    payment, _, other = letters.partition("/")
    return f"{payment} (NPA: {other.replace('-', 'not defined')})" if other else payment


def _channel_words(channel: str) -> str:
    return "" if channel == "ALL" else channel.replace("+", ", ")


def _sure(rows: list[Row], version: str) -> str:
    column = 1 if version == SUPPORTED_VERSIONS[-1] else 0
    return next(row.sure.split()[column] for row in rows if row.sure.split()[column] != "-")


def _format_words(form: Format) -> str:
    coded = _coded(form)
    if coded is None or len(coded.meanings) <= _LONG:
        return form.allowed
    words = f"one of {len(coded.meanings)} values, see below" + (
        "; 80-99 as the DS defines" if coded.directory_server else ""
    )
    return f"{form.least} to {form.most or 'any number of'} items, each {words}" if isinstance(form, Array) else words


def _coded(form: Format) -> Coded | None:
    item = form.item if isinstance(form, Array) else form
    return item if isinstance(item, Coded) else None


def _values(form: Format) -> tuple[tuple[str, str], ...]:
    coded = _coded(form)
    return coded.meanings if coded is not None and len(coded.meanings) > _LONG else ()


def grouped(words: Mapping[str, str]) -> Grouped:
    """`(words, versions)`; the versions are left out where all that define the element agree."""
    groups: dict[str, list[str]] = {}
    for version, text in words.items():
        groups.setdefault(text, []).append(version)
    return tuple((text, "" if len(groups) == 1 else ", ".join(versions)) for text, versions in groups.items())


def values_of(entry: Entry) -> tuple[tuple[str, str, str], ...]:
    """`(value, meaning, versions)` of a long list of values; the versions are left out where all that define the element agree."""
    known: dict[tuple[str, str], list[str]] = {}
    for version, values in entry.values.items():
        for pair in values:
            known.setdefault(pair, []).append(version)
    everywhere = len(entry.presence)
    return tuple(
        (value, meaning, "" if len(versions) == everywhere else ", ".join(versions))
        for (value, meaning), versions in sorted(known.items())
    )


def meaning(message: str, name: str, value: str) -> str:
    """What a code stands for; empty where it is none of the list, or the element has no list."""
    return _meanings(message).get((name, value), "")


@cache
def _meanings(message: str) -> dict[tuple[str, str], str]:
    return {
        (entry.element, value): words
        for entry in entries(message)
        for values in entry.values.values()
        for value, words in values
    }


def some(versions: tuple[str, ...]) -> str:
    """Which versions, where these are not all."""
    return "" if versions == SUPPORTED_VERSIONS else ", ".join(versions)


def title(message: str) -> str:
    """What the module of the table says of the message, without its name."""
    module = import_module(f"threedsecure.v2.messages.{_MODULES.get(message, message.lower())}")
    words = " ".join((module.__doc__ or "").split()).removeprefix(f"{message}, ").rstrip(".")
    return words[:1].upper() + words[1:]
