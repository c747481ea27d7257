"""Grouped commits.

A unit of work is a plain function of a SQLAlchemy Core connection: it reads, decides and writes, and must be safe to run again.
All units handed in during one turn of the event loop share one transaction, whichever party of the process they come from, and
each caller is told only after the commit: nothing is answered before its row is safe, and many requests share one commit.
What accompanies the units (`Companion`, the ledger) is written in the same transaction.

Under load a batch waits for a few turns of the loop as long as others join it: a commit costs about as much as the rows of four.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from threedsecure.storage.engines import timeouts
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.schema import Schema

Result = TypeVar("Result")
Work = Callable[[Connection], Result]
Done = Callable[[Any], None]
"""Told after the commit what a unit returned, or that it `Failed`."""
Waiting = tuple[Work[Any], Done]

MAX_UNITS_PER_COMMIT: Final = 256
MAX_RUNS_OF_A_UNIT: Final = 5
MAX_TURNS_WAITED: Final = 4
"""Of the loop, for others to join a batch."""


class Database(Protocol):
    """What a service's storage module asks of its engine."""

    async def run(self, work: Work[Result]) -> Result:
        """Run `work` in the next shared transaction; return after the commit. What `work` raises, its caller gets, and
        nothing of that unit stands."""
        ...

    async def read(self, work: Work[Result]) -> Result:
        """Run `work`, which only reads, and sees everything committed."""
        ...

    @property
    def waiting(self) -> int:
        """How many units of work wait for their turn."""
        ...

    async def close(self) -> None: ...

    def put(self, work: Work[Any], done: Done) -> None:
        """Like `run`, for a caller that is no coroutine. Errors: `DatabaseAway` where too many wait already."""
        ...

    def due(self) -> None:
        """Have a transaction at the end of this turn of the loop, for what accompanies."""
        ...

    def accompany(self, companion: "Companion") -> None:
        """From now on `companion` is asked what goes along with each transaction."""
        ...


class Companion(Protocol):
    """What is written along with whatever is written."""

    @property
    def crowd(self) -> int:
        """How many wait for it to be written."""
        ...

    def take(self) -> "Waiting | None":
        """The unit that writes what there is now; None where there is nothing. On PostgreSQL it is one statement."""
        ...


class GroupedCommits:
    """Collects the units handed in during one turn of the loop; a subclass says how a batch is carried out."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._companion: Companion | None = None
        self._is_along_alone = False
        """Whether the batch that was taken last is what accompanies, and nothing else."""
        self._is_due = False
        self._crowded, self._seen, self._turns = False, 0, 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def accompany(self, companion: Companion) -> None:
        self._companion = companion

    def put(self, work: Work[Any], done: Done) -> None:
        if len(self._waiting) >= timeouts.MOST_WAITING:
            raise DatabaseAway(f"{len(self._waiting)} units of work wait for the database, as many as may")
        self._waiting.append((work, done))
        self.due()

    def due(self) -> None:
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._batch_is_due)

    async def run(self, work: Work[Result]) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.put(work, partial(_resolve, future))
        return await future

    def _batch_is_due(self) -> None:
        """Where units come alone each is committed at once; where they crowd, others may be about to join them."""
        waiting = self._crowd()
        if self._crowded and waiting > self._seen and self._turns < MAX_TURNS_WAITED:
            self._seen, self._turns = waiting, self._turns + 1
            asyncio.get_running_loop().call_soon(self._batch_is_due)
            return
        self._crowded, self._seen, self._turns = waiting > 1, 0, 0
        self._is_due = False
        self._carry_out_waiting()

    def _carry_out_waiting(self) -> None:
        raise NotImplementedError

    def prepare(self, schema: Schema) -> None:
        """Make the tables of `schema`, or bring them up to date. Errors: `DatabaseUnusable`, `SchemaNotSupported`."""
        raise NotImplementedError

    async def read(self, work: Work[Result]) -> Result:
        """As `Database` has it."""
        raise NotImplementedError

    async def settle(self) -> None:
        """Return when nothing waits."""
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    def _crowd(self) -> int:
        return len(self._waiting) + (0 if self._companion is None else self._companion.crowd)

    def _take_batch(self) -> list[Waiting]:
        batch, self._waiting = self._waiting[:MAX_UNITS_PER_COMMIT], self._waiting[MAX_UNITS_PER_COMMIT:]
        self._is_along_alone = not batch
        # What accompanies speaks of everything written before it, and goes with the last.
        along = None if self._companion is None or self._waiting else self._companion.take()
        return batch if along is None else [*batch, along]


class Tables:
    """Those of one schema, where others may have theirs."""

    def __init__(self, where: GroupedCommits, schema: Schema, *, own: bool) -> None:
        self._where = where
        self._own = own
        where.prepare(schema)
        self.run, self.read, self.put, self.due = where.run, where.read, where.put, where.due
        self.accompany = where.accompany

    @property
    def waiting(self) -> int:
        return self._where.waiting

    async def close(self) -> None:
        await (self._where.close() if self._own else self._where.settle())


@dataclass(frozen=True, slots=True)
class Failed:
    """What a unit came to that raised `error`, or could not be carried out."""

    error: Exception


def carry_out(
    connection: Connection,
    units: list[Work[Any]],
    first: Work[None] | None = None,
    begin: Callable[[Connection], AbstractContextManager[Any]] = Connection.begin,
) -> list[Any]:
    """What each unit returned, or `Failed`. All in one transaction, which begins with `first`; when one fails, each in its own,
    so that the others do not suffer."""
    try:
        with begin(connection):
            if first is not None:
                first(connection)
            return [unit(connection) for unit in units]
    except Exception as error:  # noqa: BLE001 - handed to the caller whose unit it was
        # Where the connection broke, nobody knows what of the transaction stands: nothing is run again. Nor where the disk let
        # nobody write: a row would stand that could be written alone, and not what the journal says of it.
        whole = isinstance(error, timeouts.Locked) or connection.invalidated or timeouts.machine_failed(error)
        if whole or (len(units) == 1 and not _lost_a_deadlock(error)):
            return [Failed(error)] * len(units)
    return [_carry_out_alone(connection, unit, begin) for unit in units]


def _carry_out_alone(
    connection: Connection, unit: Work[Any], begin: Callable[[Connection], AbstractContextManager[Any]]
) -> Any:
    for attempts_left in range(MAX_RUNS_OF_A_UNIT - 1, -1, -1):
        try:
            with begin(connection):
                return unit(connection)
        except Exception as error:  # noqa: BLE001 - handed to the caller whose unit it was
            if not attempts_left or not _lost_a_deadlock(error):
                return Failed(error)
    raise AssertionError("a unit is carried out at least once")


def _lost_a_deadlock(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in {"40P01", "40001"}


def tell(batch: list[Waiting], outcomes: list[Any]) -> None:
    for (_, done), outcome in zip(batch, outcomes, strict=True):
        try:
            done(outcome)
        except Exception as error:  # noqa: BLE001 - one that cannot be told keeps nothing from the others
            told = {"message": "one who waited for a commit could not be told", "exception": error}
            asyncio.get_running_loop().call_exception_handler(told)


def _resolve(future: asyncio.Future[Any], outcome: Any) -> None:
    if future.done():
        return
    if isinstance(outcome, Failed):
        future.set_exception(outcome.error)
    else:
        future.set_result(outcome)
