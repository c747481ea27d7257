"""What is written of one transaction at a time shares a row. Rows stay as they are; releases that could not read new ones know this
revision as one of the future."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass
