"""The table of docs/rules-by-date.md, written from the rows."""

from collections.abc import Iterator
from typing import Final

from threedsecure.cards.schemes import SCHEMES
from threedsecure.v2.grammar.context import APP, BRW
from threedsecure.v2.validation.expectations import DATED, Expectation

_CHANNELS: Final = {APP: "app", BRW: "browser"}


def table() -> str:
    """All rows as Markdown, in the order of their days."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield "| from | who | what of the message | in force | who says so |"
    yield "|---|---|---|---|---|"
    for row in sorted(DATED, key=lambda row: row.since):
        yield f"| {row.since} | {_whose(row)} | {_wanted(row)} | {_in_force(row)} | {row.source} |"


def _whose(row: Expectation) -> str:
    names = ", ".join(SCHEMES[scheme].name for scheme in row.schemes)
    where = "" if row.message == "AReq" else row.message
    return ", ".join(filter(None, (names, row.region, _CHANNELS.get(row.channel), where)))


def _wanted(row: Expectation) -> str:
    names = ", ".join(f"`{name}`" for name in row.elements)
    if row.ends:
        return f"{names} is none of {', '.join(row.ends)}: {row.words}"
    return (
        f"{'all' if row.every else 'one'} of {names}: {row.words}"
        if len(row.elements) > 1
        else (f"{names}: {row.words}" if names else row.words)
    )


def _in_force(row: Expectation) -> str:
    return row.enforced
