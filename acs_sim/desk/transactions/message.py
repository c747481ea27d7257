"""One message of a transaction, looked at: decoded, as it was sent, held against the specification, and beside the hop before."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from acs_sim.checking.files import Checked, CheckedError, check_all, known_types
from acs_sim.checking.reference import meaning
from acs_sim.desk.words import TRANS_STATUS
from acs_sim.transcripts.difference import Element, differing, leaves
from acs_sim.transcripts.har import address_of
from threedsecure.redaction import REDACTED_ELEMENTS
from threedsecure.v2.app.device_data import described
from threedsecure.v2.messages import MESSAGES

Entry = Mapping[str, Any]
DEVICE_INFO: Final = "deviceInfo"
LONGEST_CHECKED: Final = 128 * 1024
STATUSES: Final = frozenset({"transStatus", "TX.status"})
VIEWS: Final = {"decoded": "Decoded", "raw": "Raw", "check": "Check", "difference": "Difference"}


@dataclass(frozen=True, slots=True)
class Looked:
    """A message as its panel shows it. `elements`: path, value, and the words of a code; `before`: the number of the hop of the
    same message before, with what differs from it; `curl`: empty where it was sent to nobody who takes posts; `wrong`: what
    violates the specification, by its element, of which those that are absent stand in `elements` without a value."""

    number: int
    entry: Entry
    elements: tuple[tuple[str, Any, str], ...]
    text: str
    curl: str
    checked: Checked | None
    before: int | None
    changes: tuple[Element, ...]
    wrong: Mapping[str, CheckedError]


async def look_at(entries: Sequence[Entry], number: int, addresses: Mapping[str, str]) -> Looked:
    """`number`: from 1."""
    entry = entries[number - 1]
    before, checked = _before(entries, number), await _checked(entry)
    wrong = {} if checked is None else {each.element: each for each in reversed(checked.errors)}
    decoded = tuple(_decoded(entry))
    there = {path for path, _, _ in decoded}
    text = orjson.dumps(entry["message"], option=orjson.OPT_INDENT_2).decode()
    return Looked(
        number=number,
        entry=entry,
        elements=(*((path, None, "") for path in wrong if path not in there), *decoded),
        text=text,
        curl=_curl(entry, entries, addresses),
        checked=checked,
        before=before,
        changes=() if before is None else tuple(differing(entries[before - 1]["message"], entry["message"])),
        wrong=wrong,
    )


def _decoded(entry: Entry) -> Iterator[tuple[str, Any, str]]:
    for path, value in leaves(entry["message"]):
        words = meaning(entry["kind"], path, str(value)) if entry["kind"] in MESSAGES else ""
        yield path, value, words or (TRANS_STATUS.get(str(value), "") if path in STATUSES else "")
        if path == DEVICE_INFO:
            yield from ((f"{path}.{within}", told, name) for within, told, name in described(str(value)))


def _before(entries: Sequence[Entry], number: int) -> int | None:
    kind = entries[number - 1]["kind"]
    return next((place for place in range(number - 1, 0, -1) if entries[place - 1]["kind"] == kind), None)


async def _checked(entry: Entry) -> Checked | None:
    """None for what is no message of the specifications. What the journal hides cannot be judged and is left out."""
    content = orjson.dumps(entry["message"])
    if entry["kind"] not in MESSAGES or entry["kind"] not in known_types() or len(content) > LONGEST_CHECKED:
        return None
    (found,) = await asyncio.to_thread(check_all, [("message", content)], entry["kind"])
    seen = tuple(one for one in found.errors if one.element.rpartition(".")[2] not in REDACTED_ELEMENTS)
    return Checked(
        source=found.source,
        message_type=found.message_type,
        version=found.version,
        place=found.place,
        answer=found.answer if seen else None,
        errors=seen,
        advice=found.advice,
    )


def _curl(entry: Entry, entries: Sequence[Entry], addresses: Mapping[str, str]) -> str:
    """The same post from a shell; what the journal hides stands there hidden."""
    address = address_of(entry, entries, addresses)
    if address is None:
        return ""
    body = orjson.dumps(entry["message"]).decode().replace("'", "'\\''")
    return f"curl -H 'Content-Type: application/json; charset=utf-8' -d '{body}' '{address}'"
