"""Which transaction a note of the ledger belongs to, found out when somebody reads.

A note carries names: identifiers that stand in its message, and one that its recorder may have told. It belongs to the transaction
of the first note that carried one of its deciding names; the first of all gives the transaction its name."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from threedsecure.storage.ledger import FIRST_RECORDS, Found, Note, Records
from threedsecure.v2.validation.identifiers import one_spelling

MAX_IDENTIFIER: Final = 64
# The first identifier found names the transaction; by the others it is known as well.
EMV_IDS: Final = ("threeDSServerTransID", "dsTransID", "acsTransID", "sdkTransID")
V1_IDS: Final = ("xid", "dsTransID", "acsTransID", "acctID", "messageId")
# What 3-D Secure 1.0.2 has in common from one message to the next: VEReq and VERes the message id, VERes and PAReq the acctID.
# An EMV message may carry an acctID too, but that is the buyer's account at the shop.
LINKS: Final = ("acctID", "messageId")
BOTH_HALVES: Final = "VERes"
"""The one message that has the identifiers of both halves of a payment; where clocks differ, it may stand behind the second. It
belongs to the VEReq that it answers, whatever acctID it gives."""


def is_a_name(name: object) -> TypeGuard[str]:
    """A peer may send any text where an identifier is due, also one that no database takes (NUL, half a surrogate pair)."""
    return isinstance(name, str) and 0 < len(name) <= MAX_IDENTIFIER and name.isprintable()


def names_in(document: Mapping[str, Any], told: str | None = None) -> list[str]:
    """The identifiers that a message carries, the one that names its transaction first."""
    if not document and told is None:
        return []
    keys = EMV_IDS if "threeDSServerTransID" in document else V1_IDS
    found = [document[key] for key in keys if key in document]
    return [one_spelling(name) for name in ([told, *found] if told is not None else found) if is_a_name(name)]


def names_of(note: Note, document: Mapping[str, Any]) -> list[str]:
    return names_in(document, note.transaction_id)


class Filing:
    """The transactions in `records`, as one reader sees them."""

    def __init__(self, records: Records, before: "Filing | None" = None) -> None:
        """`before`: what an earlier reading found, to go on from, unless that was very much."""
        self._records = records
        self._carrying: dict[str, list[Found]] = {}
        self._firsts: dict[str, Found | None] = {}
        self._filed: dict[tuple[int, int], str] = {}
        if before is not None and records.go_on_from(before._records):
            self._carrying, self._firsts, self._filed = before._carrying, before._firsts, before._filed

    def transaction_of(self, name: str) -> str | None:
        """The transaction that goes by `name`, which may be any that it has."""
        first = self._first(name)
        if first is None:
            return None
        filed = self.of(first)
        return filed if "threeDSServerTransID" in first.document else self._whole({filed})[0]

    def notes_of(self, transaction_id: str) -> list[Found]:
        """The notes of a transaction, in order."""
        return self._whole({transaction_id})[1]

    def of(self, found: Found) -> str:
        """The transaction that a note belongs to; "" where it has no name."""
        place = (found.number, found.place)
        if place not in self._filed:
            self._filed[place] = self._file(found)
        return self._filed[place]

    def _file(self, found: Found) -> str:
        names = names_of(found.note, found.document)
        for name in deciding_names(names, found.document):
            first = self._first(name)
            if first is not None and first[:3] < found[:3]:
                return self.of(first)
        return names[0] if names else ""

    def _whole(self, parts: set[str]) -> tuple[str, list[Found]]:
        """The name and the notes of the transaction that `parts` belong to: one, but where a second half came first."""
        notes: dict[tuple[int, int], Found] = {}
        open_names, seen = sorted(parts), set(parts)
        while open_names:
            for found in self._carriers(open_names.pop()):
                if (found.number, found.place) in notes:
                    continue
                if found.note.kind == BOTH_HALVES and not (halves := self._halves(found)) <= parts and halves & parts:
                    return self._whole(parts | halves)
                if self.of(found) in parts:
                    notes[found.number, found.place] = found
                    more = set(names_of(found.note, found.document)) - seen
                    seen |= more
                    open_names += more
        ordered = sorted(notes.values(), key=lambda found: found[:3])
        return (self.of(ordered[0]) if ordered else min(parts)), ordered

    def _halves(self, found: Found) -> set[str]:
        """An acctID that another VERes gave before joins nothing."""
        own = found.document.get("messageId")
        names = deciding_names(names_of(found.note, found.document), found.document)
        firsts = [first for name in names if (first := self._first(name)) is not None]
        return {
            self.of(first)
            for first in firsts
            if first.note.kind != BOTH_HALVES or first.document.get("messageId") == own
        }

    def _first(self, name: str) -> Found | None:
        if name not in self._firsts:
            self._firsts[name] = next(iter(self._records.carrying(name, names_of, FIRST_RECORDS)), None)
        return self._firsts[name]

    def _carriers(self, name: str) -> list[Found]:
        if name not in self._carrying:
            self._carrying[name] = self._records.carrying(name, names_of)
        return self._carrying[name]


def deciding_names(names: Sequence[str], document: Mapping[str, Any]) -> Sequence[str]:
    """The identifiers that tell which transaction a note belongs to: the first one, and what classic messages share."""
    if "threeDSServerTransID" in document:
        return names[:1]
    links = [name for key in LINKS if is_a_name(name := document.get(key))]
    return [*reversed(links), *names[:1]] if document.get("messageType") == BOTH_HALVES else [*names[:1], *links]
