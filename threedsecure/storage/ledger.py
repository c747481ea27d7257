"""The ledger: one sealed record for each transaction of the database, with everything that crossed a hop since the one before.

A record is a row; it is written once, with whatever rows changed, and read only when somebody asks. It is found by the names that
its notes carry: a name's key stands with the number of the record in `journal_key`, in eras of as many records as `ERA_BITS` says.
An era's keys lie side by side, so that writing many touches few pages however long the ledger is; who looks a name up asks every
era once. Where one process has the tables, keys are held in memory and written in bulk (`Keys`); what a process that died had not
written is read from its records again."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeVar
from zlib import crc32

import msgspec
import orjson
from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, Table, delete, select, text
from sqlalchemy.sql.functions import max as newest_of
from sqlalchemy.sql.functions import min as oldest_of

from threedsecure.secrets.vault import Box
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.schema import Schema

Result = TypeVar("Result")

METADATA: Final = MetaData()
RECORDS: Final = Table(
    "journal_record",
    METADATA,
    Column("number", Integer, primary_key=True),
    # The latest time in it by the virtual clock, in microseconds since 1970: what is older than `--keep` is forgotten.
    Column("newest_at", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
KEYS: Final = Table(
    "journal_key",
    METADATA,
    Column("era", Integer, primary_key=True, autoincrement=False),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
SCHEMA: Final = Schema("journal", METADATA, "0004", Path(__file__).parent / "journal_migrations")

ERA_BITS: Final = 8
BULK: Final = 2048
"""Keys that are written at once."""
MOST_RECORDS_OF_A_NAME: Final = 500
MOST_NOTES_OF_A_NAME: Final = 500
MOST_BYTES: Final = 4_000_000
"""That one reader keeps of records, and finds where it wants all that there are of a kind or a name."""
KEPT_BYTES: Final = 2_000_000
"""Of records, that one reader keeps for the next one."""
READ_AT_ONCE: Final = 16
"""Records, from the database."""
FIRST_RECORDS: Final = 16
"""Among which the first note with a name is, and all of an authentication that had no challenge. A peer may name what it has heard
of as often as it likes: who looks for those alone must not read the others."""

_APPEND: Final = Prepared(
    text("INSERT INTO journal_record (newest_at, document) VALUES (:newest_at, :document) RETURNING number")
)
# The same with its keys, in one round trip.
_APPEND_WITH_KEYS: Final = Prepared(
    text(
        "WITH record AS (INSERT INTO journal_record (newest_at, document) VALUES (:newest_at, :document) RETURNING number), "
        "found_by AS (INSERT INTO journal_key (era, key, number) SELECT number / :size, key, number "
        "FROM record, unnest(CAST(:keys AS bigint[])) AS key ON CONFLICT DO NOTHING) SELECT number FROM record"
    )
)
# SQLAlchemy spells ON CONFLICT once per dialect; SQL itself does not.
_ADD_KEY: Final = Prepared(
    text("INSERT INTO journal_key (era, key, number) VALUES (:era, :key, :number) ON CONFLICT DO NOTHING")
)
# The join goes from the eras to their keys, never the other way round (CROSS JOIN).
_LOOK_UP: Final = (
    "WITH RECURSIVE eras(era) AS (SELECT max(number) / :size FROM journal_record UNION ALL "
    "SELECT era - 1 FROM eras WHERE era > (SELECT min(number) / :size FROM journal_record)) "
    "SELECT journal_key.number FROM eras CROSS JOIN journal_key "
    "WHERE journal_key.era = eras.era AND journal_key.key = :key ORDER BY journal_key.number"
)
_LOOK_UP_OLDEST: Final = Prepared(text(f"{_LOOK_UP} LIMIT :limit"))
_LOOK_UP_NEWEST: Final = Prepared(text(f"{_LOOK_UP} DESC LIMIT :limit"))
_DOCUMENTS: Final = select(RECORDS.c.number, RECORDS.c.document)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class More(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """The document of an earlier note with more members behind its own. `base`: the place of that note - since the journal began
    for who notes it, in the record as it is written."""

    base: int
    added: dict[str, Any]


class Note(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One message that crossed a hop. `recorded`: real time in microseconds, which puts in order what several processes write;
    `document`: a decoded message, or the JSON text of one without escapes; `kept`: what only its recorder reads; `also`: names
    that are not in the message, by which its recorder finds it."""

    recorded: int
    at: datetime
    sender: str
    receiver: str
    kind: str
    document: dict[str, Any] | bytes | More
    status: int | None = None
    took_ms: float | None = None
    transaction_id: str | None = None
    facts: dict[str, Any] | None = None
    kept: Any = None
    also: tuple[str, ...] = ()


class Found(NamedTuple):
    """A note where it stands, whole; in the order in which notes were recorded."""

    recorded: int
    number: int
    place: int
    note: Note
    document: dict[str, Any]


class Ledger(Protocol):
    """The ledger as parties know it, who write it with what they note."""

    async def read(self, work: Callable[["Records"], Result]) -> Result:
        """What `work` finds, in everything that was noted so far."""
        ...

    def look(self, work: Callable[["Records"], Result]) -> Result:
        """What `work` finds at once in what is written. Only where one process has the ledger."""
        ...

    def records(self, connection: Connection) -> "Records":
        """What is written, inside a unit of work."""
        ...

    def before_others_read(self, work: Callable[[], None]) -> None:
        """Have `work` called before another process reads: what it hands in is written by then."""
        ...

    def failed(self, error: Exception) -> None:
        """A row that was handed in beside what is noted could not be written: nobody is told of either."""
        ...

    async def written(self) -> None:
        """Return when everything noted so far is safe, with what is written beside it. Errors: `DatabaseAway`."""
        ...


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=dict)
_decoder: Final = msgspec.msgpack.Decoder(list[Note])


def key_of(name: str) -> int:
    """What stands for a name in `journal_key`. Two names may share one: who reads a record looks for the name itself."""
    return crc32(name.encode(errors="replace"))


def sealed(box: Box, notes: Sequence[Note]) -> bytes:
    return box.seal(_encoder.encode(notes))


def append(connection: Connection, document: bytes, newest_at: datetime, keys: Collection[int] = ()) -> int:
    """A record more; its number. `keys`: by which it is found from now on."""
    row: dict[str, Any] = {"newest_at": microseconds(newest_at), "document": document}
    if keys and connection.dialect.name == "postgresql":
        return _number(_APPEND_WITH_KEYS.first(connection, row | {"size": 1 << ERA_BITS, "keys": _array(keys)}))
    number = _number(_APPEND.first(connection, row))
    add_keys(connection, [(key, number) for key in keys])
    return number


def _number(row: Sequence[Any] | None) -> int:
    if row is None:
        raise RuntimeError("a record that was just written has no number")
    number: int = row[0]
    return number


def _array(keys: Collection[int]) -> str:
    """As PostgreSQL reads one; the driver would look at each of them."""
    return f"{{{','.join(map(str, sorted(keys)))}}}"


def add_keys(connection: Connection, keys: Iterable[tuple[int, int]]) -> None:
    """Pairs of key and number of record."""
    rows = sorted([(number >> ERA_BITS, key, number) for key, number in keys])
    if not rows:
        return
    _ADD_KEY.run_many(connection, [{"era": era, "key": key, "number": number} for era, key, number in rows])


class Keys:
    """Those of the last records, not written yet."""

    def __init__(self) -> None:
        self._numbers: dict[int, list[int]] = {}
        self._count = 0

    def add(self, keys: Iterable[int], number: int) -> None:
        for key in keys:
            self._numbers.setdefault(key, []).append(number)
            self._count += 1

    def numbers(self, key: int) -> Sequence[int]:
        return self._numbers.get(key, ())

    @property
    def is_bulk(self) -> bool:
        return self._count >= BULK

    def pairs(self) -> list[tuple[int, int]]:
        return [(key, number) for key, numbers in self._numbers.items() for number in numbers]

    def clear(self) -> None:
        self._numbers.clear()
        self._count = 0


class Records:
    """The ledger as one reader sees it."""

    def __init__(self, connection: Connection, box: Box, keys: Keys) -> None:
        self._connection = connection
        self._box = box
        self._keys = keys
        self._opened: dict[int, list[Note]] = {}
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._found = 0

    def go_on_from(self, before: "Records") -> bool:
        """Take over what `before` has opened, where that is no more than KEPT_BYTES."""
        if before.has_read_much:
            return False
        self._opened, self._sizes, self._bytes = before._opened, before._sizes, before._bytes
        return True

    @property
    def has_read_much(self) -> bool:
        return max(self._bytes, self._found) > KEPT_BYTES

    def carrying(
        self,
        name: str,
        names_of: Callable[[Note, dict[str, Any]], Sequence[str]],
        most: int = MOST_RECORDS_OF_A_NAME,
    ) -> list[Found]:
        """The notes that carry `name`, in order, in the first `most` records that have it, or fewer where that is much.
        `names_of`: the names that a note carries."""
        found: list[Found] = []
        for number, notes in self._with_key(key_of(name), most=most):
            some = [one for one in _likely(number, notes, name) if name in names_of(one.note, one.document)]
            found += some
            if most > FIRST_RECORDS and (
                self._is_full_with(number, len(some) / len(notes)) or len(found) >= MOST_NOTES_OF_A_NAME
            ):
                break
        return sorted(found, key=_order)

    def _is_full_with(self, number: int, share: float = 1) -> bool:
        """Whether that share of a record is as much as one reader may find, with all that it has found before."""
        self._found += int(self._sizes[number] * share)
        return self._found > MOST_BYTES

    def found_also_by(self, name: str) -> Iterator[Found]:
        """The notes with this name beside those of their messages, the newest record first, and the last of its notes first."""
        for number, notes in self._with_key(key_of(name), _LOOK_UP_NEWEST):
            for place in range(len(notes) - 1, -1, -1):
                if name in notes[place].also:
                    yield whole(number, notes, place)

    def before(self, found: Found) -> Iterator[Found]:
        """The notes of the same record before this one, the last first."""
        (_, notes), *_ = self._notes([found.number])
        return (whole(found.number, notes, place) for place in range(found.place - 1, -1, -1))

    def newest(self, among: int, fits: Callable[[Note], bool]) -> Iterator[Found]:
        """Those that fit of the last `among` notes: the newest record first, and the last of its notes first."""
        for number, notes, place in islice(self._backwards(), among):
            if fits(notes[place]):
                yield whole(number, notes, place)

    def _backwards(self) -> Iterator[tuple[int, list[Note], int]]:
        """Where every note stands, the last first, for as long as there is room."""
        statement, before = _DOCUMENTS.order_by(RECORDS.c.number.desc()).limit(READ_AT_ONCE), None
        while True:
            query = statement if before is None else statement.where(RECORDS.c.number < before)
            rows = self._connection.execute(query).all()
            for number, document in rows:
                notes = self._open(number, document)
                yield from ((number, notes, place) for place in range(len(notes) - 1, -1, -1))
                if self._is_full_with(number):
                    return
            if not rows:
                return
            before = rows[-1].number

    def numbered(self, numbers: Sequence[int]) -> list[Found]:
        """The notes of these records, in order."""
        return sorted(
            (whole(number, notes, place) for number, notes in self._notes(numbers) for place in range(len(notes))),
            key=_order,
        )

    def span(self) -> tuple[int, int]:
        """The numbers of the oldest and of the newest record; 0 where there is none."""
        first, last = self._connection.execute(select(oldest_of(RECORDS.c.number), newest_of(RECORDS.c.number))).one()
        return first or 0, last or 0

    def since(self, number: int, limit: int | None = None) -> Iterator[tuple[int, list[Note]]]:
        """Every record after `number`, the first `limit` of them."""
        later = _DOCUMENTS.where(RECORDS.c.number > number).order_by(RECORDS.c.number).limit(limit)
        rows = self._connection.execute(later)
        return ((row.number, opened(self._box, row.document)) for row in rows)

    def _with_key(
        self, key: int, look_up: Prepared = _LOOK_UP_OLDEST, most: int = MOST_RECORDS_OF_A_NAME
    ) -> Iterator[tuple[int, list[Note]]]:
        numbers = [row[0] for row in look_up.all(self._connection, {"key": key, "size": 1 << ERA_BITS, "limit": most})]
        late = self._keys.numbers(key)  # not indexed yet
        both = (*numbers, *late) if look_up is _LOOK_UP_OLDEST else (*late[::-1], *numbers)
        return self._notes(islice(dict.fromkeys(both), most))

    def _notes(self, numbers: Iterable[int]) -> Iterator[tuple[int, list[Note]]]:
        """Read a few at a time: whoever looks for the newest seldom needs them all."""
        wanted = list(numbers)
        for start in range(0, len(wanted), READ_AT_ONCE):
            some = wanted[start : start + READ_AT_ONCE]
            missing = [number for number in some if number not in self._opened]
            rows = self._connection.execute(_DOCUMENTS.where(RECORDS.c.number.in_(missing))).all() if missing else ()
            documents = {row.number: row.document for row in rows}
            for number in some:
                if number in documents or number in self._opened:
                    yield number, self._open(number, documents.get(number, b""))

    def _open(self, number: int, document: bytes) -> list[Note]:
        """Kept open while there is room."""
        notes = self._opened.get(number)
        if notes is None:
            notes = opened(self._box, document)
            self._sizes[number] = len(document)
            if self._bytes <= MOST_BYTES:
                self._opened[number] = notes
                self._bytes += len(document)
        return notes


def opened(box: Box, document: bytes) -> list[Note]:
    return _decoder.decode(box.open(document))


def whole(number: int, notes: Sequence[Note], place: int) -> Found:
    """A note of a record with its document."""
    note = notes[place]
    return Found(note.recorded, number, place, note, _document(notes, place))


def _document(notes: Sequence[Note], place: int) -> dict[str, Any]:
    told = notes[place].document
    if isinstance(told, More):
        return {**_document(notes, told.base), **told.added}
    return orjson.loads(told) if isinstance(told, bytes) else told


def _likely(number: int, notes: Sequence[Note], name: str) -> Iterator[Found]:
    """The notes that may carry `name`: few of a full record are worth decoding."""
    text_of, likely = name.encode(errors="replace"), [False] * len(notes)
    for place, note in enumerate(notes):
        told = note.document
        if isinstance(told, More):
            found = likely[told.base] or name in told.added.values()
        else:
            found = text_of in told if isinstance(told, bytes) else name in told.values()
        likely[place] = found
        if found or note.transaction_id == name:
            yield whole(number, notes, place)


def _order(found: Found) -> tuple[int, int, int]:
    return found[:3]


def last_indexed(connection: Connection) -> int:
    """The number of the last record whose keys are written; 0 where none are."""
    era = connection.execute(select(newest_of(KEYS.c.era))).scalar_one_or_none()
    if era is None:
        return 0
    found: int = connection.execute(select(newest_of(KEYS.c.number)).where(KEYS.c.era == era)).scalar_one()
    return found


def forget_before(connection: Connection, at: datetime, limit: int) -> int:
    """Forget the oldest records up to the first with a note that was made at `at` or later; at most `limit`, and say how many."""
    oldest = connection.execute(select(RECORDS.c.number, RECORDS.c.newest_at).order_by(RECORDS.c.number).limit(limit))
    gone = 0
    before = microseconds(at)
    for row in oldest.all():
        if row.newest_at >= before:
            break
        gone, last = gone + 1, row.number
    if gone:
        connection.execute(delete(RECORDS).where(RECORDS.c.number <= last))
        first = connection.execute(select(oldest_of(RECORDS.c.number))).scalar_one_or_none()
        connection.execute(delete(KEYS).where(KEYS.c.era < ((last + 1 if first is None else first) >> ERA_BITS)))
    return gone


def forget(connection: Connection) -> None:
    connection.execute(delete(RECORDS))
    connection.execute(delete(KEYS))


def microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
