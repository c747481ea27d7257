"""Transactions are looked up by any of their identifiers, however many there are."""

from sqlalchemy import create_engine, event

from directory_server.transactions import finals
from directory_server.transactions.records import Filter
from directory_server.transactions.storage import rows
from directory_server.transactions.storage.tables import METADATA
from tests.directory_server.messages import areq as areq_message
from tests.support.simulator import runtime
from threedsecure.storage.filing import Filing
from threedsecure.storage.ledger import FIRST_RECORDS

CARD = "4000000000000002"
ID, DS_ID = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"


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


async def test_a_message_of_the_same_transaction_between_areq_and_ares_hides_neither():
    """Whatever came in the same turn of the loop stands in the same record."""
    areq, ids = areq_message(CARD, "https://3dss.example/results"), {"threeDSServerTransID": ID, "dsTransID": DS_ID}
    async with runtime() as shared:
        record, now = shared.journal.record, shared.clock.now()
        record(now, "3DS Server", "Directory Server", "AReq", {**areq, **ids}, facts={"scheme": "visa"})
        record(now, "3DS Server", "Directory Server", "connection failed", ids)
        ares = {"messageType": "ARes", "messageVersion": "2.2.0", "transStatus": "Y", "acsTransID": DS_ID, **ids}
        record(now, "Directory Server", "3DS Server", "ARes", ares, also=("card",))
        found = await shared.journal.read(lambda records: finals.newest(records, Filter(), lambda pan: pan))
    assert [one.ds_trans_id for one in found] == [DS_ID]


async def test_who_names_a_transaction_again_and_again_makes_looking_for_it_no_slower():
    """A peer may name what it has heard of in as many messages as it likes."""
    async with runtime() as shared:
        for _ in range(100):
            said = {"messageType": "Erro", "threeDSServerTransID": ID, "dsTransID": DS_ID}
            shared.journal.record(shared.clock.now(), "3DS Server", "Directory Server", "Erro", said)
            await shared.journal.written()  # a record for each

        def opened(records):
            assert Filing(records).transaction_of(DS_ID) == ID
            assert finals.named(records, DS_ID, str) is None
            return len(records._opened)

        assert await shared.journal.read(opened) <= FIRST_RECORDS


async def test_an_areq_that_was_refused_in_between_is_not_taken_for_the_one_that_was_answered():
    areq = areq_message(CARD, "https://3dss.example/results", "2.2.0", threeDSServerTransID=ID)
    async with runtime() as shared:
        record, now, facts = shared.journal.record, shared.clock.now(), {"scheme": "visa"}
        record(now, "3DS Server", "Directory Server", "AReq", areq, facts=facts)
        without = {name: value for name, value in areq.items() if name != "acctNumber"}
        record(now, "3DS Server", "Directory Server", "AReq", without, facts=facts)
        ares = {"messageType": "ARes", "messageVersion": "2.2.0", "transStatus": "Y", "acsTransID": DS_ID}
        ids = {"threeDSServerTransID": ID, "dsTransID": DS_ID}
        record(now, "Directory Server", "3DS Server", "ARes", ares | ids, also=("card",))
        found = await shared.journal.read(lambda records: finals.newest(records, Filter(), lambda pan: pan))
    assert [one.pan_fingerprint for one in found] == [CARD]
