"""Transactions are looked up by any of their identifiers, however many there are."""

from sqlalchemy import create_engine, event

from directory_server.transactions.records import Filter
from directory_server.transactions.storage import rows
from directory_server.transactions.storage.tables import METADATA


def test_no_look_up_by_an_identifier_reads_the_whole_table():
    asked = []
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.connect() as connection:
        event.listen(engine, "before_cursor_execute", lambda _c, _cursor, sql, given, *_: asked.append((sql, given)))
        assert rows.listed(connection, Filter(identifier="0b0b0b0b-0000-4000-8000-000000000001")) == []
        [(sql, given)] = asked
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
    engine.dispose()
    assert any(step.startswith("SEARCH ds_transaction") for step in plan), plan
    assert [step for step in plan if step.startswith("SCAN")] == []
