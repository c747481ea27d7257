"""Transactions that were final at their ARes have no row: what is known of them is what the ledger says."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from directory_server.settings import DIRECTORY_SERVER, THREE_DS_SERVER
from directory_server.transactions.records import Filter, Transaction, begun, concluded
from directory_server.transactions.states import Event, State
from threedsecure.storage.filing import names_of
from threedsecure.storage.ledger import FIRST_RECORDS, Found, Note, Records
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of

LOOKED_AT: Final = 2_000
"""Notes, for a list of the newest."""

Fingerprint = Callable[[str], str]


def named(records: Records, ds_trans_id: str, fingerprint: Fingerprint) -> Transaction | None:
    """The one that goes by this dsTransID."""
    found = _finals(records, records.carrying(ds_trans_id, names_of, FIRST_RECORDS), fingerprint)
    return next((each for each in found if each.ds_trans_id == ds_trans_id), None)


def newest(records: Records, wanted: Filter, fingerprint: Fingerprint) -> list[Transaction]:
    """Those that are wanted, the newest first."""
    if wanted.state not in (None, State.ANSWERED):
        return []
    if wanted.identifier is not None:
        found = iter(records.carrying(wanted.identifier, names_of)[::-1])
    elif wanted.pan_fingerprint is not None:
        found = iter(records.found_also_by(wanted.pan_fingerprint))
    else:
        found = records.newest(LOOKED_AT, _is_final)
    fitting = (each for each in _finals(records, found, fingerprint) if wanted.fits(each))
    return list(islice(fitting, wanted.limit))


def _finals(records: Records, notes: Iterator[Found] | list[Found], fingerprint: Fingerprint) -> Iterator[Transaction]:
    for found in notes:
        if _is_final(found.note):
            transaction = _final(records, found, fingerprint)
            if transaction is not None:
                yield transaction


def _is_final(note: Note) -> bool:
    return note.kind == "ARes" and note.sender == DIRECTORY_SERVER and bool(note.also)


def _final(records: Records, found: Found, fingerprint: Fingerprint) -> Transaction | None:
    """What the ARes that went to the 3DS Server made of its AReq, which stands before it where nothing came between."""
    if found.note.kept is not None:
        return msgspec.convert(found.note.kept, Transaction)
    ares = found.document
    for one in records.before(found):
        areq, note = one.document, one.note
        scheme = (note.facts or {}).get("scheme")
        is_named = areq.get("threeDSServerTransID") == ares["threeDSServerTransID"]
        if (
            note.kind == "AReq"
            and note.sender == THREE_DS_SERVER
            and scheme is not None
            and is_named
            and _was_taken(areq)
        ):
            before = begun(areq, scheme, ares["dsTransID"], fingerprint(areq["acctNumber"]), note.at)
            return concluded(before, ares, Event.ARES_FINAL, found.note.at)
    return None


def _was_taken(areq: dict[str, Any]) -> bool:
    """A peer may name what it has heard of in others, in the same turn: those were refused."""
    try:
        check(areq, context_of(areq, Leg.THREE_DS_SERVER_TO_DS))
    except MessageError:
        return False
    return True
