"""Who works on a transaction, where several processes could."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("acs_transaction", sa.Column("leased_by", sa.String(40)))
    op.add_column("acs_transaction", sa.Column("leased_until", sa.BigInteger))
