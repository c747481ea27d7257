"""Everything that crosses a hop, decoded and redacted, to be seen, waited for and reset.

Recording costs the request path one tuple in a queue. Redaction and storage happen in batches behind it. The queue is bounded;
what does not fit is counted and the count is written where the entries would have stood.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeGuard

import orjson
import structlog

from threedsecure.redaction import Redacted, redact_json, redacted
from threedsecure.storage import journal as table
from threedsecure.storage.database import Database
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.rows.leases import real_now
from threedsecure.web.sharing.processes import Alone, Shared

log = structlog.get_logger()

MAX_WAITING: Final = 20_000
MAX_ENTRIES_READ: Final = 2_000
MAX_IDENTIFIER: Final = 64
FLUSH_EVERY_SECONDS: Final = 0.05
FORGOTTEN_PER_STEP: Final = 150
"""Rows, each with the messages of an authentication or so."""
WRITTEN_PER_STEP: Final = 100
"""Few enough that no request waits long behind them."""
WAIT_FOR_DATABASE_SECONDS: Final = 1.0
# Words between processes: write what waits; these numbers were written; everything was forgotten.
FLUSH, WRITTEN, FORGOTTEN = "journal flush", "journal written", "journal forgotten"
# The first identifier found names the transaction; the others become its aliases.
EMV_IDS: Final = ("threeDSServerTransID", "dsTransID", "acsTransID", "sdkTransID")
CLASSIC_IDS: Final = ("xid", "dsTransID", "acsTransID", "acctID", "messageId")
# What 3-D Secure 1.0.2 has in common from one message to the next: VEReq and VERes the message id, VERes and PAReq the acctID.
# An EMV message may carry an acctID too, but that is the buyer's account at the shop.
LINKS: Final = ("acctID", "messageId")


@dataclass(frozen=True, slots=True)
class Hop:
    """Who calls whom, in the words of the specifications."""

    sender: str
    receiver: str


class _Recorded(NamedTuple):
    at: datetime
    sender: str
    receiver: str
    kind: str
    document: Mapping[str, Any]
    status: int | None
    took_ms: float | None
    transaction_id: str | None
    facts: Mapping[str, Any] | None
    recorded: int


class Journal:
    """One per process, shared by the services that run in it. What other processes write can be read and waited for as well."""

    def __init__(self, database: Database, shared: Shared | None = None) -> None:
        self._database = database
        self._shared = shared or Alone()
        self._shared.on(FLUSH, self._flush_for_others)
        self._shared.on(WRITTEN, self._others_wrote)
        self._shared.on(FORGOTTEN, self._others_forgot)
        self._waiting: deque[_Recorded] = deque()
        self._left_out = 0
        self.left_out = 0
        """How many entries found no place since the start."""
        self._subscribers: set[asyncio.Queue[dict[str, Any]]] = set()
        self.also_to: Callable[[Sequence[table.Entry]], None] | None = None
        """Who is given what this process has written, as it was written."""
        self._known: dict[str, str] = {}
        self._writing = asyncio.Lock()

    def record(
        self,
        at: datetime,
        sender: str,
        receiver: str,
        kind: str,
        document: Mapping[str, Any],
        *,
        status: int | None = None,
        took_ms: float | None = None,
        transaction_id: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Note one message. `kind` is its messageType, or what it is in a word (`3DS Method`, `SMS`, `connection failed`).
        `document` must not be changed afterwards. `transaction_id` is needed only where the document carries no identifier.
        `facts`: what the recorder knows and the message does not say, such as the scheme it was posted to."""
        if len(self._waiting) >= MAX_WAITING:
            self._left_out += 1
            self.left_out += 1
            return
        self._waiting.append(
            _Recorded(at, sender, receiver, kind, document, status, took_ms, transaction_id, facts, real_now())
        )

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        return len(self._waiting)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write behind the requests for as long as the context lasts."""
        task = asyncio.create_task(self._write_forever(), name="journal")
        try:
            yield
        finally:
            async with self._writing:  # what was taken along is written to its end
                task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            with suppress(DatabaseAway):
                await self.flush()

    async def flush(self) -> None:
        """Return when everything recorded so far can be read."""
        async with self._writing:  # whoever comes second waits for what the first has taken along
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        left = len(self._waiting)  # what arrives meanwhile has its own turn, in a batch worth a commit
        while left > 0:
            batch = [self._waiting.popleft() for _ in range(min(left, len(self._waiting), WRITTEN_PER_STEP))]
            left -= WRITTEN_PER_STEP
            if not batch:
                return
            try:
                await self._write(batch)
            except DatabaseAway:
                self._waiting.extendleft(reversed(batch))
                raise

    async def _write(self, batch: Sequence[_Recorded]) -> None:
        named = [(recorded, self._names(recorded)) for recorded in batch]
        await self._recall(named)
        aliases: dict[str, str] = {}
        seen: dict[tuple[str, str], Redacted] = {}
        entries = [
            (recorded.recorded, _entry(recorded, self._transaction(recorded, names, aliases), seen))
            for recorded, names in named
        ]
        if self._left_out:
            entries.append((batch[-1].recorded, self._omission(batch[-1].at)))
        rows = [(recorded, entry["transaction_id"], orjson.dumps(entry)) for recorded, entry in entries]
        if self._shared.worker is None:
            await self._database.run(lambda connection: table.append(connection, rows, aliases))
        else:
            self._shared.tell(WRITTEN, await self._database.run(lambda c: table.append_numbered(c, rows, aliases)))
        if self.also_to is not None:
            self.also_to(rows)
        if self._subscribers:
            self._publish(orjson.loads(document) for _, _, document in rows)

    def _publish(self, entries: Iterable[dict[str, Any]]) -> None:
        for entry in entries:
            for subscriber in self._subscribers:
                if subscriber.qsize() < MAX_WAITING:
                    subscriber.put_nowait(entry)

    async def _flush_everywhere(self) -> None:
        await self.flush()
        await self._shared.tell_all(FLUSH)

    async def _flush_for_others(self, _content: Any) -> None:
        await self.flush()

    async def _others_wrote(self, numbers: Any) -> None:
        if self._subscribers and numbers:
            self._publish(await self._database.read(lambda connection: table.numbered(connection, numbers)))

    async def _others_forgot(self, _content: Any) -> None:
        self._waiting.clear()
        self._known.clear()

    async def transaction_of(self, identifier: str) -> str | None:
        """The transaction that goes by `identifier`: any id it has."""
        if not _is_a_name(identifier):
            return None
        await self._flush_everywhere()
        return await self._database.read(lambda connection: table.transaction_of(connection, identifier))

    async def entries_of(self, transaction_id: str) -> list[dict[str, Any]]:
        await self._flush_everywhere()
        return await self._database.read(
            lambda connection: table.entries_of(connection, transaction_id, MAX_ENTRIES_READ)
        )

    async def newest(self, limit: int) -> list[dict[str, Any]]:
        await self._flush_everywhere()
        return await self._database.read(lambda connection: table.newest(connection, limit))

    async def forget(self) -> None:
        await self._others_forgot(None)
        await self._shared.tell_all(FORGOTTEN)
        await self._database.run(table.forget)

    async def forget_before(self, at: datetime) -> int:
        """Forget some of what was recorded before `at`, few enough to let requests pass; returns how many, 0 at the end."""
        await self.flush()
        stamp = at.isoformat(timespec="milliseconds")
        gone = await self._database.run(
            lambda connection: table.forget_before(connection, stamp, EMV_IDS + CLASSIC_IDS, FORGOTTEN_PER_STEP)
        )
        if gone:
            self._known.clear()
        return gone

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator[asyncio.Queue[dict[str, Any]]]:
        """A queue that receives every entry as it is written, while the context lasts."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._subscribers.add(queue)
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)

    async def _write_forever(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_SECONDS)
            try:
                await self.flush()
            except DatabaseAway as error:
                log.warning("the journal waits", error=str(error), entries=len(self._waiting))
                await asyncio.sleep(WAIT_FOR_DATABASE_SECONDS)

    def _names(self, recorded: _Recorded) -> list[str]:
        """The identifiers that an entry carries, the one that names its transaction first."""
        document, known = recorded.document, self._known
        keys = EMV_IDS if _is_emv(document) else CLASSIC_IDS
        named = (recorded.transaction_id, *map(document.get, keys))
        return [name for name in named if isinstance(name, str) and (name in known or _is_a_name(name))]

    async def _recall(self, named: Iterable[tuple[_Recorded, list[str]]]) -> None:
        """Learn what the table knows of the identifiers that decide: from before a restart, or from another process."""
        known = self._known
        unknown = {name for recorded, names in named for name in _deciding(recorded, names) if name not in known}
        if unknown:
            found = await self._database.read(lambda connection: table.transactions_of(connection, unknown))
            for alias, transaction_id in found.items():
                self._remember(alias, transaction_id)

    def _transaction(self, recorded: _Recorded, names: list[str], aliases: dict[str, str]) -> str:
        if not names:
            return ""
        known = [whole for name in _deciding(recorded, names) if (whole := self._known.get(name)) is not None]
        transaction_id = next(iter(known), names[0])
        for other in known[1:]:
            # The one message that has the identifiers of both halves; another process may have filed the second before this.
            if other != transaction_id and recorded.kind == "VERes":
                aliases[other] = transaction_id
                self._remember(other, transaction_id)
        for name in names:
            if name not in self._known:
                self._remember(name, transaction_id)
                if name != transaction_id:
                    aliases[name] = transaction_id
        return transaction_id

    def _remember(self, alias: str, transaction_id: str) -> None:
        if len(self._known) >= MAX_WAITING:
            self._known.clear()
        self._known[alias] = transaction_id

    def _omission(self, at: datetime) -> dict[str, Any]:
        left_out, self._left_out = self._left_out, 0
        return {
            "at": at.isoformat(timespec="milliseconds"),
            "from": "",
            "to": "",
            "kind": "left out",
            "transaction_id": "",
            "message": {"entries": left_out},
        }


def _entry(recorded: _Recorded, transaction_id: str, seen: dict[tuple[str, str], Redacted]) -> dict[str, Any]:
    """`seen`: the last message of each transaction and kind, which comes by on two hops with little changed."""
    of_its_kind = transaction_id, recorded.kind
    message = seen[of_its_kind] = redacted(recorded.document, seen.get(of_its_kind))
    entry: dict[str, Any] = {
        "at": recorded.at.isoformat(timespec="milliseconds"),
        "from": recorded.sender,
        "to": recorded.receiver,
        "kind": recorded.kind,
        "transaction_id": transaction_id,
        "message": orjson.Fragment(message.shown),
    }
    if recorded.status is not None:
        entry["status"] = recorded.status
    if recorded.took_ms is not None:
        entry["took_ms"] = round(recorded.took_ms, 3)
    if recorded.facts is not None:
        entry["facts"] = orjson.Fragment(redact_json(recorded.facts))
    return entry


def _is_emv(document: Mapping[str, Any]) -> bool:
    return "threeDSServerTransID" in document


def _deciding(recorded: _Recorded, names: list[str]) -> list[str]:
    """The identifiers that tell which transaction an entry belongs to: the first one, and what classic messages share."""
    return names[:1] if _is_emv(recorded.document) else [*names[:1], *_links(recorded)]


def _is_a_name(name: object) -> TypeGuard[str]:
    """A peer may send any text where an identifier is due, also one that no database takes (NUL, half a surrogate pair)."""
    return isinstance(name, str) and 0 < len(name) <= MAX_IDENTIFIER and name.isprintable()


def _links(recorded: _Recorded) -> list[str]:
    return [name for key in LINKS if _is_a_name(name := recorded.document.get(key))]
