"""How a card stands across purchases."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("acs_card", sa.Column("standing", sa.Text))
