"""Four processes on one PostgreSQL, and a connection of its own for every request: whoever answers, it is one simulator."""

import asyncio
import json
import os
import re
import signal
import time
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import aiohttp
import pytest

from acs_sim.running.pki.stack import caller_context
from acs_sim.scenarios import simulator as scenario_simulator
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.playing import turn as scenario_turn
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import Means, run
from acs_sim.settings.addresses import PORT_OFFSETS, Addresses
from acs_sim.settings.settings import Settings
from tests.support.engine import key_file
from tests.support.patience import PATIENCE_SECONDS
from tests.support.process import start

ROOT = Path(__file__).parents[2]
PHONE = "+33639988888"
ROUNDS = 16
"""Requests enough for each of four processes to be asked."""
UNDER_WAY = 'acs_sim_requests_under_way{service="phone"}'


@pytest.fixture(scope="module")
def simulator(postgresql):
    running = start("--workers", "4", "--database", postgresql.fresh_database(), "--key-file", str(key_file()))
    try:
        yield running
    finally:
        ended = running.stop()
    assert ended == 0


class Caller:
    def __init__(self, session, simulator):
        self.session, self._at = session, simulator

    async def __call__(self, method, url, **options):
        async with self.session.request(method, url, **options) as answer:
            return answer.status, await answer.json(content_type=None)

    async def everywhere(self, url, show=lambda told: told):
        """What is told by whoever happens to answer, again and again."""
        return {json.dumps(show((await self("GET", url))[1])) for _ in range(ROUNDS)}


@pytest.fixture
async def call(simulator):
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        caller = Caller(session, simulator)
        yield caller
        await caller("POST", f"{simulator.desk}/api/clock", json={"resume": True})
        await caller("DELETE", f"{simulator.desk}/api/faults")


def workers(simulator):
    parent = simulator.process.pid
    return {int(number) for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}


def unsticky(monkeypatch):
    """Every request of this process on a connection of its own; and what comes late on a busy machine is not missed."""

    class Unsticky(aiohttp.TCPConnector):
        def __init__(self, **more):
            super().__init__(force_close=True, **more)

    monkeypatch.setattr(aiohttp, "TCPConnector", Unsticky)
    monkeypatch.setattr(scenario_turn, "ARRIVAL_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(scenario_simulator, "ANSWER_SECONDS", PATIENCE_SECONDS)


async def replaced(simulator, victim):
    """Return when another worker has taken the place of this one; whoever was started before it is ready then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(now := workers(simulator)) < 4 or victim in now:
        assert time.monotonic() < deadline, now
        await asyncio.sleep(0.05)
    return now


class Restarts:
    """Every worker has a share in every party: each time a party is restarted, half of those that began stop and start again."""

    def __init__(self, simulator):
        self._simulator = simulator
        self._old = sorted(workers(simulator))

    async def __call__(self, _party):
        for _ in range(2):
            victim = self._old.pop()
            os.kill(victim, signal.SIGTERM)
            await replaced(self._simulator, victim)


def one_of_each_kind(plays):
    """The plays in which there is a kind of step, of state or of succession that is in no other. The rows of a scenario, and
    scenarios that differ in what is told alone, hand the same things from process to process; tests/acs_sim/scenarios plays all.
    Left out is what docs/app.md says of several processes: an app at the desk lives in the one that opened it."""
    chosen, seen = [], set()
    first_rows = {
        (play.file, play.scenario.name): play for play in reversed(plays) if play.scenario.channel != "app"
    }.values()
    for play in sorted(first_rows, key=lambda play: -len(kinds(play))):
        if kinds(play) - seen:
            chosen.append(play)
            seen |= kinds(play)
    return chosen


def kinds(play):
    """What one process has to know of what another did: each step with its options, after the step before it; the way to ask the
    cardholder; the wishes, rules and faults that were kept before."""
    scenario = play.scenario
    steps = [(name, value) for step in scenario.steps for name, value in written(step)]
    names = [None, *(name for name, _ in steps)]
    found = {("version", scenario.version, scenario.channel), *(("after", *pair) for pair in pairwise(names))}
    found |= {(name, option) for name, value in steps for option, _ in written(value)}
    found |= {(name, getattr(value, "do", None)) for name, value in steps}
    found |= {("wish", name) for name, _ in written(scenario.card)}
    found |= {("asked", scenario.card.scenario) for name in names if name == "cardholder"}
    found |= {("rule", name) for rule in scenario.rules for name, _ in written(rule)}
    for fault in (*scenario.faults, *(value for name, value in steps if name == "fault")):
        found |= {("at", fault.at), ("do", fault.do), ("when", fault.when)}
    return found


def written(part):
    """What is written in this part of a scenario, by name."""
    names = getattr(part, "__struct_fields__", ())
    return [(name, value) for name in names if (value := getattr(part, name)) not in (None, False, {}, [])]


@pytest.mark.holds("fixtures/scenarios")
async def test_the_library_passes_without_stickiness(simulator, call, monkeypatch):
    unsticky(monkeypatch)
    await call(
        "POST", f"{simulator.desk}/api/clock", json={"freeze": True}
    )  # how long something takes is not what is played
    plays, means = one_of_each_kind(load([ROOT / "fixtures" / "scenarios"])), Means(restart=Restarts(simulator))
    outcomes = await run(plays, lambda _outcome: None, at=addresses(simulator), means=means)
    assert len(outcomes) > 60
    assert "\n\n".join(failure(each) for each in outcomes if not each.passed) == ""


async def test_with_tls_any_worker_goes_on_with_what_another_began(postgresql, tmp_path, monkeypatch):
    unsticky(monkeypatch)
    encrypted = start("--tls", "--workers", "2", "--database", postgresql.fresh_database(), "--data", str(tmp_path))
    try:
        tls = caller_context(Settings(tls=True, data=str(tmp_path)), "gateway")
        played = [ROOT / "fixtures" / "scenarios" / f"{name}.yaml" for name in ("challenge", "classic")]
        outcomes = await run(one_of_each_kind(load(played)), lambda _outcome: None, at=addresses(encrypted), tls=tls)
        assert "\n\n".join(failure(each) for each in outcomes if not each.passed) == ""
    finally:
        assert encrypted.stop() == 0


def addresses(simulator):
    return Addresses(*(simulator.url(offset) for offset in PORT_OFFSETS.values()))


async def test_the_clock_is_one(simulator, call):
    await call("POST", f"{simulator.desk}/api/clock", json={"freeze": True})
    assert len(await call.everywhere(f"{simulator.desk}/api/clock", lambda told: told["now"])) == 1
    await call("POST", f"{simulator.desk}/api/clock", json={"set": "2031-01-01T00:00:00Z"})
    told = await call.everywhere(f"{simulator.desk}/api/clock", lambda told: told["now"])
    assert told == {'"2031-01-01T00:00:00.000+00:00"'}


async def test_a_card_that_one_process_minted_is_known_to_all(simulator, call):
    _, card = await call("POST", f"{simulator.desk}/api/cards", json={"scheme": "visa", "scenario": "challenge-otp"})
    url = f"{simulator.desk}/api/cards/{card['pan']}"
    assert await call.everywhere(url, lambda told: told["phone"]) == {json.dumps(card["phone"])}


async def test_an_edited_range_is_served_by_all(simulator, call):
    edit = {"action": "A", "start": "4929990000000000", "end": "4929990000000099", "versions": ["2.2.0"]}
    status, told = await call("POST", f"{simulator.desk}/api/ranges", json={"scheme": "visa", "edits": [edit]})
    assert status < 300, told
    serials = await call.everywhere(f"{simulator.desk}/api/ranges?scheme=visa", lambda told: told["serial"])
    assert serials == {json.dumps(told["serial"])}


async def test_a_fault_is_in_force_everywhere_until_it_is_cleared(simulator, call):
    fault = {"at": "ARes", "do": "delay", "seconds": 0.01, "when": "every"}
    status, told = await call("POST", f"{simulator.desk}/api/faults", json=fault)
    assert status == 201, told
    seen = await call.everywhere(f"{simulator.desk}/api/faults", lambda told: [one["id"] for one in told["faults"]])
    assert seen == {json.dumps([told["id"]])}
    await call("DELETE", f"{simulator.desk}/api/faults")
    assert await call.everywhere(f"{simulator.desk}/api/faults", lambda told: told["faults"]) == {"[]"}


async def test_long_polls_and_live_pages_hear_of_what_another_process_took_in(simulator, call):
    listening = f"{simulator.phone}/api/events?number=%2B33639988888"
    async with AsyncExitStack() as life:
        streams = [await life.enter_async_context(call.session.get(listening)) for _ in range(4)]
        waiting = f"{simulator.phone}/api/phones/{PHONE}/latest?wait=60"
        polls = [asyncio.create_task(call("GET", waiting)) for _ in range(8)]
        while await figure(simulator.phone, call, UNDER_WAY) < len(polls):
            assert not any(poll.done() for poll in polls)
        text = {"to": PHONE, "from": "BANQUE", "body": "Votre code: 424242", "reference": "one"}
        assert (await call("POST", f"{simulator.phone}/api/messages", json=text))[0] == 201
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert {(await poll)[1]["code"] for poll in polls} == {"424242"}
            assert {await first_event(stream) for stream in streams} == {PHONE}


async def first_event(stream):
    async for line in stream.content:
        if line.startswith(b"data: "):
            return json.loads(line.removeprefix(b"data: "))["to"]
    return None


async def figure(address, call, name):
    """The value of one sample, whoever answers."""
    async with call.session.get(f"{address}/metrics") as answer:
        found = [line.rpartition(" ")[2] for line in (await answer.text()).splitlines() if line.startswith(f"{name} ")]
    return sum(map(float, found))


async def test_the_figures_are_those_of_all_processes(simulator, call):
    name = 'acs_sim_requests_total{path="/api/addresses",service="desk",status="200"}'
    before = await figure(simulator.desk, call, name)
    for _ in range(ROUNDS):
        await call("GET", f"{simulator.desk}/api/addresses")
    assert [await figure(simulator.desk, call, name) - before for _ in range(ROUNDS)] == [ROUNDS] * ROUNDS


async def test_a_port_tells_the_figures_of_its_own_party(simulator, call):
    for address, party in ((simulator.desk, "desk"), (simulator.phone, "phone")):
        async with call.session.get(f"{address}/metrics") as answer:
            text = await answer.text()
        assert set(re.findall('service="([^"]+)"', text)) == {party}
        assert re.search(r'^acs_sim_journal_entries\{state="waiting"\} [0-9.]+$', text, re.MULTILINE)


async def test_a_worker_that_dies_is_replaced_and_nobody_is_turned_away_for_long(simulator, call):
    name = 'acs_sim_requests_total{path="/api/addresses",service="desk",status="200"}'
    counted = await figure(simulator.desk, call, name)
    before = workers(simulator)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    assert len(await replaced(simulator, victim) - before) == 1
    assert (await call("GET", f"{simulator.desk}/api/addresses"))[0] == 200
    assert await figure(simulator.desk, call, name) == counted + 1, "what the dead one counted is forgotten"


def test_a_port_that_another_simulator_uses_is_named(simulator, postgresql):
    with pytest.raises(RuntimeError, match="cannot be used: Address already in use"):
        start(
            *("--workers", "2", "--database", postgresql.fresh_database(), "--key-file", str(key_file())),
            base=simulator.base,
        )


async def test_a_reset_is_a_reset_of_all(simulator, call):
    await call("POST", f"{simulator.desk}/api/reset")
    assert await call.everywhere(f"{simulator.desk}/api/transactions", lambda told: told["transactions"]) == {"[]"}
    assert await call.everywhere(f"{simulator.phone}/api/messages", lambda told: told["messages"]) == {"[]"}
