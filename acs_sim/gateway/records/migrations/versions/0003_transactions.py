"""Transactions and authentications, for the questions of a shop's server."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "gateway_transaction",
        sa.Column("number", sa.String(20), primary_key=True),
        sa.Column("order_key", sa.String(64), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("gateway_transaction_order", "gateway_transaction", ["order_key"])
    op.create_index("gateway_transaction_created", "gateway_transaction", ["created_ms"])
