"""The reference of all data elements, written from the tables that do the checking."""

from collections.abc import Iterator, Mapping
from typing import Final

from acs_sim.checking.reference import Entry, entries, grouped, title, values_of
from threedsecure.v2.grammar.context import APP, BRW, NPA, PA, SUPPORTED_VERSIONS, THREE_RI
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.expectations import EXPECTATIONS
from threedsecure.v2.validation.rules import RULES


def pages() -> dict[str, str]:
    """Path to Markdown, for every page."""
    return {"docs/elements.md": _index(), **{f"docs/elements/{message}.md": _page(message) for message in MESSAGES}}


def _index() -> str:
    return "\n".join(
        [_HEAD, *_message_list(), "", *_one_source(), "", *_rules(), "", *_expected(), "", *_all_names(), ""]
    )


_HEAD: Final = """# Data elements

What `acs-sim` holds EMV 3-D Secure messages against, in 2.1.0, 2.2.0 and 2.3.1: every element of every message. These pages are
written by `make docs` from the very tables that do the checking; a test proves that they are up to date.

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
        versions = "" if rule.versions == SUPPORTED_VERSIONS else f" ({', '.join(rule.versions)})"
        yield f"* {', '.join(rule.messages)}{versions}: {_plain(rule.words)}"


def _expected() -> Iterator[str]:
    yield "## What schemes expect"
    yield ""
    yield "The specification lets an AReq be without it, so nothing is refused: `acs-sim check` gives advice, and where it says"
    yield "*missed*, the [findings](findings.md) tell it too."
    yield ""
    yield "[Rules with a date](rules-by-date.md) are on a page of their own."
    yield ""
    yield "| one of | whose cards | in | advice | missed |"
    yield "|---|---|---|---|---|"
    for row in (row for row in EXPECTATIONS if not row.since):
        names, whose = ", ".join(f"`{name}`" for name in row.elements), ", ".join(row.schemes) or "all"
        where = " ".join(filter(None, (_CHANNELS[row.channel], _CATEGORIES[row.category]))) or "every AReq"
        yield f"| {names} | {whose} | {where} | {_plain(row.words)} | {'yes' if row.missed else ''} |"


_CHANNELS: Final = {"": "", APP: "app", BRW: "browser", THREE_RI: "3RI"}
_CATEGORIES: Final = {"": "", PA: "payments", NPA: "non-payments"}


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
    return "" if versions == SUPPORTED_VERSIONS else f" ({', '.join(versions)})"


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
