"""Which 3DS Methods were called: what threeDSCompInd Y of an AReq is held against. Part of `acs.v2.storage.transactions`."""

from datetime import timedelta
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, String, Table, delete, text

from threedsecure.storage.rows.prepared import Prepared

KEPT_FOR: Final = timedelta(days=1)
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
