"""Nothing is searched for by these alone: an identifier may be any of four, of which one never had an index."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_index("ds_transaction_three_ds_server", table_name="ds_transaction")
    op.drop_index("ds_transaction_acs", table_name="ds_transaction")
