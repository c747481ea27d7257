"""`/api/transactions`: what the directory server and the ACS know of each, and what crossed the hops."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk, answered, known_query
from acs_sim.desk.api.documents import Message, Messages, Transaction, Transactions, Transcript
from acs_sim.desk.known_cards import known_card
from acs_sim.desk.transactions.list_v1 import newest_classic
from acs_sim.transcripts.document import compose
from acs_sim.transcripts.har import har
from threedsecure.web.wire import Problem, WireRequest, WireResponse

TRANSACTION_FILTERS: Final = (
    ("pan", "only this card's"),
    ("state", "only those in this state at the directory server"),
    ("since", "only those begun at this instant or later (RFC 3339)"),
    ("limit", "at most so many, the newest; 100 when left out, 500 at most"),
)
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 500
FORMS: Final = ("transcript", "har")
SPOKEN_OF: Final = {"Directory Server": "ds", "ACS": "acs", "Phone": "phone"}
"""Parties by their names in the journal."""
MAX_IDENTIFIER: Final = 64


async def list_transactions(desk: Desk, request: WireRequest) -> WireResponse:
    wanted = known_query(request, tuple(name for name, _ in TRANSACTION_FILTERS))
    found = await newest_transactions(desk, _filter(wanted))
    if not found and "pan" in wanted:
        known_card(wanted["pan"])
    return answered(Transactions(found))


async def show_transaction(desk: Desk, request: WireRequest) -> WireResponse:
    return answered(await find_transaction(desk, request.match["id"]))


async def show_messages(desk: Desk, request: WireRequest) -> WireResponse:
    transaction = await find_transaction(desk, request.match["id"])
    return answered(Messages(messages_of(await entries_of(desk, transaction))))


async def show_transcript(desk: Desk, request: WireRequest) -> WireResponse:
    form = known_query(request, ("format",)).get("format", "transcript")
    if form not in FORMS:
        raise Problem(400, "Bad Request", f"format is one of {', '.join(FORMS)}")
    transaction = await find_transaction(desk, request.match["id"])
    entries = await entries_of(desk, transaction)
    addresses = {name: desk.addresses.of(party) for name, party in SPOKEN_OF.items()}
    document = compose(msgspec.to_builtins(transaction), entries, addresses)
    suffix = "har" if form == "har" else "json"
    named = {"Content-Disposition": f'attachment; filename="transcript-{transaction.id}.{suffix}"'}
    if form == "har":
        return answered(har(document), headers=named)
    return answered(msgspec.convert(document, Transcript), headers=named)


async def newest_transactions(desk: Desk, wanted: Mapping[str, Any]) -> list[Transaction]:
    """The newest transactions first, as both the directory server and the ACS see them, and those of 1.0.2 among them."""
    rows = (await desk.parties.call("ds", "/control/transactions", wanted)).get("transactions", [])
    challenges = await _challenges(desk, rows)
    emv = [_merged(row, challenges.get(row.get("acsTransID"))) for row in rows]
    both = [*emv, *await newest_classic(desk, wanted)]
    return sorted(both, key=lambda one: one.created_at or "", reverse=True)[: wanted.get("limit", DEFAULT_LIMIT)]


async def find_transaction(desk: Desk, identifier: str) -> Transaction:
    """The transaction that goes by `identifier`, whichever of its ids that is. Errors: `Problem` 404."""
    if len(identifier) > MAX_IDENTIFIER:
        raise _unknown(identifier)
    known_as = await desk.runtime.journal.transaction_of(identifier)
    for name in dict.fromkeys((known_as or identifier, identifier, identifier.upper(), identifier.lower())):
        if found := await newest_transactions(desk, {"id": name, "limit": 1}):
            return found[0]
    if known_as is None:
        raise _unknown(identifier)
    return Transaction(known_as)


async def entries_of(desk: Desk, transaction: Transaction) -> list[dict[str, Any]]:
    """Every hop of it, whatever name the journal files it under."""
    journal = desk.runtime.journal
    return await journal.entries_of(await journal.transaction_of(transaction.id) or transaction.id)


def messages_of(entries: Iterable[Mapping[str, Any]]) -> list[Message]:
    return [msgspec.convert(entry, Message) for entry in entries]


async def _challenges(desk: Desk, rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the ACS knows of these transactions, by acsTransID; nothing when it cannot be asked."""
    ids = [row["acsTransID"] for row in rows if row.get("acsTransID")]
    if not ids:
        return {}
    try:
        told = await desk.parties.call("acs", "/control/transactions", {"ids": ids, "limit": len(ids)})
    except (Problem, Refused):
        return {}
    return {row["acsTransID"]: row for row in told.get("transactions", [])}


def _merged(row: Mapping[str, Any], challenge: dict[str, Any] | None) -> Transaction:
    known = {
        field.name: row[field.name] for field in msgspec.structs.fields(Transaction) if row.get(field.name) is not None
    }
    return msgspec.convert({**known, "challenge": challenge}, Transaction, strict=False)


def _filter(wanted: Mapping[str, str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {name: wanted[name] for name in ("pan", "state") if name in wanted}
    if "since" in wanted:
        chosen["since"] = instant("since", wanted["since"]).isoformat()
    limit = wanted.get("limit", str(DEFAULT_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 4 and 1 <= int(limit) <= MAX_LIMIT):
        raise Problem(400, "Bad Request", f"limit is a number from 1 to {MAX_LIMIT}")
    return {**chosen, "limit": int(limit)}


def instant(name: str, text: str) -> datetime:
    """An instant, in UTC. Errors: `Problem` 400 that names the parameter."""
    try:
        read = datetime.fromisoformat(text)
        in_utc = read.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Problem(400, "Bad Request", f"{name} is no instant such as 2026-01-01T00:00:00Z") from error
    if read.tzinfo is None:
        raise Problem(400, "Bad Request", f"{name} needs its offset from UTC, as in 2026-01-01T00:00:00Z")
    return in_utc


def _unknown(identifier: str) -> Problem:
    return Problem(404, "Not Found", f"no transaction goes by {identifier[:MAX_IDENTIFIER]!r}; any of its ids would do")
