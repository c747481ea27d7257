"""Everything that crosses a hop: noted, sealed and written with the next transaction of the database, opened, expanded to entries
and redacted when somebody reads (`threedsecure.storage.ledger`).

Whoever must not answer before its notes are safe is told when they are (`when_written`). All others need not wait: what is noted is
written within FLUSH_EVERY_SECONDS, and before anything is read. What waits is bounded; what does not fit is counted, and the count
is written where the entries would have stood."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Any, Final, TypeVar

import structlog
from msgspec.structs import replace

from threedsecure.redaction import redact, redact_card_numbers
from threedsecure.secrets.vault import Vault
from threedsecure.storage import ledger
from threedsecure.storage.database import Database, Failed
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.filing import EMV_IDS, V1_IDS, Filing, is_a_name, named_in, names_in
from threedsecure.storage.ledger import Found, More, Note
from threedsecure.storage.on_sqlite import SqliteDatabase
from threedsecure.storage.rows.leases import real_now
from threedsecure.v2.validation.identifiers import one_spelling
from threedsecure.web.clock import monotonic
from threedsecure.web.sharing.processes import Alone, Shared

__all__ = ["EMV_IDS", "MAX_ENTRIES_READ", "MOST_OF_A_TRANSACTION", "V1_IDS", "Entry", "Hop", "Journal"]

log = structlog.get_logger()

MAX_WAITING: Final = 20_000
MOST_BYTES_WAITING: Final = 64 << 20
"""While the database is away."""
MAX_ENTRIES_READ: Final = 2_000
MOST_OF_A_TRANSACTION: Final = 500
"""Entries, the first ones: a peer may name what it has heard of as often as it likes."""
FLUSH_EVERY_SECONDS: Final = 0.05
FORGOTTEN_PER_STEP: Final = 150
"""Records."""
WAIT_FOR_DATABASE_SECONDS: Final = 1.0
PUBLISHED_AT_ONCE: Final = 4
"""Records, with a breath after them so that those who listen take a twentieth of the time at most."""
BREATH: Final = 19
MOST_UNHEARD: Final = 500
"""Entries that one listener may be behind."""
MOST_BEHIND: Final = 1_000
"""Records that listeners may be behind; what is older then is left out for them, and they are told so."""
LEFT_OUT: Final = "left out"
"""The kind of an entry that stands where others would have stood: in its message their number, or that of their records."""
# Words between processes: write what waits; this record was written; everything was forgotten; somebody listens here from now on
# (true), no longer (false), or who does (null).
FLUSH, WRITTEN, FORGOTTEN, LISTENS = "journal flush", "journal written", "journal forgotten", "journal listens"

_AT: Final = attrgetter("at")
Result = TypeVar("Result")
Told = Callable[[Exception | None], None]
"""Told once the notes are safe, or why they are not."""
Entry = tuple[int, dict[str, Any]]
"""When it was recorded (real time, microseconds), and what is shown."""


class Listener:
    """Hears every entry in order; in the place of what was too much for it, or could not be read for it, one entry of the kind
    LEFT_OUT."""

    def __init__(self) -> None:
        self._unheard: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_UNHEARD)
        self._missed = {"records": 0, "entries": 0}

    async def get(self) -> dict[str, Any]:
        return await self._unheard.get()

    def skip(self) -> None:
        """Hear nothing of what has come so far."""
        while not self._unheard.empty():
            self._unheard.get_nowait()

    def offer(self, entry: dict[str, Any]) -> None:
        missed = {name: count for name, count in self._missed.items() if count}
        if self._unheard.qsize() + bool(missed) >= MOST_UNHEARD:
            self.miss(entries=1)
            return
        if missed:
            self._missed = dict.fromkeys(self._missed, 0)
            told = {"at": entry["at"], "from": "", "to": "", "kind": LEFT_OUT, "transaction_id": "", "message": missed}
            self._unheard.put_nowait(told)
        self._unheard.put_nowait(entry)

    def miss(self, *, records: int = 0, entries: int = 0) -> None:
        """It is not told of these."""
        self._missed["records"] += records
        self._missed["entries"] += entries


@dataclass(frozen=True, slots=True)
class Hop:
    """Who calls whom, in the words of the specifications."""

    sender: str
    receiver: str


class _Turn:
    """What is written at once: notes, what stands in them where names do, other names that they are found by, and who waits for
    it."""

    __slots__ = ("also", "first", "named", "notes", "size", "told")

    def __init__(self, first: int) -> None:
        """`first`: how many notes there were before, since the journal began."""
        self.first = first
        self.size = 1
        """Of its notes when they were written, in bytes."""
        self.notes: list[Note] = []
        self.named: list[Any] = []
        self.also: list[str] = []
        self.told: list[Told] = []

    def keys(self) -> frozenset[int]:
        """Most names stand in several notes."""
        names = {name for name in self.named if isinstance(name, str)}
        return frozenset(map(ledger.key_of, {*map(one_spelling, filter(is_a_name, names)), *self.also}))


class Journal:
    """One per process, shared by the services that run in it. What other processes write can be read and waited for as well."""

    def __init__(
        self, database: Database, vault: Vault, shared: Shared | None = None, *, several: bool = False
    ) -> None:
        """`several`: other processes may write to the same tables."""
        self._database = database
        self._box = vault.box(b"ledger")
        self._shared = shared or Alone()
        self._shared.on(FLUSH, self._flush_for_others)
        self._shared.on(WRITTEN, self._others_wrote)
        self._shared.on(FORGOTTEN, self._others_forgot)
        self._shared.on(LISTENS, self._others_listen)
        self._listening: set[str] = set()
        """The other processes where somebody listens."""
        self._before_others_read: list[Callable[[], None]] = []
        self._keys = ledger.Keys()
        self._several = several or self._shared.worker is not None
        self._turn = _Turn(0)
        self._under_way = 0
        self._failed: Exception | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._left_out = 0
        self.left_out = 0
        """How many entries found no place since the start."""
        self._rests = False
        self._subscribers: set[Listener] = set()
        self.also_to: Callable[[Sequence[Entry]], None] | None = None
        """Who is given what this process has written, as it was written."""
        self._unpublished: deque[tuple[int, bool]] = deque()
        self._publishing: asyncio.Task[None] | None = None
        database.accompany(self)

    # --- noting ---

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
        written: bytes | More | None = None,
        kept: Any = None,
        also: tuple[str, ...] = (),
    ) -> int:
        """Note one message. `kind` is its messageType, or what it is in a word (`3DS Method`, `SMS`, `connection failed`).
        `document` must not be changed afterwards. `transaction_id` is needed only where the document carries no identifier.
        `facts`: what the recorder knows and the message does not say, such as the scheme it was posted to.
        `written`: the document as JSON text, or what it says more than a note of this turn. `kept`: what only the recorder reads;
        `also`: other names by which it finds it.

        Returns the place of the note, on which others of this turn can rest."""
        turn = self._turn
        told: dict[str, Any] | bytes | More = document if type(document) is dict else dict(document)
        if isinstance(written, More):
            if 0 <= (base := written.base - turn.first) < len(turn.notes):  # else its turn is over meanwhile
                told = More(base, written.added)
        elif written is not None and written[:1] == b"{" and b"\\" not in written:
            told = written
        known = None if facts is None else dict(facts)
        note = Note(real_now(), at, sender, receiver, kind, told, status, took_ms, transaction_id, known, kept, also)
        place = turn.first + len(turn.notes)
        if len(turn.notes) >= MAX_WAITING:
            self._leave_out(1)
            return place
        turn.notes.append(note)
        turn.named += named_in(told.added if isinstance(told, More) else document, transaction_id)
        turn.also += also
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_EVERY_SECONDS, self._look)
        return place

    def when_written(self, told: Told) -> None:
        """Have `told` called once everything noted so far is safe."""
        self._turn.told.append(told)
        self._database.due()

    def is_of_this_turn(self, place: int) -> bool:
        """Whether what is noted now is written together with the note at `place`."""
        return place >= self._turn.first

    @property
    def database(self) -> Database:
        """Where it is written."""
        return self._database

    @property
    def noted(self) -> int:
        """How many entries there were since the start."""
        return self._turn.first + len(self._turn.notes)

    @property
    def waiting(self) -> int:
        """How many entries are not written yet."""
        return len(self._turn.notes) + self._under_way

    async def check(self) -> str | None:
        """What is wrong, in words."""
        return f"{self.waiting} entries of the journal wait to be written" if self._rests else None

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Write for as long as the context lasts."""
        await self._database.run(self._begin)
        await self._shared.tell_all(LISTENS, [self._shared.worker, None])
        try:
            yield
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._rests = False
            if self._publishing is not None:
                self._publishing.cancel()
            with suppress(DatabaseAway):
                await self.flush()
                await self._database.run(lambda connection: ledger.add_keys(connection, self._keys.pairs()))

    async def flush(self) -> None:
        """Return when everything recorded so far can be read."""
        if self.waiting:
            await self.written()

    async def written(self) -> None:
        """Return when everything recorded so far is safe, with all that is written beside it. Errors: `DatabaseAway`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.when_written(partial(_resolve, future))
        await future

    # --- along with each transaction of the database ---

    def failed(self, error: Exception) -> None:
        """A row that was handed in beside what is noted could not be written: nobody is told of either."""
        self._failed = error

    @property
    def crowd(self) -> int:
        return len(self._turn.told)

    def take(self) -> tuple[Callable[[Any], int | None], Callable[[Any], None]] | None:
        turn = self._turn
        if not turn.told and (not turn.notes or self._rests):
            return None
        if self._left_out and turn.notes:
            turn.notes.append(self._omission(turn.notes[-1].at))
        self._turn = _Turn(turn.first + len(turn.notes))
        self._under_way += len(turn.notes)
        try:
            document = self._sealed(turn)
            turn.size = len(document) or 1
        except Exception as error:  # noqa: BLE001 - what cannot be sealed keeps what is written beside it from nothing
            self._over(turn, frozenset(), Failed(error))
            return None
        keys = turn.keys()
        return partial(self._write, turn, document, keys), partial(self._over, turn, keys)

    def _sealed(self, turn: _Turn) -> bytes:
        return ledger.sealed(self._box, turn.notes) if turn.notes else b""

    def _write(self, turn: _Turn, document: bytes, keys: frozenset[int], connection: Any) -> int | None:
        if not turn.notes:
            return None
        at_once = keys if self._several else ()
        number = ledger.append(connection, document, max(map(_AT, turn.notes)), at_once)
        if self._keys.is_bulk:
            ledger.add_keys(connection, self._keys.pairs())
        return number

    def _over(self, turn: _Turn, keys: frozenset[int], outcome: Any) -> None:
        self._under_way -= len(turn.notes)
        if isinstance(outcome, Failed):
            self._keep(turn, outcome.error)
        elif outcome is not None:
            self._is_written(outcome, keys)
        error = outcome.error if isinstance(outcome, Failed) else self._failed
        self._failed = None
        for told in turn.told:
            try:
                told(error)
            except Exception:
                log.exception("bug", service="journal", path="telling")

    def _is_written(self, number: int, keys: frozenset[int]) -> None:
        if not self._several:
            if self._keys.is_bulk:
                self._keys.clear()
            self._keys.add(keys, number)
        elif self._listening:
            self._shared.tell(WRITTEN, number)
        if self._subscribers or self.also_to is not None:
            self._publish(number, own=True)

    def _keep(self, turn: _Turn, error: Exception) -> None:
        """What could not be written waits for better times."""
        if not isinstance(error, DatabaseAway):
            log.error("bug", service="journal", path="writing", exc_info=error, entries=len(turn.notes))
            self._leave_out(len(turn.notes))
            return
        log.warning("the journal waits", error=str(error), entries=len(turn.notes))
        later = self._turn
        notes = [_alone(turn, place) for place in range(len(turn.notes))]
        more = [_alone(later, place) for place in range(len(later.notes))]
        self._rests = True
        self._turn = again = _Turn(later.first + len(later.notes))
        room = min(MAX_WAITING, len(notes) * MOST_BYTES_WAITING // turn.size)
        again.notes, again.told = [*notes, *more][:room], later.told
        again.named, again.also = turn.named + later.named, turn.also + later.also
        self._leave_out(len(notes) + len(more) - len(again.notes))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(WAIT_FOR_DATABASE_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        self._rests = False
        if self._turn.notes:
            self._database.due()

    def _begin(self, connection: Any) -> None:
        """What a process that died had not indexed is found as well."""
        for number, notes in ledger.Records(connection, self._box, self._keys).since(ledger.last_indexed(connection)):
            found = (ledger.whole(number, notes, place) for place in range(len(notes)))
            names = {
                name for one in found for name in (*names_in(one.document, one.note.transaction_id), *one.note.also)
            }
            self._keys.add(map(ledger.key_of, names), number)
        if self._several:
            ledger.add_keys(connection, self._keys.pairs())
            self._keys.clear()

    def _leave_out(self, count: int) -> None:
        self._left_out += count
        self.left_out += count

    def _omission(self, at: datetime) -> Note:
        left_out, self._left_out = self._left_out, 0
        return Note(real_now(), at, "", "", LEFT_OUT, {"entries": left_out})

    # --- reading ---

    async def transaction_of(self, identifier: str) -> str | None:
        """The transaction that goes by `identifier`: any id it has."""
        if not is_a_name(identifier):
            return None
        return await self.read(lambda records: Filing(records).transaction_of(one_spelling(identifier)))

    async def entries_of(self, identifier: str) -> list[dict[str, Any]]:
        """The entries of the transaction that goes by `identifier`: any id it has."""
        return await self.read(lambda records: _entries(Filing(records), identifier)) if is_a_name(identifier) else []

    async def entries_of_each(
        self, identifiers: Sequence[str], at_once: int
    ) -> AsyncIterator[list[list[dict[str, Any]]]]:
        """The same of several, at most `at_once` of them before others have their turn. What one needs is not read again for the
        next, unless it was much."""
        filing, done = None, 0
        while done < len(identifiers):
            some = identifiers[done : done + at_once]
            filing, found = await self.read(partial(_entries_of_some, filing, some))
            done += len(found)
            yield found

    async def newest(self, limit: int, kind: str | None = None) -> list[dict[str, Any]]:
        """Oldest first; a kind is looked for among the last MAX_ENTRIES_READ, or fewer where those are large."""

        def entries(records: ledger.Records) -> list[dict[str, Any]]:
            notes = islice(records.newest(MAX_ENTRIES_READ, lambda note: kind in (None, note.kind)), limit)
            filing = Filing(records)
            return [_entry(found, filing.of(found)) for found in sorted(notes, key=lambda found: found[:3])]

        return await self.read(entries)

    async def read(self, work: Callable[[ledger.Records], Result]) -> Result:
        """What `work` finds in the ledger, in which stands everything that was noted so far."""
        await self.flush()
        await self._shared.tell_all(FLUSH)
        return await self._read(work)

    async def _read(self, work: Callable[[ledger.Records], Result]) -> Result:
        return await self._database.read(lambda connection: work(self.records(connection)))

    def look(self, work: Callable[[ledger.Records], Result]) -> Result:
        """What `work` finds at once in what is written. Only on SQLite."""
        if not isinstance(self._database, SqliteDatabase):
            raise TypeError("only SQLite is looked into at once")
        return self._database.look(lambda connection: work(self.records(connection)))

    def records(self, connection: Any) -> ledger.Records:
        """The ledger, inside a unit of work."""
        return ledger.Records(connection, self._box, self._keys)

    def before_others_read(self, work: Callable[[], None]) -> None:
        """Have `work` called before another process reads: what it hands in is written by then."""
        self._before_others_read.append(work)

    async def _flush_for_others(self, _content: Any) -> None:
        for work in self._before_others_read:
            work()
        await self.written()

    # --- forgetting ---

    async def forget(self) -> None:
        await self._others_forgot(None)
        await self._shared.tell_all(FORGOTTEN)
        await self._database.run(ledger.forget)

    async def _others_forgot(self, _content: Any) -> None:
        self._turn.first += len(self._turn.notes)  # nothing that comes rests on what is gone
        self._turn.notes.clear()
        self._turn.named.clear()
        self._turn.also.clear()
        self._keys.clear()

    async def forget_before(self, at: datetime) -> int:
        """Forget some of what was recorded before `at`, few enough to let requests pass; returns how many, 0 at the end."""
        await self.flush()
        return await self._database.run(lambda connection: ledger.forget_before(connection, at, FORGOTTEN_PER_STEP))

    # --- those who listen ---

    @asynccontextmanager
    async def subscribed(self) -> AsyncIterator["Listener"]:
        """Receives every entry once it is written, while the context lasts."""
        listener = Listener()
        self._subscribers.add(listener)
        try:
            await self._shared.tell_all(LISTENS, [self._shared.worker, True])
            yield listener
        finally:
            self._subscribers.discard(listener)
            if not self._subscribers:
                self._shared.tell(LISTENS, [self._shared.worker, False])

    async def _others_listen(self, content: Any) -> None:
        """Nobody is told of what is written where nobody listens."""
        worker, listens = content or ("", None)
        if not worker:  # words may have been missed
            self._shared.tell(LISTENS, [self._shared.worker, None])
        if listens is None and self._subscribers:
            self._shared.tell(LISTENS, [self._shared.worker, True])
        elif listens:
            self._listening.add(worker)
        else:
            self._listening.discard(worker)

    async def _others_wrote(self, number: Any) -> None:
        if self._subscribers and number:
            self._publish(number, own=False)

    def _publish(self, number: int, *, own: bool) -> None:
        self._unpublished.append((number, own))
        if len(self._unpublished) > MOST_BEHIND and self.also_to is None:
            self._unpublished.popleft()
            self._miss(1)
        if self._publishing is None or self._publishing.done():
            self._publishing = asyncio.create_task(self._publish_all(), name="those who listen")

    async def _publish_all(self) -> None:
        while self._unpublished:
            began = monotonic()
            some = [self._unpublished.popleft() for _ in range(min(PUBLISHED_AT_ONCE, len(self._unpublished)))]
            own = {number for number, is_own in some if is_own}
            try:
                entries = await self._read(partial(_numbered, [number for number, _ in some]))
            except DatabaseAway as error:
                log.warning("those who listen miss something", error=str(error))
                self._miss(len(some))
                continue
            except Exception:
                log.exception("bug", service="journal", path="publishing")
                continue
            if self.also_to is not None:
                self.also_to([(found.recorded, entry) for found, entry in entries if found.number in own])
            for subscriber in self._subscribers:
                for _, entry in entries:
                    subscriber.offer(entry)
            await asyncio.sleep((monotonic() - began) * BREATH)

    def _miss(self, records: int) -> None:
        for listener in self._subscribers:
            listener.miss(records=records)


def _numbered(numbers: Sequence[int], records: ledger.Records) -> list[tuple[Found, dict[str, Any]]]:
    filing = Filing(records)
    return [(found, _entry(found, filing.of(found))) for found in records.numbered(numbers)]


def _alone(turn: _Turn, place: int) -> Note:
    """A note that can stand anywhere."""
    note = turn.notes[place]
    return (
        replace(note, document=ledger.whole(0, turn.notes, place).document) if isinstance(note.document, More) else note
    )


def _entries_of_some(
    before: Filing | None, identifiers: Sequence[str], records: ledger.Records
) -> tuple[Filing, list[list[dict[str, Any]]]]:
    """As many of them as can be read without reading much; one in any case."""
    filing, found = Filing(records, before), []
    for identifier in identifiers:
        found.append(_entries(filing, identifier))
        if records.has_read_much:
            break
    return filing, found


def _entries(filing: Filing, identifier: str) -> list[dict[str, Any]]:
    if not is_a_name(identifier):
        return []
    name = one_spelling(identifier)
    transaction_id = filing.transaction_of(name) or name
    return [_entry(found, transaction_id) for found in filing.notes_of(transaction_id)[:MOST_OF_A_TRANSACTION]]


def _entry(found: Found, transaction_id: str) -> dict[str, Any]:
    """As it is shown."""
    note = found.note
    entry: dict[str, Any] = {
        "at": note.at.isoformat(timespec="milliseconds"),
        "from": note.sender,
        "to": note.receiver,
        "kind": redact_card_numbers(note.kind),
        "transaction_id": redact_card_numbers(transaction_id),
        "message": redact(found.document),
    }
    if note.status is not None:
        entry["status"] = note.status
    if note.took_ms is not None:
        entry["took_ms"] = round(note.took_ms, 3)
    if note.facts is not None:
        entry["facts"] = redact(note.facts)
    return entry


def _resolve(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
