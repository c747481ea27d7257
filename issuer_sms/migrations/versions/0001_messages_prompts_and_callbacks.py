"""Messages, prompts and callbacks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "phone_message",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("sender", sa.String(16), nullable=False),
        sa.Column("sealed_body", sa.Text, nullable=False),
        sa.Column("reference", sa.String(64)),
        sa.Column("copy_of", sa.String(36)),
        sa.Column("sealed_callback_url", sa.Text),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("refused", sa.Boolean, nullable=False),
        sa.Column("queued_at", sa.BigInteger, nullable=False),
        sa.Column("leaves_at", sa.BigInteger, nullable=False),
        sa.Column("arrives_at", sa.BigInteger),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("delivered_at", sa.BigInteger),
        sa.Column("failed_at", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("arrival", sa.Integer),
        sqlite_autoincrement=True,
    )
    op.create_index("phone_message_arrivals", "phone_message", ["phone", "arrival"])
    op.create_index("phone_message_due", "phone_message", ["due_at"])
    op.create_table(
        "phone_counter",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.create_table(
        "phone_prompt",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("sealed_title", sa.Text, nullable=False),
        sa.Column("sealed_body", sa.Text, nullable=False),
        sa.Column("reference", sa.String(64)),
        sa.Column("sealed_callback_url", sa.Text),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("decided_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    op.create_index("phone_prompt_phone", "phone_prompt", ["phone", "number"])
    op.create_index("phone_prompt_expiry", "phone_prompt", ["state", "expires_at"])
    op.create_table(
        "phone_callback",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("subject", sa.String(7), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("reference", sa.String(64)),
        sa.Column("sealed_url", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("outcome", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("phone_callback_subject", "phone_callback", ["subject_id"])
    op.create_index("phone_callback_due", "phone_callback", ["due_at"])
