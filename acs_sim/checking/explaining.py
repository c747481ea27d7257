"""What an Erro means: its code in words, and what the specification says of each element that it names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from acs_sim.checking.reference import Entry, entries
from threedsecure.v2.errors import DESCRIPTIONS
from threedsecure.v2.messages import MESSAGES

LONGEST_DETAIL: Final = 2048


@dataclass(frozen=True, slots=True)
class ElementWords:
    """One element in the message and version that the Erro is about. `values` are those that it may have, when it is a code."""

    name: str
    presence: str
    allowed: str
    values: dict[str, str]
    when: str
    clause: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`said_by`: who found the error. `elements`: those of errorDetail that the message in question has."""

    code: str
    meaning: str
    said_by: str
    about: str
    detail: str
    elements: tuple[ElementWords, ...]


def explain(erro: Mapping[str, Any]) -> Explanation:
    """Nothing is demanded of `erro`: what it leaves out is not explained."""
    code, about, version = (_text(erro, name) for name in ("errorCode", "errorMessageType", "messageVersion"))
    detail = _text(erro, "errorDetail")[:LONGEST_DETAIL]
    return Explanation(
        code,
        DESCRIPTIONS.get(code, "no error code of the specification"),
        _SAYERS.get(_text(erro, "errorComponent"), "an unknown component"),
        about,
        detail,
        tuple(_words(about, version, detail)),
    )


_SAYERS: Final = {"C": "3DS SDK", "S": "3DS Server", "D": "Directory Server", "A": "ACS"}


def _words(about: str, version: str, detail: str) -> Iterator[ElementWords]:
    """errorDetail is a comma list of names, each dotted and indexed where it is inside another element."""
    known = {entry.element: entry for entry in entries(about)} if about in MESSAGES else {}
    for name in dict.fromkeys(part.strip() for part in detail.split(",")):
        entry = known.get(name) or known.get(name.partition(".")[0].partition("[")[0])
        if entry is not None:
            yield _element(name, entry, version)


def _element(name: str, entry: Entry, version: str) -> ElementWords:
    presence = entry.presence.get(version, f"not defined in {version}")
    values = dict(entry.values.get(version, ()))
    return ElementWords(name, presence, entry.formats.get(version, ""), values, entry.when, entry.clause)


def _text(erro: Mapping[str, Any], name: str) -> str:
    return str(erro.get(name, ""))
