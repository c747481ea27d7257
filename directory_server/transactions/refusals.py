"""What a 3DS Server or an MPI sent and had refused before a transaction began. The ledger says it: the note of the answer is found
by REFUSED, and keeps what there is to tell."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from directory_server.transactions.records import Filter
from threedsecure.cards.card_numbers import mask
from threedsecure.redaction import redact, redact_card_numbers
from threedsecure.storage.filing import is_a_name
from threedsecure.storage.ledger import Records

REFUSED: Final = "refused before it began"
LONGEST: Final = 64
_IDENTIFIERS: Final = ("threeDSServerTransID", "messageId")
_CARD_NUMBERS: Final = ("acctNumber", "pan")
_VERSIONS: Final = ("messageVersion", "version")


class Refusal(Struct, frozen=True, kw_only=True):
    """`id`: the identifier that the message carried, else the one that the journal files it under. `kind` is its messageType, or
    `message` where it has none; `answer` is the Erro, the Error or the VERes that refuses it. What could not be read is None."""

    id: str
    scheme: str | None
    kind: str
    version: str | None
    pan_masked: str | None
    pan_fingerprint: str | None
    amount: str | None
    currency: str | None
    exponent: str | None
    merchant: str | None
    answer: dict[str, Any]
    at: datetime


def refusal_of(
    received: Mapping[str, Any],
    answer: Mapping[str, Any],
    *,
    filed: str | None,
    scheme: str | None,
    fingerprint: Callable[[str], str],
    at: datetime,
) -> Refusal:
    """`received`: what was sent, as far as it could be read: anything. `filed`: what the journal files it under where it carries no
    identifier. `fingerprint` of a card number finds the card without storing it."""
    pan = next((told for name in _CARD_NUMBERS if is_a_name(told := received.get(name)) and told.isdecimal()), None)
    return Refusal(
        id=_first(received, _IDENTIFIERS) or filed or "",
        scheme=scheme,
        kind=_text(received, "messageType") or "message",
        version=_first(received, _VERSIONS),
        pan_masked=None if pan is None else mask(pan),
        pan_fingerprint=None if pan is None else fingerprint(pan),
        amount=_text(received, "purchaseAmount"),
        currency=_text(received, "purchaseCurrency"),
        exponent=_text(received, "purchaseExponent"),
        merchant=_text(received, "merchantName"),
        answer=redact(dict(answer)),
        at=at,
    )


def noting(refusal: Refusal) -> dict[str, Any]:
    """What the journal is told beside the answer."""
    return {"kept": msgspec.to_builtins(refusal), "also": (REFUSED,)}


def newest(records: Records, wanted: Filter) -> list[Refusal]:
    """Those that are wanted, the newest first, one for each identifier. Their state is none that a filter could name."""
    found: dict[str, Refusal] = {}
    for one in records.found_also_by(REFUSED):
        refusal = msgspec.convert(one.note.kept, Refusal)
        if _fits(refusal, wanted):
            found.setdefault(refusal.id, refusal)
        if len(found) == wanted.limit:
            break
    return list(found.values())


def _fits(refusal: Refusal, wanted: Filter) -> bool:
    if wanted.identifier is not None and wanted.identifier != refusal.id:
        return False
    if wanted.pan_fingerprint is not None and wanted.pan_fingerprint != refusal.pan_fingerprint:
        return False
    return wanted.since is None or refusal.at >= wanted.since


def _first(message: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((text for name in names if (text := _text(message, name)) is not None), None)


def _text(message: Mapping[str, Any], name: str) -> str | None:
    """What can be shown of an element that may hold anything."""
    value = message.get(name)
    return redact_card_numbers(value) if is_a_name(value) and len(value) <= LONGEST else None
