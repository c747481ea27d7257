"""Transactions that were final at their ARes have no row: what is known of them is what the ledger says."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from acs.cards.issued import issued
from acs.cards.records import Card
from acs.v2.lifecycle import purchase_of
from acs.v2.records import Result, Transaction
from acs.v2.states import State
from threedsecure.storage.filing import names_of
from threedsecure.storage.ledger import FIRST_RECORDS, Found, Note, Records
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.views import AuthenticationRequest

ACS: Final = "ACS"
LOOKED_AT: Final = 2_000
"""Notes, for a list of the newest."""


def kept_of(transaction: Transaction, *, beside_its_areq: bool) -> Any:
    """What the ledger is to keep of a final transaction beside its messages."""
    if not beside_its_areq:
        return transaction
    card = transaction.card
    return [None if card == issued(card.pan, None) else card, transaction.purchase.method_seen]


def named(records: Records, acs_trans_id: str) -> Transaction | None:
    """The one that goes by this acsTransID."""
    found = _finals(records, records.carrying(acs_trans_id, names_of, FIRST_RECORDS))
    return next((one for one in found if one.acs_trans_id == acs_trans_id), None)


def newest(records: Records, limit: int) -> list[Transaction]:
    """The newest first."""
    return list(islice(_finals(records, records.newest(LOOKED_AT, _is_final)), limit))


def _finals(records: Records, notes: Iterable[Found]) -> Iterator[Transaction]:
    for found in notes:
        if _is_final(found.note):
            transaction = _final(records, found)
            if transaction is not None:
                yield transaction


def _is_final(note: Note) -> bool:
    return note.kind == "ARes" and note.sender == ACS and note.kept is not None


def _final(records: Records, found: Found) -> Transaction | None:
    kept, ares = found.note.kept, found.document
    if isinstance(kept, dict):
        return msgspec.convert(kept, Transaction)
    for one in records.before(found):
        is_named = one.document.get("dsTransID") == ares["dsTransID"]
        if one.note.kind == "AReq" and one.note.receiver == ACS and is_named and _was_taken(one.document):
            return _of(one, ares, *kept)
    return None


def _was_taken(areq: dict[str, Any]) -> bool:
    """A peer may name what it has heard of in others, in the same turn: those were refused."""
    try:
        check(areq, context_of(areq, Leg.DS_TO_ACS))
    except MessageError:
        return False
    return issued(areq["acctNumber"], None) is not None


def _of(areq: Found, ares: dict[str, Any], card: Any, method_seen: bool | None) -> Transaction:
    message, at = areq.document, areq.note.at
    view = AuthenticationRequest.from_message(message)
    purchase = replace(purchase_of(message, view), method_seen=method_seen)
    told = issued(view.acct_number, None) if card is None else msgspec.convert(card, Card)
    if told is None:
        raise ValueError("an authentication of a card that is none")
    result = Result(
        ares["transStatus"],
        ares.get("transStatusReason"),
        eci=ares.get("eci"),
        authentication_value=ares.get("authenticationValue"),
    )
    return Transaction(ares["acsTransID"], State.ANSWERED, told, purchase, at, at, result=result)
