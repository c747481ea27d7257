"""Work that waits in rows and that several processes could do: one takes it, for a while.

A row has `leased_by` and `leased_until` (real time). It is free when nobody holds it, when the lease has run out, which is how the
work of a process that died is taken over, and for its holder itself. A process that starts frees what others left that are gone.
Where there is one process, nothing is leased.
"""

import time
from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ColumnElement, Connection, String, Table, bindparam, or_, text

LEASE: Final = timedelta(seconds=30)
"""Longer than any attempt takes, so that nobody needs to renew one."""
TAKE_OVER_EVERY_SECONDS: Final = 10.0
"""How often a process looks for work whose holder has died: nobody announces that."""
_STARTED: Final = time.time() - time.monotonic()


def real_now() -> int:
    """Real time as this process counts it, in microseconds since 1970: it never runs back, and two processes on one machine
    agree. It times what the virtual clock must not: leases, and the order in which messages crossed their hops."""
    return int((_STARTED + time.monotonic()) * 1_000_000)


_TABLES: Final = text(
    "SELECT quote_ident(table_name) FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND column_name = 'leased_by'"
)


def columns() -> tuple[Column[Any], Column[Any]]:
    return Column("leased_by", String(40)), Column("leased_until", BigInteger)


def free(table: Table) -> ColumnElement[bool]:
    """Whether a row can be taken; wants the parameters of `Leases.asked`."""
    return or_(
        table.c.leased_until.is_(None),
        table.c.leased_until < bindparam("real"),
        table.c.leased_by == bindparam("worker"),
    )


def release(connection: Connection, holders: Collection[str]) -> None:
    """Free whatever `holders` have leased on this PostgreSQL, in every party's tables. To be called for processes that have died:
    one that lives might see its work done a second time."""
    for table in connection.execute(_TABLES).scalars().all():
        freed = f"UPDATE {table} SET leased_by = NULL, leased_until = NULL WHERE leased_by = ANY(:holders)"  # noqa: S608
        connection.execute(text(freed), {"holders": list(holders)})


class Leases:
    """Those of one process; `worker` is its name among others, None where it is alone."""

    def __init__(self, worker: str | None) -> None:
        self._worker = worker

    @property
    def alone(self) -> bool:
        return self._worker is None

    @property
    def look_again_after(self) -> float | None:
        """Seconds after which to look whether another process has died; None where there is none."""
        return None if self.alone else TAKE_OVER_EVERY_SECONDS

    def asked(self) -> dict[str, Any]:
        return {"real": real_now(), "worker": self._worker or ""}

    def taken(self) -> dict[str, Any]:
        """What to write into a row that this process works on."""
        if self.alone:
            return self.given_back()
        return {"leased_by": self._worker, "leased_until": real_now() + LEASE // timedelta(microseconds=1)}

    @staticmethod
    def given_back() -> dict[str, Any]:
        return {"leased_by": None, "leased_until": None}

    def elsewhere(self, row: Any) -> bool:
        """Whether another process works on a row."""
        return row.leased_until is not None and row.leased_until >= real_now() and row.leased_by != self._worker
