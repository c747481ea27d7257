"""The faults of one simulator in several processes, over a real PostgreSQL: a process is a `Faults` with words and a pool of its
own."""

import asyncio
from contextlib import asynccontextmanager
from uuid import uuid4

import psycopg
import pytest

from acs_sim.client.parties import PartyUnreachable
from acs_sim.client.sharing.faults import Together
from tests.acs_sim.buyer import until
from tests.support.patience import PATIENCE_SECONDS
from threedsecure.faults import read
from threedsecure.faults.plan import MAX_FAULTS
from threedsecure.secrets.vault import Vault
from threedsecure.storage.engines import postgresql as reaching
from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.on_postgresql import PostgresDatabase, PostgresServer
from threedsecure.storage.sharing import faults as table
from threedsecure.storage.sharing import state as shared_table
from threedsecure.storage.sharing.signals import Signals
from threedsecure.web.faults.injector import Faults
from threedsecure.web.randomness import Randomness
from threedsecure.web.sharing import processes as shared
from threedsecure.web.wire import WireRequest

VAULT = Vault(bytes(range(32)), bytes)
CARD, OTHER_CARD = "4000000000000002", "4000000000000010"
ARES = {"messageType": "ARes", "threeDSServerTransID": "t-1", "acsTransID": "a-1", "transStatus": "Y"}
RAW = b'{"messageType":"ARes","threeDSServerTransID":"t-1","acsTransID":"a-1","transStatus":"Y"}'


class Rows:
    """What the directory server and the ACS keep: by the path of the call, rows with the card of each."""

    def __init__(self):
        self.kept = []
        self.asked = 0
        self.away = False

    async def call(self, _party, _path, wanted):
        self.asked += 1
        if self.away:
            raise PartyUnreachable(502, "Bad Gateway", "nobody there")
        found = [
            row
            for row, card in self.kept
            if wanted.get("pan") in (None, card) and wanted.get("id") in (None, *row.values())
        ]
        return {"transactions": found, "authentications": found}


@asynccontextmanager
async def process(address, rows, *, standing=()):
    pool, name = Pool(address), uuid4().hex
    server = PostgresServer(pool)
    databases = [PostgresDatabase(server, schema) for schema in (shared_table.SCHEMA, table.SCHEMA)]
    faults = Faults(randomness=Randomness())
    faults.stand([read(one) for one in standing])
    words = shared.Together(name, Signals(address, pool, name), databases[0])
    try:
        async with words.joined("mark"):
            await Together(faults, words, VAULT, databases[1], rows).join()
            yield faults
    finally:
        await faults.close()
        for database in databases:
            await database.close()
        await pool.close()
        await until(lambda: is_gone(address, name))


async def is_gone(address, name):
    """PostgreSQL lists who has hung up for a moment longer, and whoever begins then takes them to be alive."""
    listed = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s"
    with psycopg.connect(reaching.for_the_driver(address), autocommit=True) as looking:
        return looking.execute(listed, (f"%{name}%",)).fetchone() == (0,)


@pytest.fixture
def rows():
    return Rows()


@pytest.fixture
def address(postgresql):
    return postgresql.fresh_database()


@pytest.fixture
async def two(address, rows):
    async with process(address, rows) as first, process(address, rows) as second:
        yield first, second


async def armed(faults, **fault):
    (document,) = await faults.arm_everywhere([read({"at": "ARes", "do": "drop", "element": "transStatus", **fault})])
    return document["id"]


async def struck(faults, message=ARES, sender="Directory Server"):
    names = await faults.names_of("ARes", sender, message)
    return len(await faults.struck("ARes", sender, names, RAW))


async def test_a_fault_is_in_force_everywhere_when_arming_returns(two):
    for one, other in (two, two[::-1]):
        identifier = await armed(one, when="every")
        assert identifier in [fault.id for fault in other.plan]
        assert other.plan.active


async def test_faults_that_are_armed_at_the_same_moment_by_different_processes_are_all_in_force(two):
    ids = await asyncio.gather(*(armed(two[number % 2], when="every") for number in range(12)))
    for faults in two:
        assert {fault.id for fault in faults.plan} == set(ids)


async def test_the_next_message_is_one_whichever_process_it_meets(two):
    await armed(two[0], when="next")
    assert sum(await asyncio.gather(*(struck(two[number % 2]) for number in range(20)))) == 1
    for faults in two:
        assert await faults.documents() == []


async def told_as_spent(faults, identifier):
    return [(one["id"], one["fired"]) for one in faults.plan.spent()] == [(identifier, 1)]


async def test_what_was_to_happen_once_and_has_is_told_by_every_process(two):
    identifier = await armed(two[0], when="next")
    assert await struck(two[1]) == 1
    for faults in two:  # nobody is kept waiting for the word that it is over
        await until(lambda faults=faults: told_as_spent(faults, identifier))
    await two[0].clear_everywhere()
    assert [faults.plan.spent() for faults in two] == [[], []]


async def test_the_third_message_is_counted_over_all_processes(two):
    await armed(two[0], when={"nth": 3})
    assert [await struck(two[number % 2]) for number in range(5)] == [0, 0, 1, 0, 0]


async def test_a_message_that_nothing_can_happen_to_asks_no_database(two, rows):
    await two[0].arm_everywhere([read({"at": "RReq", "do": "delay", "seconds": 1, "card": CARD})])
    two[0].others = None  # whoever asked would fail
    assert await struck(two[0]) == 0
    assert rows.asked == 0


async def test_how_often_a_fault_happened_is_told_by_every_process(two):
    await armed(two[0], when="every")
    for faults in (*two, two[0]):
        assert await struck(faults) == 1
    for faults in two:
        assert [one["fired"] for one in await faults.documents()] == [3]


async def test_a_fault_that_is_taken_back_is_over_everywhere_when_that_returns(two):
    identifier = await armed(two[0], when="every")
    assert await two[1].disarm_everywhere(identifier)
    assert await struck(two[0]) == 0
    assert not await two[0].disarm_everywhere(identifier)


async def test_clearing_lets_go_on_what_waits_in_every_process(two):
    await armed(two[0], when="every")
    waiting = [asyncio.create_task(faults.pause(3_600)) for faults in two]
    await asyncio.sleep(0)
    assert await two[1].clear_everywhere() == 1
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*waiting)
    assert not two[0].plan.active


async def test_a_fault_that_is_spent_does_not_cut_short_what_it_set_off(two):
    await armed(two[0], when="next")
    waiting = asyncio.create_task(two[0].pause(3_600))
    assert await struck(two[1]) == 1
    await armed(two[1], when="next")
    assert not waiting.done()
    waiting.cancel()


async def test_a_fault_of_a_card_strikes_in_a_process_that_has_not_seen_the_card(two, rows):
    rows.kept = [({"id": "t-1", "acsTransID": "a-1"}, CARD)]
    await armed(two[0], when="next", card=CARD)
    assert await struck(two[1]) == 1


async def test_a_fault_of_another_card_does_not_and_a_known_card_is_not_looked_up(two, rows):
    rows.kept = [({"id": "t-1", "acsTransID": "a-1"}, CARD)]
    await armed(two[0], when="next", card=OTHER_CARD)
    assert await struck(two[1]) == 0
    asked = rows.asked
    two[1].learn({"messageType": "AReq", "threeDSServerTransID": "t-1", "acctNumber": CARD})
    assert await struck(two[1]) == 0
    assert rows.asked == asked > 0


async def test_a_transaction_is_known_by_any_of_its_identifiers(two, rows):
    rows.kept = [({"id": "t-1", "acsTransID": "a-1", "dsTransID": "d-1"}, CARD)]
    await armed(two[0], when="every", transaction="D-1".lower())
    assert await struck(two[1]) == 1
    assert await struck(two[1], {"messageType": "ARes", "threeDSServerTransID": "t-2"}) == 0


async def test_classic_transactions_are_known_by_their_account(two, rows):
    rows.kept = [({"acctID": "account", "vereq": "v-1", "pareq": "p-1", "xid": "x-1"}, CARD)]
    fault = read({"at": "PARes", "do": "garbage", "card": CARD})
    await two[0].arm_everywhere([fault])
    pares = {"messageType": "PARes", "messageId": "p-1", "Purchase": {"xid": "x-1"}}
    names = await two[1].names_of("PARes", "ACS", pares)
    assert len(await two[1].struck("PARes", "ACS", names, b"<a/>")) == 1


async def test_parties_that_are_away_are_no_reason_for_a_fault(two, rows):
    rows.away = True
    await armed(two[0], when="next", card=CARD)
    assert await struck(two[1]) == 0


async def test_ids_are_swapped_with_a_transaction_that_another_process_has_seen(two, rows):
    rows.kept = [({"id": "t-9", "acsTransID": "a-9"}, CARD), ({"id": "t-8"}, CARD)]
    fault = read({"at": "ARes", "do": "swap-ids"})
    around = await two[1].around(fault, "Directory Server", frozenset({"t-1"}))
    assert around.other == {"threeDSServerTransID": "t-9", "acsTransID": "a-9"}


async def test_a_callback_that_waits_is_sent_when_another_process_answers_the_areq(two):
    first, second = two
    await first.hold_callback("T-1", "http://127.0.0.1:1/", "value")
    assert second.plan.active
    second.release_callback("t-1")
    assert not second.plan.active
    async with asyncio.timeout(PATIENCE_SECONDS):
        while first.plan.active:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)


async def test_what_stands_is_in_force_once_and_again_after_a_new_beginning(address, rows):
    standing = [{"at": "ARes", "do": "delay", "seconds": 1, "when": {"probability": 0.5}}]
    async with process(address, rows, standing=standing) as first:
        await armed(first, when="next")
        async with process(address, rows, standing=standing) as second:
            assert len(await second.documents()) == len(second.plan) == 2
            await second.begin_again_everywhere()
            assert [fault.fault.at for fault in first.plan] == ["ARes"]
    async with process(address, rows) as anew:
        assert len(anew.plan) == 0


async def test_more_faults_than_may_be_are_refused_and_change_nothing(two):
    many = [read({"at": "ARes", "do": "drop", "element": "eci"})] * MAX_FAULTS
    await two[0].arm_everywhere(many)
    with pytest.raises(ValueError, match="too many"):
        await armed(two[1], when="next")
    assert len(await two[0].documents()) == MAX_FAULTS


async def test_a_desk_elsewhere_has_its_faults_followed_by_all(two):
    first, second = two
    kept = await armed(first, when="next")
    await struck(first)
    one = {"id": "one", "at": "ARes", "do": "drop", "element": "eci", "when": "every"}
    gone = {"id": kept, "at": "ARes", "do": "drop", "element": "eci"}
    await control(first, {"faults": [one, gone]})
    assert [fault.id for fault in second.plan] == ["one"]
    await control(second, {"faults": [], "process": first.process})
    assert [fault.id for fault in first.plan] == ["one"]
    await control(second, {"faults": []})
    assert not first.plan.active


async def control(faults, document):
    import orjson

    headers = {"content-type": "application/json"}
    answer = await faults.control(WireRequest("POST", "/control/faults", orjson.dumps(document), headers))
    assert answer.status == 200


async def test_no_card_stands_in_the_database(two, postgresql, address):
    await armed(two[0], when="every", card=CARD)
    assert CARD.encode() not in postgresql.contents(address.rpartition("/")[2])
