"""The phone's tables. Instants are microseconds since 1970 in UTC; what people wrote (texts, prompts, addresses) is sealed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.types import TypeDecorator

from threedsecure.storage.rows import leases
from threedsecure.storage.schema import Schema

METADATA: Final = MetaData()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as an integer: exact, ordered, and the same in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


MESSAGES: Final = Table(
    "phone_message",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("phone", String(64), nullable=False),
    Column("sender", String(16), nullable=False),
    Column("sealed_body", Text, nullable=False),
    Column("reference", String(64)),
    Column("copy_of", String(36)),
    Column("sealed_callback_url", Text),
    Column("state", String(9), nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("queued_at", Instant, nullable=False),
    Column("leaves_at", Instant, nullable=False),
    Column("arrives_at", Instant),
    Column("sent_at", Instant),
    Column("delivered_at", Instant),
    Column("failed_at", Instant),
    Column("due_at", Instant),
    Column("arrival", Integer),
    Index("phone_message_arrivals", "phone", "arrival"),
    Index("phone_message_due", "due_at"),
    sqlite_autoincrement=True,
)

# Arrivals are counted over all phones and never counted again, so that a mark set before a clearing still holds after it.
COUNTERS: Final = Table(
    "phone_counter",
    METADATA,
    Column("name", String(16), primary_key=True),
    Column("value", Integer, nullable=False),
)

PROMPTS: Final = Table(
    "phone_prompt",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("id", String(36), nullable=False, unique=True),
    Column("phone", String(64), nullable=False),
    Column("sealed_title", Text, nullable=False),
    Column("sealed_body", Text, nullable=False),
    Column("reference", String(64)),
    Column("sealed_callback_url", Text),
    Column("state", String(8), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("decided_at", Instant),
    Index("phone_prompt_phone", "phone", "number"),
    Index("phone_prompt_expiry", "state", "expires_at"),
    sqlite_autoincrement=True,
)

# What the issuer is still to be told, and what it has been told.
CALLBACKS: Final = Table(
    "phone_callback",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("subject", String(7), nullable=False),
    Column("subject_id", String(36), nullable=False),
    Column("reference", String(64)),
    Column("sealed_url", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant),
    Column("outcome", Text),
    *leases.columns(),
    Index("phone_callback_subject", "subject_id"),
    Index("phone_callback_due", "due_at"),
    sqlite_autoincrement=True,
)

SCHEMA: Final = Schema("phone", METADATA, "0003", Path(__file__).parent.parent / "migrations")
