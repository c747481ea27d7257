"""Schema versions. A new database is created whole; an older one is brought up to date by Alembic, which is imported only then."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select


class SchemaNotSupported(RuntimeError):
    """The database was written by a newer release, or is not ours."""


@dataclass(frozen=True)
class Schema:
    """A service's tables. `name` prefixes its tables and names its version table `<name>_version`; `head` is the newest
    revision in `migrations` (a folder in Alembic's layout)."""

    name: str
    metadata: MetaData
    head: str
    migrations: Path

    @property
    def version_table(self) -> str:
        return f"{self.name}_version"


def prepare(connection: Connection, schema: Schema) -> None:
    """Leave the tables of `schema` at its newest revision. Errors: `SchemaNotSupported`."""
    version_table = Table(schema.version_table, MetaData(), Column("version_num", String(32), primary_key=True))
    if not inspect(connection).has_table(schema.version_table):
        schema.metadata.create_all(connection)
        version_table.create(connection)
        connection.execute(version_table.insert().values(version_num=schema.head))
        return
    version = connection.execute(select(version_table.c.version_num)).scalar_one_or_none()
    if version != schema.head:
        _upgrade(connection, schema, version)


def prove_writable(connection: Connection, schema: Schema) -> None:
    """Write, and leave everything as it was. Errors: those of SQLAlchemy, where nothing can be written."""
    version_table = Table(schema.version_table, MetaData(), Column("version_num", String(32), primary_key=True))
    connection.execute(version_table.update().values(version_num=version_table.c.version_num))


def _upgrade(connection: Connection, schema: Schema, version: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(schema.migrations))
    config.set_main_option("path_separator", "os")
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise SchemaNotSupported(
            f"the {schema.name} tables are at revision {version}, which this release does not know: "
            "they were written by a newer one. Use that release, or another data directory."
        )
    config.attributes.update(connection=connection, schema=schema)
    command.upgrade(config, "head")


def run_migrations() -> None:
    """What a service's `migrations/env.py` calls: run the revisions on the connection that `_upgrade` handed over."""
    from alembic import context

    attributes = context.config.attributes
    schema: Schema = attributes["schema"]
    context.configure(
        connection=attributes["connection"],
        target_metadata=schema.metadata,
        version_table=schema.version_table,
        transactional_ddl=False,
    )
    context.run_migrations()
