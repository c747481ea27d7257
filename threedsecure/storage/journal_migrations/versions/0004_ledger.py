"""The ledger in place of redacted entries. What crossed the hops before is forgotten: it was kept without what the ledger needs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_table("journal_entry")
    op.drop_table("journal_alias")
    op.create_table(
        "journal_record",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("newest_at", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "journal_key",
        sa.Column("era", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
