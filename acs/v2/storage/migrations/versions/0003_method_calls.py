"""Which 3DS Methods were called."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "acs_method_call",
        sa.Column("three_ds_server_trans_id", sa.String(36), primary_key=True),
        sa.Column("called_at", sa.BigInteger, nullable=False),
    )
    op.create_index("acs_method_call_called_at", "acs_method_call", ["called_at"])
