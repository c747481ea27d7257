"""`acs-sim db`: at which revision the tables are, and bringing them up to date."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DatabaseError

from acs_sim.running.data.databases import database_file, schemas
from acs_sim.settings.settings import Settings
from threedsecure.storage.engines import postgresql
from threedsecure.storage.errors import DatabaseUnusable
from threedsecure.storage.schema import Schema, SchemaNotSupported, prepare, revision, revisions
from threedsecure.storage.sharing import state as shared_table

__all__ = ["DatabaseUnusable", "SchemaNotSupported", "status", "upgrade"]


def status(settings: Settings) -> tuple[list[str], bool]:
    """A line for each party's tables, and whether all can be used by this release. Errors: `DatabaseUnusable`."""
    told = [(schema, _found(settings, schema)) for schema in _schemas(settings)]
    lines = [f"{schema.name:<12} {_words(schema, at)}" for schema, at in told]
    return lines, all(at in (None, schema.head) for schema, at in told)


def upgrade(settings: Settings) -> list[str]:
    """Bring every table to the newest revision; a line for each. Errors: `DatabaseUnusable`, `SchemaNotSupported`."""
    lines = []
    for schema in _schemas(settings):
        before = _found(settings, schema)
        if before is not None and before != schema.head:
            _bring_up_to_date(settings, schema)
            lines.append(f"{schema.name:<12} {before} -> {schema.head}")
        else:
            lines.append(f"{schema.name:<12} {_words(schema, before)}")
    return lines


def _schemas(settings: Settings) -> list[Schema]:
    """Those that are made there: on SQLite no processes share anything."""
    return [
        schema for schema in schemas() if settings.postgresql is not None or schema.name != shared_table.SCHEMA.name
    ]


def _bring_up_to_date(settings: Settings, schema: Schema) -> None:
    with _reached(settings) as engine, engine.begin() as connection:
        if settings.postgresql is not None:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(3250)")
        prepare(connection, schema)


def _found(settings: Settings, schema: Schema) -> str | None:
    """The revision at which the tables are; None when there are none. Errors: `DatabaseUnusable`."""
    file = database_file(settings)
    if settings.postgresql is None and (file is None or not file.exists()):
        return None
    with _reached(settings) as engine, engine.connect() as connection:
        return revision(connection, schema)


@contextmanager
def _reached(settings: Settings) -> Iterator[Engine]:
    if settings.postgresql is not None:
        engine, where = postgresql.engine(settings.postgresql), postgresql.shown(settings.postgresql)
    else:
        file = database_file(settings)
        engine, where = create_engine(f"sqlite:///{file}"), str(file)
    try:
        yield engine
    except DatabaseError as error:
        reason = " ".join(str(error.orig).split())[:300]
        raise DatabaseUnusable(f"{where} cannot be used as a database: {reason}") from error
    finally:
        engine.dispose()


def _words(schema: Schema, at: str | None) -> str:
    if at is None:
        return "not there yet; the first start makes it"
    if at == schema.head:
        return f"{at}, up to date"
    if at in revisions(schema):
        return f"{at}, older than {schema.head}: run `acs-sim db upgrade`"
    return f"{at}, which this release does not know: a newer one wrote it"
