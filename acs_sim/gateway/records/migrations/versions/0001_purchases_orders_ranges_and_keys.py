"""Purchases, the shops' orders, card ranges and keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "gateway_purchase",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("gateway_purchase_token", "gateway_purchase", ["token"], unique=True)
    op.create_index("gateway_purchase_due", "gateway_purchase", ["due_ms"])
    op.create_index("gateway_purchase_created", "gateway_purchase", ["created_ms"])
    op.create_table(
        "gateway_order",
        sa.Column("reference", sa.String(50), primary_key=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("gateway_order_token", "gateway_order", ["token"], unique=True)
    op.create_table(
        "gateway_card_ranges",
        sa.Column("scheme", sa.String(20), primary_key=True),
        sa.Column("fetched_ms", sa.BigInteger, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "gateway_key",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
    )
