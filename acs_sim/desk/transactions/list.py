"""`/api/transactions`: what the directory server and the ACS know of each, and what crossed the hops."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk, answered, call
from acs_sim.desk.api.documents import Message, Messages, Transaction, Transactions, Transcript
from acs_sim.desk.known_cards import known_card
from acs_sim.desk.transactions.list_refused import STATE, newest_refused
from acs_sim.desk.transactions.list_v1 import newest_classic
from acs_sim.transcripts.document import compose
from acs_sim.transcripts.har import har
from threedsecure.v2.validation.identifiers import one_spelling
from threedsecure.web.wire import Problem, WireResponse

DEFAULT_LIMIT: Final = 100
_SINCE: Final = "only those begun at this instant or later (RFC 3339)"
_LIMIT: Final = "at most so many, the newest; 100 when left out, 500 at most"
_FORMAT: Final = "transcript when left out; har: an HTTP Archive (HAR 1.2) instead"
SPOKEN_OF: Final = {"Directory Server": "ds", "ACS": "acs", "Phone": "phone"}
"""Parties by their names in the journal."""
MAX_IDENTIFIER: Final = 64


@call("GET", "/api/transactions", errors=(400, 404, 502))
async def list_transactions(
    desk: Desk,
    pan: Annotated[str | None, Meta(description="only this card's")] = None,
    state: Annotated[
        str | None, Meta(description="only those in this state at the directory server, or refused")
    ] = None,
    since: Annotated[str | None, Meta(description=_SINCE)] = None,
    limit: Annotated[int, Meta(ge=1, le=500, description=_LIMIT)] = DEFAULT_LIMIT,
) -> Transactions:
    """The newest transactions first."""
    begun = None if since is None else instant("since", since).isoformat()
    wanted = {"pan": pan, "state": state, "since": begun, "limit": limit}
    found = await newest_transactions(desk, {name: value for name, value in wanted.items() if value is not None})
    if not found and pan is not None:
        known_card(pan, desk.other_cards)
    return Transactions(found)


@call("GET", "/api/transactions/{id}", errors=(404, 502))
async def show_transaction(desk: Desk, id_: str) -> Transaction:
    """One transaction, by any id that it has."""
    return await find_transaction(desk, id_)


@call("GET", "/api/transactions/{id}/messages", errors=(404, 502))
async def show_messages(desk: Desk, id_: str) -> Messages:
    """Every message that crossed a hop, decoded and redacted."""
    entries = await desk.runtime.journal.entries_of(id_)
    if not entries:
        entries = await desk.runtime.journal.entries_of((await find_transaction(desk, id_)).id)
    return Messages(messages_of(entries))


@call("GET", "/api/transactions/{id}/transcript", errors=(400, 404, 502), answer=(Transcript,))
async def show_transcript(
    desk: Desk,
    id_: str,
    format_: Annotated[Literal["transcript", "har"], Meta(description=_FORMAT)] = "transcript",
) -> WireResponse:
    """The whole transaction as one file."""
    transaction = await find_transaction(desk, id_)
    document = await transcript_of(desk, transaction)
    suffix = "har" if format_ == "har" else "json"
    named = {"Content-Disposition": f'attachment; filename="transcript-{transaction.id}.{suffix}"'}
    if format_ == "har":
        return answered(har(document), headers=named)
    return answered(msgspec.convert(document, Transcript), headers=named)


async def transcript_of(desk: Desk, transaction: Transaction) -> dict[str, Any]:
    entries = await desk.runtime.journal.entries_of(transaction.id)
    return compose(msgspec.to_builtins(transaction), entries, addresses_of(desk))


def addresses_of(desk: Desk) -> dict[str, str]:
    """Of the parties, by their names in the journal."""
    return {name: desk.addresses.of(party) for name, party in SPOKEN_OF.items()}


async def newest_transactions(desk: Desk, wanted: Mapping[str, Any]) -> list[Transaction]:
    """The newest transactions first, as both the directory server and the ACS see them, those of 1.0.2 among them, and what was
    refused before it became one."""
    rows = await _rows(desk, wanted)
    challenges = await _challenges(desk, rows)
    emv = [_merged(row, challenges.get(str(row.get("acsTransID")))) for row in rows]
    if emv and "id" in wanted:
        return emv
    begun = [*emv, *await newest_classic(desk, wanted)]
    ids = {one.id for one in begun}
    every = [*begun, *(one for one in await newest_refused(desk, wanted) if one.id not in ids)]
    return sorted(every, key=lambda one: one.created_at or "", reverse=True)[: wanted.get("limit", DEFAULT_LIMIT)]


async def _rows(desk: Desk, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    if wanted.get("state") == STATE:
        return []
    found: list[dict[str, Any]] = (await desk.parties.call("ds", "/control/transactions", wanted)).get(
        "transactions", []
    )
    return found


async def find_transaction(desk: Desk, identifier: str) -> Transaction:
    """The transaction that goes by `identifier`, whichever of its ids that is. Errors: `Problem` 404."""
    if len(identifier) > MAX_IDENTIFIER:
        raise _unknown(identifier)
    known_as = await desk.runtime.journal.transaction_of(identifier)
    if known_as not in (None, identifier) and (row := await _rows(desk, {"id": one_spelling(identifier), "limit": 1})):
        return await _whole(
            desk, row
        )  # of several authentications under one threeDSServerTransID the one that is meant
    names = (known_as or identifier, identifier, identifier.upper(), identifier.lower())
    if found := await _first_of(desk, names):
        return found
    if known_as is None:
        raise _unknown(identifier)
    return await _first_of(desk, await _enrolments(desk, known_as)) or Transaction(known_as)


async def _whole(desk: Desk, rows: list[dict[str, Any]]) -> Transaction:
    challenges = await _challenges(desk, rows)
    return _merged(rows[0], challenges.get(str(rows[0].get("acsTransID"))))


async def _first_of(desk: Desk, names: Iterable[str]) -> Transaction | None:
    for name in dict.fromkeys(names):
        if found := await newest_transactions(desk, {"id": name, "limit": 1}):
            return found[0]
    return None


async def _enrolments(desk: Desk, transaction_id: str) -> list[str]:
    """The message ids by which the ACS knows the 1.0.2 half of a payment that is filed under another name."""
    entries = await desk.runtime.journal.entries_of(transaction_id)
    return [str(one["message"].get("messageId")) for one in entries if one["kind"] == "VEReq"]


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
