"""Transactions, card ranges and their edits, and who asked for them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "ds_transaction",
        sa.Column("ds_trans_id", sa.String(36), primary_key=True),
        sa.Column("three_ds_server_trans_id", sa.String(36), nullable=False),
        sa.Column("acs_trans_id", sa.String(36)),
        sa.Column("sdk_trans_id", sa.String(36)),
        sa.Column("scheme", sa.String(16), nullable=False),
        sa.Column("version", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("pan_masked", sa.String(19), nullable=False),
        sa.Column("pan_fingerprint", sa.String(32), nullable=False),
        sa.Column("amount", sa.String(48)),
        sa.Column("currency", sa.String(3)),
        sa.Column("exponent", sa.String(1)),
        sa.Column("merchant", sa.String(40)),
        sa.Column("three_ds_server_url", sa.Text, nullable=False),
        sa.Column("acs_url", sa.Text),
        sa.Column("areq", sa.JSON, nullable=False),
        sa.Column("ares", sa.JSON),
        sa.Column("trans_status", sa.String(1)),
        sa.Column("trans_status_reason", sa.String(2)),
        sa.Column("eci", sa.String(2)),
        sa.Column("results_fingerprint", sa.String(32)),
        sa.Column("results_answer", sa.JSON),
        sa.Column("results_status", sa.String(2)),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("updated_at", sa.String(32), nullable=False),
    )
    op.create_index("ds_transaction_three_ds_server", "ds_transaction", ["three_ds_server_trans_id"])
    op.create_index("ds_transaction_acs", "ds_transaction", ["acs_trans_id"])
    op.create_index("ds_transaction_card", "ds_transaction", ["pan_fingerprint"])
    op.create_index("ds_transaction_created", "ds_transaction", ["created_at"])
    op.create_table(
        "ds_range_list",
        sa.Column("scheme", sa.String(16), primary_key=True),
        sa.Column("base", sa.String(64), nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("oldest", sa.Integer, nullable=False),
    )
    op.create_table(
        "ds_range_change",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("scheme", sa.String(16), nullable=False),
        sa.Column("serial", sa.Integer, nullable=False),
        sa.Column("action", sa.String(1), nullable=False),
        sa.Column("start", sa.String(19), nullable=False),
        sa.Column("end", sa.String(19), nullable=False),
        sa.Column("issuer", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ds_range_change_serial", "ds_range_change", ["scheme", "serial"])
    op.create_table(
        "ds_preparation",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("scheme", sa.String(16), nullable=False),
        sa.Column("three_ds_server_ref_number", sa.String(32), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ds_preparation_sender", "ds_preparation", ["scheme", "three_ds_server_ref_number"])
