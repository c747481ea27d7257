"""Of the four identifiers of a transaction this one had no index, and a look-up by any of them read the whole table."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    by_app = sa.text("sdk_trans_id IS NOT NULL")
    op.create_index(
        "ds_transaction_sdk", "ds_transaction", ["sdk_trans_id"], sqlite_where=by_app, postgresql_where=by_app
    )
