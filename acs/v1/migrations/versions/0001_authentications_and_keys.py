"""Authentications and signing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "acs_classic_authentication",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(36), nullable=False, unique=True),
        sa.Column("acct_id", sa.String(28), nullable=False, unique=True),
        sa.Column("card", sa.Text, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "acs_classic_key",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("sealed", sa.Text, nullable=False),
    )
