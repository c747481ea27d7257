"""What faults do to bodies: the one door to JSON, XML and the forms of pages. Pure; chance is drawn from outside."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import Any, Final

from threedsecure.faults import documents as kinds
from threedsecure.faults import json_messages, xml_messages
from threedsecure.faults.documents import Fault
from threedsecure.faults.memory import PATHS

Draw = Callable[[int], int]

ELEMENT_KINDS: Final = (
    kinds.Drop,
    kinds.Set,
    kinds.Rename,
    kinds.Retype,
    kinds.SwapIds,
    kinds.CriticalExtension,
    kinds.DuplicateKey,
    kinds.Shuffle,
    kinds.Erro,
)
"""The kinds that change a message and not its carriage."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`other`: the identifiers of another transaction, by name; `draw(n)`: a number below n, from the seeded source."""

    sender: str
    other: Mapping[str, str]
    draw: Draw


def applies(fault: Fault, raw: bytes) -> bool:
    """Whether there is something in the message that the fault can happen to."""
    if not isinstance(fault, ELEMENT_KINDS):
        return True
    if _is_xml(raw):
        message = xml_messages.decoded(raw)
        return message is not None and xml_messages.applies(fault, message)
    message = json_messages.decoded(raw)
    return message is not None and json_messages.applies(fault, message)


def changed(fault: Fault, raw: bytes, around: Surroundings) -> bytes:
    """The message after the fault; unchanged where it cannot be read."""
    if _is_xml(raw):
        message = xml_messages.decoded(raw)
        by_path = {path: around.other[name] for name, path in PATHS.items() if name in around.other}
        return raw if message is None else xml_messages.changed(fault, message, by_path, around.draw)
    message = json_messages.decoded(raw)
    return raw if message is None else json_messages.changed(fault, message, around.sender, around.other, around.draw)


def seconds_of(fault: kinds.Delay, draw: Draw) -> float:
    """How late the message comes this time."""
    if fault.up_to is None:
        return fault.seconds
    spread, share = fault.up_to - fault.seconds, draw(1_000_000) / 1_000_000
    if fault.distribution == "exponential":
        return min(fault.up_to, fault.seconds - spread / 4 * log(1 - share))
    return fault.seconds + spread * share


def garbage(count: int, draw: Draw) -> bytes:
    return draw(1 << 8 * count).to_bytes(count, "big")


def shown(raw: bytes) -> Any:
    """The message for the journal, or None where it cannot be read."""
    return json_messages.decoded(raw)


def _is_xml(raw: bytes) -> bool:
    return raw.lstrip().startswith(b"<")
