"""The directory server's tables."""

from pathlib import Path
from typing import Final

from sqlalchemy import JSON, Column, Index, Integer, MetaData, String, Table, Text, text

from threedsecure.storage.rows import leases
from threedsecure.storage.schema import Schema

METADATA: Final = MetaData()

TRANSACTIONS: Final = Table(
    "ds_transaction",
    METADATA,
    Column("ds_trans_id", String(36), primary_key=True),
    Column("three_ds_server_trans_id", String(36), nullable=False),
    Column("acs_trans_id", String(36)),
    Column("sdk_trans_id", String(36)),
    Column("scheme", String(16), nullable=False),
    Column("version", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("pan_masked", String(19), nullable=False),
    Column("pan_fingerprint", String(32), nullable=False),
    Column("amount", String(48)),
    Column("currency", String(3)),
    Column("exponent", String(1)),
    Column("merchant", String(40)),
    Column("three_ds_server_url", Text, nullable=False),
    Column("acs_url", Text),
    Column("areq", JSON, nullable=False),
    Column("ares", JSON(none_as_null=True)),
    Column("trans_status", String(1)),
    Column("trans_status_reason", String(2)),
    Column("eci", String(2)),
    Column("results_fingerprint", String(32)),
    Column("results_answer", JSON(none_as_null=True)),
    Column("results_status", String(2)),
    Column("created_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False),
    *leases.columns(),
    # An identifier may be any of four, one of them the key: where one had no index, every look-up would read the whole table.
    Index("ds_transaction_three_ds_server", "three_ds_server_trans_id"),
    Index("ds_transaction_acs", "acs_trans_id"),
    Index("ds_transaction_sdk", "sdk_trans_id", sqlite_where=text("sdk_trans_id IS NOT NULL")),
    Index("ds_transaction_card", "pan_fingerprint"),
    Index("ds_transaction_created", "created_at"),
)

# One row per scheme. `base` stands for the ranges that the list began with: other settings or another release give another base.
RANGE_LISTS: Final = Table(
    "ds_range_list",
    METADATA,
    Column("scheme", String(16), primary_key=True),
    Column("base", String(64), nullable=False),
    Column("serial", Integer, nullable=False),
    Column("oldest", Integer, nullable=False),
)

RANGE_CHANGES: Final = Table(
    "ds_range_change",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("scheme", String(16), nullable=False),
    Column("serial", Integer, nullable=False),
    Column("action", String(1), nullable=False),
    Column("start", String(19), nullable=False),
    Column("end", String(19), nullable=False),
    Column("issuer", JSON, nullable=False),
    Index("ds_range_change_serial", "scheme", "serial"),
    sqlite_autoincrement=True,
)

PREPARATIONS: Final = Table(
    "ds_preparation",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("scheme", String(16), nullable=False),
    Column("three_ds_server_ref_number", String(32), nullable=False),
    Column("at", String(32), nullable=False),
    Index("ds_preparation_sender", "scheme", "three_ds_server_ref_number"),
    sqlite_autoincrement=True,
)

SCHEMA: Final = Schema("ds", METADATA, "0003", Path(__file__).parent.parent / "migrations")
