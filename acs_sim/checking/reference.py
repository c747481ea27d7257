"""The reference of all data elements, written from the tables that do the checking.

`python -m acs_sim.checking.reference` writes docs/elements.md and what is in docs/elements."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

from threedsecure.v2.elements import format_of
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.grammar.formats import Array, Coded, Format
from threedsecure.v2.grammar.table import Row
from threedsecure.v2.messages import MESSAGES, METHOD_DATA
from threedsecure.v2.validation.rules import RULES

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


def some(versions: tuple[str, ...]) -> str:
    """Which versions, where these are not all."""
    return "" if versions == SUPPORTED_VERSIONS else ", ".join(versions)


# Pages.


def pages() -> dict[str, str]:
    """Path below docs to Markdown, for every page."""
    return {"elements.md": _index(), **{f"elements/{message}.md": _page(message) for message in MESSAGES}}


def _index() -> str:
    return "\n".join([_HEAD, *_message_list(), "", *_one_source(), "", *_rules(), "", *_all_names(), ""])


_HEAD: Final = """# Data elements

What `acs-sim` holds EMV 3-D Secure messages against, in 2.1.0, 2.2.0 and 2.3.1: every element of every message. These pages are
written by `python -m acs_sim.checking.reference` from the very tables that do the checking; a test proves that they are up to date.

How to read them:

* **R** required, **C** conditional, **O** optional, in one column per version; empty: the version does not define it, and it is
  neither checked nor forwarded. `R (NPA: C)` is required in a payment and conditional in a non-payment authentication. Where a
  device channel is named - APP, BRW (browser), 3RI - it counts for that channel only.
* **missing**: absent, null, `""`, `{}` or `[]` where required, or where the condition holds: error 201. The same empty values where
  the element is not required: 203.
* **format**: what is refused is 203, an ISO code that does not exist 304, a value reserved for EMVCo 207 (2.3.1; 203 before).
  Values 80 to 99 belong to the DS where it says so.
* A condition that only the sender can know (*if the DS requires it*, *unless a law forbids it*) makes no absence an error; for some
  of them `acs-sim check` gives advice.
* **sure**: *high* rests on two independent sources. *medium* rests on **one source**, or its presence is confirmed and its length
  is that of 2.3.1. *low* is inferred or in conflict, and the note says how. Where sources disagree the wider is accepted, and what
  to send is the narrower.

The notes name their sources: CORE the EMVCo Protocol and Core Functions Specification 2.3.1.1; CH the field tables of a public
3DS Server API; RBK and FFS open-source implementations of a 3DS Server and of an ACS; SDK published 3DS SDKs.

A receiver answers with the lowest stage that finds a fault, and names all the elements of that stage: names that stand twice (204),
formats (203, 304, 207), critical extensions (202), missing elements (201), transaction ids (301), rules between elements (203).

## Messages
"""


def _message_list() -> Iterator[str]:
    yield "| message | | elements |"
    yield "|---|---|---|"
    for message in MESSAGES:
        yield f"| [{message}](elements/{message}.md) | {title(message)} | {len(entries(message))} |"


def title(message: str) -> str:
    """What the module of the table says of the message, without its name."""
    module = import_module(f"threedsecure.v2.messages.{_MODULES.get(message, message.lower())}")
    words = " ".join((module.__doc__ or "").split()).removeprefix(f"{message}, ").rstrip(".")
    return words[:1].upper() + words[1:]


def _one_source() -> Iterator[str]:
    yield "## What rests on one source"
    yield ""
    yield "| message | 2.1.0, 2.2.0 | 2.3.1 |"
    yield "|---|---|---|"
    for message in MESSAGES:
        old, new = _weak(message, "2.2.0", "2.1.0"), _weak(message, "2.3.1")
        if old or new:
            yield f"| {message} | {old} | {new} |"


def _weak(message: str, *versions: str) -> str:
    names = [entry.element for entry in entries(message) if set(versions) & set(entry.one_source)]
    return ", ".join(f"`{name}`" for name in names)


def _rules() -> Iterator[str]:
    yield "## Rules between elements"
    yield ""
    for rule in RULES:
        yield f"* {', '.join(rule.messages)}{_in_versions(rule.versions)}: {_plain(rule.words)}"


def _all_names() -> Iterator[str]:
    yield "## All elements"
    yield ""
    yield "| element | in |"
    yield "|---|---|"
    where: dict[str, list[str]] = {}
    for message in MESSAGES:
        for entry in entries(message):
            where.setdefault(entry.element, []).append(f"[{message}](elements/{message}.md#{_anchor(entry.element)})")
    for name in sorted(where, key=str.lower):
        yield f"| `{name}` | {', '.join(where[name])} |"


def _anchor(element: str) -> str:
    return element.replace(".", "-")


def _page(message: str) -> str:
    lines = [f"# {message}", "", f"{title(message)}. How to read this page: [data elements](../elements.md).", ""]
    lines += ["| element | 2.1.0 | 2.2.0 | 2.3.1 | format | when (C), notes | sure |", "|---|---|---|---|---|---|---|"]
    found = entries(message)
    lines += [_line(entry) for entry in found]
    own = [rule for rule in RULES if message in rule.messages]
    if own:
        lines += ["", "## Rules between elements", ""]
        lines += [f"* {_plain(rule.words)}{_in_versions(rule.versions)}" for rule in own]
    lines += _value_lists(found)
    return "\n".join([*lines, ""])


def _in_versions(versions: tuple[str, ...]) -> str:
    return f" ({words})" if (words := some(versions)) else ""


def _line(entry: Entry) -> str:
    presence = " | ".join(entry.presence.get(version, "") for version in SUPPORTED_VERSIONS)
    when = f"when {entry.when}" if entry.when else ""
    remarks = "<br>".join(filter(None, (_plain(when), _plain(entry.note))))
    name = f'<a id="{_anchor(entry.element)}"></a>`{entry.element}`'
    return f"| {name} | {presence} | {_by_version(entry.formats)} | {remarks} | {_by_version(entry.sure)} |"


def _by_version(words: Mapping[str, str]) -> str:
    """Once where all versions agree; else each group of versions with its words."""
    return "<br>".join(f"{versions}: {_plain(text)}" if versions else _plain(text) for text, versions in grouped(words))


def _value_lists(found: list[Entry]) -> Iterator[str]:
    listed = [entry for entry in found if entry.values]
    if listed:
        yield from ("", "## Values")
    for entry in listed:
        yield from ("", f"### {entry.element}", "", "| value | meaning | in |", "|---|---|---|")
        yield from _value_rows(entry)


def _value_rows(entry: Entry) -> Iterator[str]:
    for value, meaning, versions in values_of(entry):
        yield f"| {value} | {_plain(meaning)} | {versions or 'all'} |"


def _plain(text: str) -> str:
    """`text` as a cell of a Markdown table."""
    return (
        text.replace("|", "\\|")
        .replace("\n", " ")
        .replace("<=", "≤")
        .replace(">=", "≥")
        .replace("->", "→")
        .replace("<", "&lt;")
    )


def write(folder: Path) -> list[Path]:
    """Write all pages below `folder`; returns what was written."""
    written = []
    for path, text in pages().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        written.append(file)
    return written


if __name__ == "__main__":
    write(Path(__file__).parents[2] / "docs")
