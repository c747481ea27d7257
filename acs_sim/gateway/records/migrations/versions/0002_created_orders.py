"""When an order was placed, so that it can be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("gateway_order", sa.Column("created_ms", sa.BigInteger))
    op.create_index("gateway_order_created", "gateway_order", ["created_ms"])
