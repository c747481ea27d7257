"""Matching rules, and what came of the messages that they were held against."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "acs_rule",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(36), nullable=False, unique=True),
        sa.Column("document", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "acs_rule_outcome",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("subject", sa.String(128), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_acs_rule_outcome_subject", "acs_rule_outcome", ["subject"])
