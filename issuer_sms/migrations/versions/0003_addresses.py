"""Room for an e-mail address where a number stands."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in ("phone_message", "phone_prompt"):
        with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as changed:
            changed.alter_column(
                "phone", existing_type=sa.String(16), existing_nullable=False, type_=sa.String(64), nullable=False
            )
