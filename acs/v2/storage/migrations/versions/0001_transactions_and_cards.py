"""Transactions and cards."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "acs_transaction",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("acs_trans_id", sa.String(36), nullable=False, unique=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index("acs_transaction_due", "acs_transaction", ["due_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "acs_card",
        sa.Column("fingerprint", sa.String(32), primary_key=True),
        sa.Column("registration", sa.Text),
        sa.Column("code_counter", sa.BigInteger),
    )
