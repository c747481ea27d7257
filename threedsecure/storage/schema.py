"""Schema versions. A new database is created whole; an older one is brought up to date by Alembic, which is imported only then."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

if TYPE_CHECKING:
    from alembic.config import Config


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


def prepare(connection: Connection, schema: Schema, *, upgrades: bool = True) -> None:
    """Leave the tables of `schema` at its newest revision. Errors: `SchemaNotSupported`, also for an older revision where
    `upgrades` says that it is not this process's to bring others' tables up to date."""
    if not inspect(connection).has_table(schema.version_table):
        _index_as_on_sqlite(schema, connection.dialect.name)
        schema.metadata.create_all(connection)
        version_table = _version_table(schema)
        version_table.create(connection)
        connection.execute(version_table.insert().values(version_num=schema.head))
        return
    version = _written(connection, schema)
    if version == schema.head:
        return
    if version is not None and version not in revisions(schema):
        raise SchemaNotSupported(
            f"the {schema.name} tables are at revision {version}, which this release does not know: "
            "they were written by a newer one. Use that release, or another data directory."
        )
    if not upgrades:
        raise SchemaNotSupported(
            f"the {schema.name} tables are at revision {version}, older than {schema.head}: stop all processes on this "
            "database and run `acs-sim db upgrade`."
        )
    _upgrade(connection, schema)


def _index_as_on_sqlite(schema: Schema, dialect: str) -> None:
    """Which rows an index has on SQLite it has everywhere. A table that named other engines would have SQLAlchemy load all that it
    knows of them, where nobody uses them."""
    for index in (index for table in schema.metadata.tables.values() for index in table.indexes):
        index.dialect_options[dialect]["where"] = index.dialect_options["sqlite"]["where"]


def prove_writable(connection: Connection, schema: Schema) -> None:
    """Write, and leave everything as it was. Errors: those of SQLAlchemy, where nothing can be written."""
    version_table = _version_table(schema)
    connection.execute(version_table.update().values(version_num=version_table.c.version_num))


def revision(connection: Connection, schema: Schema) -> str | None:
    """The revision at which the tables of `schema` are; None when there are none."""
    return _written(connection, schema) if inspect(connection).has_table(schema.version_table) else None


def _written(connection: Connection, schema: Schema) -> str | None:
    """The revision that the version table tells."""
    found: str | None = connection.execute(select(_version_table(schema).c.version_num)).scalar_one_or_none()
    return found


def revisions(schema: Schema) -> set[str]:
    """Every revision that this release knows."""
    from alembic.script import ScriptDirectory

    return {known.revision for known in ScriptDirectory.from_config(_config(schema)).walk_revisions()}


def _version_table(schema: Schema) -> Table:
    return Table(schema.version_table, MetaData(), Column("version_num", String(32), primary_key=True))


def _upgrade(connection: Connection, schema: Schema) -> None:
    from alembic import command

    config = _config(schema)
    config.attributes.update(connection=connection, schema=schema)
    command.upgrade(config, "head")


def _config(schema: Schema) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.migrations))
    config.set_main_option("path_separator", "os")
    return config


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
