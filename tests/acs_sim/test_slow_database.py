"""A database that hangs, is locked, dies and comes back, under a whole simulator: who needs it is asked to come back, everybody
else is answered, and it goes on by itself."""

import asyncio
import json
from importlib.resources import files
from uuid import uuid4

import aiohttp
import pytest

from acs_sim.commands.bench.traffic import PLAIN, card_number
from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.locked_sqlite import locked
from tests.support.own_postgresql import own_server
from tests.support.ports import with_free_ports
from threedsecure.storage.engines import timeouts

AREQ = json.loads((files("fixtures") / "messages/2.2.0/areq-brw-pa.json").read_bytes())
NEED_NO_DATABASE = ("/healthz", "/metrics", "/api/docs", "/api/openapi.json", "/api/scenarios", "/static/desk.css")


class Visitor:
    """What a gateway and a browser see of a simulator."""

    def __init__(self, stack, session):
        self.addresses, self._session = stack.addresses, session

    async def authenticates(self):
        """HTTP status, Retry-After and transStatus."""
        areq = {**AREQ, **PLAIN, "threeDSServerTransID": str(uuid4()), "acctNumber": card_number("frictionless", 1)}
        areq = {name: value for name, value in areq.items() if value is not None}
        async with self._session.post(f"{self.addresses.ds}/visa/3ds2", json=areq) as answer:
            document = await answer.json(content_type=None)
            return answer.status, answer.headers.get("Retry-After"), document.get("transStatus")

    async def resets_the_acs(self):
        async with self._session.post(f"{self.addresses.acs}/control/reset") as answer:
            return answer.status

    async def readiness(self, party="acs"):
        async with self._session.get(f"{self.addresses.of(party)}/readyz") as answer:
            return answer.status, " ".join((await answer.json()).get("reasons", ()))

    async def status(self, path):
        async with self._session.get(self.addresses.desk + path) as answer:
            return answer.status

    async def figures(self, party="acs"):
        async with self._session.get(f"{self.addresses.of(party)}/metrics") as answer:
            return await answer.text()

    async def sees_what_needs_no_database(self):
        assert {path: await self.status(path) for path in NEED_NO_DATABASE} == dict.fromkeys(NEED_NO_DATABASE, 200)

    async def sees_it_recover(self):
        for party in ("ds", "acs", "phone", "shop"):
            while (await self.readiness(party))[0] != 200:
                pass
        assert await self.authenticates() == (200, None, "Y")


@pytest.fixture(scope="module")
def own():
    with own_server() as running:
        yield running


@pytest.fixture
def server(own):
    yield own
    own.bring_back()


async def test_a_postgresql_that_hangs_and_one_that_dies(server, tmp_path, monkeypatch):
    settings = with_free_ports(Settings(data=str(tmp_path), database=server.fresh_database()))
    async with running_stack(settings) as stack, aiohttp.ClientSession() as session:
        visitor = Visitor(stack, session)
        assert await visitor.authenticates() == (200, None, "Y")
        monkeypatch.setattr(timeouts, "SECONDS", 1.0)
        server.freeze()
        assert {await visitor.authenticates() for _ in range(2)} == {(503, "1", None)}
        assert (await visitor.readiness())[0] == 503
        await visitor.sees_what_needs_no_database()
        monkeypatch.setattr(timeouts, "SECONDS", 20.0)
        server.thaw()
        await visitor.sees_it_recover()
        server.kill()
        assert await visitor.authenticates() == (503, "1", None)
        assert "cannot be written" in (await visitor.readiness())[1]
        await visitor.sees_what_needs_no_database()
        server.start()
        await visitor.sees_it_recover()


async def test_while_another_program_has_locked_the_file_who_needs_not_write_is_answered(tmp_path, monkeypatch):
    settings = with_free_ports(Settings(data=str(tmp_path)))
    async with running_stack(settings) as stack, aiohttp.ClientSession() as session:
        visitor = Visitor(stack, session)
        assert await visitor.authenticates() == (200, None, "Y")
        monkeypatch.setattr(timeouts, "SECONDS", 3600.0)
        with locked(tmp_path / "acs-sim.sqlite3"):
            waiting = asyncio.create_task(visitor.resets_the_acs())
            while 'acs_sim_database_waiting{database="acs"} 0' in await visitor.figures():
                pass
            await visitor.sees_what_needs_no_database()
            assert (await visitor.readiness("acs"))[0] == 503
            assert not waiting.done()
        assert await waiting == 200
        monkeypatch.setattr(timeouts, "SECONDS", 0.1)
        with locked(tmp_path / "acs-sim.sqlite3"):
            assert await visitor.authenticates() == (503, "1", None)
        monkeypatch.setattr(timeouts, "SECONDS", 20.0)
        await visitor.sees_it_recover()


async def test_what_waits_for_a_locked_file_is_answered_and_told_once_the_lock_is_gone(tmp_path):
    settings = with_free_ports(Settings(data=str(tmp_path)))
    async with running_stack(settings) as stack, aiohttp.ClientSession() as session:
        visitor = Visitor(stack, session)
        with locked(tmp_path / "acs-sim.sqlite3"):
            waiting = [asyncio.create_task(visitor.authenticates()) for _ in range(3)]
            await asyncio.sleep(0.1)
            assert not any(each.done() for each in waiting)
        assert await asyncio.gather(*waiting) == [(200, None, "Y")] * 3
        kinds = [entry["kind"] for entry in await stack.runtime.journal.newest(100)]
        assert sorted(kinds) == ["AReq"] * 6 + ["ARes"] * 6
