"""A database made whole is the same as one brought up revision by revision, for every service's tables."""

from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import upgrade
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from acs_sim.running.data.databases import schemas

STORAGES = sorted(
    ".".join(path.relative_to(Path(__file__).parents[2]).with_suffix("").parts)
    for package in ("threedsecure", "directory_server", "acs", "issuer_sms", "acs_sim")
    for path in Path(__file__).parents[2].glob(f"{package}/**/*.py")
    if "SCHEMA: Final" in path.read_text() or "SCHEMA = Schema(" in path.read_text()
)


@pytest.mark.parametrize("module", STORAGES)
def test_the_migrations_lead_to_the_tables_that_the_code_uses(module, tmp_path):
    schema = import_module(module).SCHEMA
    config = Config()
    config.set_main_option("script_location", str(schema.migrations))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == schema.head
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.sqlite3'}")
    with engine.begin() as connection:
        config.attributes.update(connection=connection, schema=schema)
        upgrade(config, "head")
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.version_table, "compare_type": True}
        )
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_the_database_commands_know_every_schema():
    assert {import_module(module).SCHEMA for module in STORAGES} == set(schemas())


def test_every_service_that_stores_is_found():
    assert "threedsecure.storage.ledger" in STORAGES
