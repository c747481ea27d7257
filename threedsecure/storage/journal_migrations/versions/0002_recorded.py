"""When an entry was recorded, and the aliases of a transaction."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("journal_entry", sa.Column("recorded", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("journal_alias_transaction", "journal_alias", ["transaction_id"])
