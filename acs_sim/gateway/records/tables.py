"""The gateway's tables."""

from pathlib import Path
from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table, Text

from threedsecure.storage.schema import Schema

METADATA: Final = MetaData()

PURCHASES: Final = Table(
    "gateway_purchase",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger),
    Column("document", LargeBinary, nullable=False),
    Index("gateway_purchase_token", "token", unique=True),
    Index("gateway_purchase_due", "due_ms"),
    Index("gateway_purchase_created", "created_ms"),
)

ORDERS: Final = Table(
    "gateway_order",
    METADATA,
    Column("reference", String(50), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("created_ms", BigInteger),
    Index("gateway_order_token", "token", unique=True),
    Index("gateway_order_created", "created_ms"),
)

CARD_RANGES: Final = Table(
    "gateway_card_ranges",
    METADATA,
    Column("scheme", String(20), primary_key=True),
    Column("fetched_ms", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
)

KEYS: Final = Table(
    "gateway_key",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("sealed", Text, nullable=False),
)

TRANSACTIONS: Final = Table(
    "gateway_transaction",
    METADATA,
    Column("number", String(20), primary_key=True),
    Column("order_key", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("gateway_transaction_order", "order_key"),
    Index("gateway_transaction_created", "created_ms"),
)

SCHEMA: Final = Schema("gateway", METADATA, "0003", Path(__file__).parent / "migrations")
