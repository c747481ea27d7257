"""Entries and aliases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("transaction_id", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("journal_entry_transaction", "journal_entry", ["transaction_id"])
    op.create_table(
        "journal_alias",
        sa.Column("alias", sa.String(64), primary_key=True),
        sa.Column("transaction_id", sa.String(64), nullable=False),
    )
