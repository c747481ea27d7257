"""A disk that is full, or has become read-only, for a while: nobody is told what is not kept, and all that was promised comes
when it is over, without a new start."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.support.third_party import three_ds_server
from threedsecure.web.clock import Clock

CARD = {"scheme": "visa", "scenario": "challenge-otp"}


class Disk:
    """SQLite's own: it may take no page more than it has, or be written no more."""

    def __init__(self, stack):
        self._driver = stack.runtime.journal.database.file._connection.connection.dbapi_connection

    def full(self):
        self._driver.execute("PRAGMA max_page_count=1").fetchall()

    def read_only(self):
        self._driver.execute("PRAGMA query_only=ON").fetchall()

    def free(self):
        self._driver.execute("PRAGMA max_page_count=1000000").fetchall()
        self._driver.execute("PRAGMA query_only=OFF").fetchall()


class World:
    def __init__(self, stack, session, server):
        self.stack = stack
        self.session = session
        self.server = server
        self.disk = Disk(stack)

    async def authenticate(self, pan):
        url = self.stack.addresses.ds + "/visa/3ds2"
        async with self.session.post(url, json=self.server.areq(pan)) as answer:
            return answer.status, answer.headers, await answer.json()

    async def card(self):
        async with self.session.post(self.stack.addresses.desk + "/api/cards", json=CARD) as answer:
            return (await answer.json())["pan"]

    async def ready(self, party):
        async with self.session.get(self.stack.addresses.of(party) + "/readyz") as answer:
            return answer.status, await answer.json()

    async def until_ready_is(self, party, status):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (told := await self.ready(party))[0] != status:  # noqa: ASYNC110 - as an operator looks
                await asyncio.sleep(0.02)
        return told[1]

    async def figure(self, name):
        async with self.session.get(self.stack.addresses.acs + "/metrics") as answer:
            lines = (await answer.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.fixture
async def world(tmp_path):
    settings = with_free_ports(Settings(data=str(tmp_path)))
    with three_ds_server() as server:
        async with (
            running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as stack,
            aiohttp.ClientSession() as session,
        ):
            yield World(stack, session, server)


@pytest.mark.parametrize("trouble", ["full", "read_only"])
async def test_results_come_when_the_disk_can_be_written_again(world, trouble, caplog):
    pan, plain = await world.card(), await world.card()
    begun = [(await world.authenticate(pan))[2] for _ in range(3)]
    assert {ares["transStatus"] for ares in begun} == {"C"}
    getattr(world.disk, trouble)()
    for _ in range(300):  # what is free in pages that are there is used up
        status, headers, _ = await world.authenticate(plain)
        if status == 503:
            break
    assert (status, headers["Retry-After"]) == (503, "1")
    world.stack.clock.advance(timedelta(minutes=11))
    for party in ("acs", "ds", "shop", "phone", "desk"):
        assert (await world.until_ready_is(party, 503))["reasons"]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await world.figure('acs_sim_background_failures{work="deadlines and results'):  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.02)
    assert world.server.results.empty()
    world.disk.free()
    wanted = {ares["acsTransID"] for ares in begun}
    told = set()
    while not wanted <= told:
        told.add((await asyncio.to_thread(world.server.results.get, timeout=PATIENCE_SECONDS))["acsTransID"])
    for party in ("acs", "ds", "shop", "phone", "desk"):
        assert (await world.until_ready_is(party, 200))["status"] == "ready"
    await world.stack.runtime.journal.flush()
    assert world.stack.runtime.journal.waiting == 0
    assert await world.figure('acs_sim_journal_entries{state="left out"}') == 0
    for ares in begun:
        kinds = {entry["kind"] for entry in await world.stack.runtime.journal.entries_of(ares["threeDSServerTransID"])}
        assert {"AReq", "ARes", "RReq", "RRes"} <= kinds
    assert [record for record in caplog.records if record.exc_info] == [], "no bug"
