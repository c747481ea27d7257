"""Which 3DS Methods were called: what threeDSCompInd Y of an AReq is held against. Part of `acs.v2.storage.transactions`."""

from datetime import timedelta
from itertools import takewhile
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, String, Table, delete, select, text

from threedsecure.storage.rows.prepared import Prepared

KEPT_FOR: Final = timedelta(days=1)
MOST_HELD: Final = 50_000
"""In memory; the rest is read from its rows."""
_INSERT: Final = text(
    "INSERT INTO acs_method_call (three_ds_server_trans_id, called_at) VALUES (:name, :now) ON CONFLICT DO NOTHING"
)
_CALLED: Final = Prepared(text("SELECT called_at FROM acs_method_call WHERE three_ds_server_trans_id = :name"))


def table(metadata: MetaData) -> Table:
    calls = Table(
        "acs_method_call",
        metadata,
        Column("three_ds_server_trans_id", String(36), primary_key=True),
        Column("called_at", BigInteger, nullable=False),
    )
    Index("acs_method_call_called_at", calls.c.called_at)
    return calls


def note(connection: Connection, calls: Table, name: str, now: int, oldest: int) -> None:
    """The Method of `name` was called at `now`; calls before `oldest` (microseconds) are forgotten."""
    connection.execute(delete(calls).where(calls.c.called_at < oldest))
    connection.execute(_INSERT, {"name": name, "now": now})


def called(connection: Connection, name: str) -> bool:
    return _CALLED.first(connection, {"name": name}) is not None


class Calls:
    """Those that a process holds in memory."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        """When each was called, in microseconds since 1970; the oldest first."""
        self._all = True

    def begin(self, connection: Connection, calls: Table) -> None:
        """Hold what stands in the rows."""
        newest = connection.execute(select(calls).order_by(calls.c.called_at.desc()).limit(MOST_HELD)).all()
        self._at = {row.three_ds_server_trans_id: row.called_at for row in reversed(newest)}
        self._all = len(newest) < MOST_HELD

    def called(self, name: str) -> bool | None:
        """None where only the rows can tell."""
        return True if name in self._at else False if self._all else None

    def note(self, name: str, now: int, oldest: int) -> None:
        for gone in [each for each, _ in takewhile(lambda call: call[1] < oldest, self._at.items())]:
            del self._at[gone]
        self._all = self._all and len(self._at) < MOST_HELD
        self._at.pop(name, None)
        if len(self._at) >= MOST_HELD:
            for each in list(self._at)[: MOST_HELD // 10]:
                del self._at[each]
        self._at[name] = now

    def let_go(self, name: str) -> None:
        """It could not be written."""
        self._at.pop(name, None)

    def forget(self) -> None:
        self._at.clear()
        self._all = True
