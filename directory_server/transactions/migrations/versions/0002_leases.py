"""Who delivers a result, where several processes could."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("ds_transaction", sa.Column("leased_by", sa.String(40)))
    op.add_column("ds_transaction", sa.Column("leased_until", sa.BigInteger))
