"""`acs-sim db status` and `db upgrade`, on both engines."""

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, inspect, text

from acs_sim.commands.cli import main
from acs_sim.running.data.databases import schemas
from acs_sim.running.stack import CannotStart, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.world import World
from tests.support.ports import with_free_ports
from threedsecure.storage.schema import Schema, prepare

JOURNAL = next(schema for schema in schemas() if schema.name == "journal")


def db(*arguments):
    done = CliRunner().invoke(main, ["db", *arguments])
    return done.exit_code, done.output


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """The address of one database for all tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'all.sqlite3'}"
    return request.getfixturevalue("postgresql").fresh_database()


def at_first_revision(database):
    """The journal as the first release made it."""
    from alembic.command import upgrade
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(JOURNAL.migrations))
    config.set_main_option("path_separator", "os")
    engine = create_engine(database)
    with engine.begin() as connection:
        config.attributes.update(connection=connection, schema=JOURNAL)
        upgrade(config, "0001")
        connection.execute(text("INSERT INTO journal_entry (transaction_id, document) VALUES ('old', '{}')"))
    engine.dispose()


def test_before_the_first_start_there_is_nothing(database):
    code, said = db("status", "--database", database)
    assert code == 0
    made = {schema.name for schema in schemas()} - ({"shared"} if database.startswith("sqlite") else set())
    assert {line.split()[0] for line in said.splitlines()} == made
    assert said.count("not there yet") == len(made)


def test_tables_of_an_earlier_release_are_told_and_brought_up_to_date(database):
    at_first_revision(database)
    code, said = db("status", "--database", database)
    assert (code, "journal      0001, older than 0004" in said) == (1, True)
    code, said = db("upgrade", "--database", database)
    assert (code, "journal      0001 -> 0004" in said) == (0, True)
    assert db("status", "--database", database)[0] == 0
    engine = create_engine(database)
    with engine.begin() as connection:
        assert {"journal_record", "journal_key"} <= set(inspect(connection).get_table_names())
    engine.dispose()


def test_tables_of_a_newer_release_are_refused(database):
    engine = create_engine(database)
    with engine.begin() as connection:
        prepare(connection, Schema("journal", JOURNAL.metadata, "0999", JOURNAL.migrations))
    engine.dispose()
    code, said = db("status", "--database", database)
    assert (code, "a newer one wrote it" in said) == (1, True)
    code, said = db("upgrade", "--database", database)
    assert (code, "written by a newer one" in said) == (1, True)


async def test_on_postgresql_a_start_does_not_touch_tables_of_an_earlier_release(postgresql, tmp_path):
    database = postgresql.fresh_database()
    at_first_revision(database)
    settings = with_free_ports(Settings(database=database, data=str(tmp_path)))
    with pytest.raises(CannotStart, match="run `acs-sim db upgrade`"):
        async with running_stack(settings, parties=World().parties()):
            pytest.fail("it started")


def test_a_server_that_is_away_is_told_in_one_line():
    code, said = db("status", "--database", "postgresql://somebody:opensesame@127.0.0.1:1/acs")
    assert code == 1
    assert "127.0.0.1:1/acs cannot be used" in said
    assert "opensesame" not in said
