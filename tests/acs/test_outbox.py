"""The RReqs in flight: one flight for each transaction, whoever starts it, and what a flight comes back with."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from msgspec.structs import replace

from acs.v2.records import Delivery
from acs.v2.results import outbox as outboxes
from acs.v2.results.outbox import Outbox
from acs.v2.states import State
from tests.acs.test_delivery_steps import DECIDED
from tests.support.simulator import STARTED_AT
from threedsecure.errors import PeerUnreachable
from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.clock import Clock

SECOND = timedelta(seconds=1)
NAME = DECIDED.acs_trans_id
WAITING = replace(DECIDED, created_at=STARTED_AT, updated_at=STARTED_AT, due_at=STARTED_AT)


class Tables:
    """Transactions by their names. `away`: the database is; `takes`: how often one was asked for."""

    def __init__(self, *transactions):
        self.kept = {one.acs_trans_id: one for one in transactions}
        self.away, self.takes = False, 0

    async def take(self, name):
        self.takes += 1
        if self.away:
            raise DatabaseAway("the database is away")
        return self.kept.get(name)

    async def replace(self, name, step):
        if name in self.kept:
            self.kept[name] = step(self.kept[name])
        return self.kept.get(name)


class Wire:
    """Answers what is posted with the next of `answers`: a status, or an error; holds it while `held`."""

    def __init__(self, *answers):
        self.answers, self.posted, self.held, self.arrived = list(answers), [], asyncio.Event(), asyncio.Event()
        self.held.set()

    def hand_over(self, *_about, **_more):
        return None

    async def post(self, url, body, *, timeout):
        self.posted.append(body)
        self.arrived.set()
        await self.held.wait()
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer)


class Answer:
    def __init__(self, status):
        self.status, self.body = status, RRES if status == 200 else b""


RRES = (
    b'{"messageType":"RRes","messageVersion":"2.2.0","resultsStatus":"01",'
    b'"threeDSServerTransID":"8a880dc0-d2d2-4067-bcb1-b08d1690b26e",'
    b'"dsTransID":"f25084f0-5b16-4c0a-ae5d-b24808a95e4b","acsTransID":"d7c1ee99-9478-44a6-b1f2-391e29c6b340"}'
)


class Noted(list):
    note = list.append


class Journal(list):
    def record(self, *entry):
        self.append(entry)


class Around:
    """What an outbox needs of its runtime and its settings."""

    def __init__(self, wire):
        self.transport, self.journal, self.clock = wire, Journal(), Clock(frozen_at=STARTED_AT)
        self.results_timeout, self.versions = 60.0, ("2.1.0", "2.2.0")
        self.timers = self
        self.results_retry = (SECOND, 5 * SECOND)


@asynccontextmanager
async def flying(tables, wire):
    around, noted = Around(wire), Noted()
    outbox = Outbox(around, around, tables, noted)
    outbox.noted, outbox.around = noted, around
    try:
        yield outbox
    finally:
        wire.held.set()
        await outbox.close()


def unreachable():
    return PeerUnreachable("http://127.0.0.1:1/", "no connection")


async def test_a_result_is_posted_once_and_noted():
    tables, wire = Tables(WAITING), Wire(200)
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        outbox.start(NAME)
        assert (outbox.carries(NAME), len(outbox)) == (True, 1)
        await outbox.settle(NAME)
        assert (len(wire.posted), tables.kept[NAME].state) == (1, State.REPORTED)
        await asyncio.sleep(0)
        assert (outbox.carries(NAME), len(outbox), outbox.noted) == (False, 0, [])
        await outbox.settle(NAME)


async def test_what_failed_is_noted_for_the_scheduler():
    tables, wire = Tables(WAITING), Wire(503)
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        await asyncio.sleep(0)
        assert outbox.noted == [STARTED_AT + SECOND]
        assert tables.kept[NAME].delivery.last_failure == "the directory server answered HTTP 503"


@pytest.mark.parametrize(("failures", "posted", "state"), [(1, 2, State.REPORTED), (2, 2, State.DECIDED)])
async def test_a_connection_that_fails_is_tried_once_more_at_once(failures, posted, state):
    tables, wire = Tables(WAITING), Wire(*(unreachable() for _ in range(failures)))
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        assert (len(wire.posted), tables.kept[NAME].state) == (posted, state)
        assert [entry[1:4] for entry in outbox.around.journal] == [("ACS", "Directory Server", "connection failed")] * (
            failures - 1
        )


@pytest.mark.parametrize(
    "over",
    [replace(WAITING, state=State.REPORTED), replace(WAITING, delivery=None), None],
    ids=["over", "none", "gone"],
)
async def test_what_needs_no_flight_is_let_be(over):
    tables, wire = Tables(*([over] if over else [])), Wire()
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        await asyncio.sleep(0)
        assert (wire.posted, outbox.noted, len(outbox)) == ([], [], 0)


@pytest.mark.parametrize(
    ("later", "attempts", "posted"), [(SECOND, 0, 0), (0 * SECOND, 0, 1), (-SECOND, 0, 1), (SECOND, 1, 1), (None, 0, 1)]
)
async def test_a_first_attempt_waits_for_the_time_that_the_card_wants(later, attempts, posted):
    due = None if later is None else STARTED_AT + later
    delivery = replace(WAITING.delivery, attempts=attempts)
    tables, wire = Tables(replace(WAITING, due_at=due, delivery=delivery)), Wire()
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        await asyncio.sleep(0)
        assert (len(wire.posted), outbox.noted) == (posted, [] if posted else [due])


async def test_a_bug_of_ours_makes_any_further_attempt_pointless():
    tables, wire = Tables(replace(WAITING, delivery=Delivery("http://127.0.0.1:1/", b"no JSON"))), Wire()
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        await asyncio.sleep(0)
        assert (outbox.carries(NAME), len(outbox), outbox.noted) == (True, 1, [])
        outbox.start(NAME)
        await outbox.settle(NAME)
        assert tables.takes == 1
    assert not outbox.carries(NAME)


async def test_a_database_that_is_away_is_waited_for(monkeypatch):
    monkeypatch.setattr(outboxes, "WAIT_FOR_DATABASE_SECONDS", 0)
    tables, wire = Tables(WAITING), Wire()
    tables.away = True
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        for _ in range(3):
            await asyncio.sleep(0)
        assert (outbox.noted, outbox.carries(NAME), wire.posted) == ([STARTED_AT], False, [])


async def test_what_is_broken_off_is_taken_up_again_by_whoever_comes_next():
    tables, wire = Tables(WAITING), Wire()
    wire.held.clear()
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await wire.arrived.wait()
        await outbox.close()
        assert (len(outbox), outbox.noted, tables.kept[NAME]) == (0, [], WAITING)
        wire.held.set()
        outbox.start(NAME)
        await outbox.settle(NAME)
        assert tables.kept[NAME].state is State.REPORTED


async def test_where_all_places_are_taken_the_scheduler_waits_for_one(monkeypatch):
    monkeypatch.setattr(outboxes, "MOST_FLIGHTS", 1)
    tables, wire = Tables(WAITING), Wire()
    wire.held.clear()
    async with flying(tables, wire) as outbox:
        await outbox.room()
        outbox.start(NAME)
        room = asyncio.create_task(outbox.room())
        await wire.arrived.wait()
        assert not room.done()
        wire.held.set()
        await room


OTHER = "0c0c0c0c-0000-4000-8000-000000000001"


@asynccontextmanager
async def queued(monkeypatch, *answers):
    """One flight on the wire, and a second one that waits for its place."""
    monkeypatch.setattr(outboxes, "PLACES", 1)
    tables, wire = Tables(WAITING, replace(WAITING, acs_trans_id=OTHER)), Wire(*answers)
    wire.held.clear()
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await wire.arrived.wait()
        outbox.start(OTHER)
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(wire.posted) == 1
        yield tables, wire, outbox


async def test_who_waits_for_a_place_goes_when_the_gateway_answers(monkeypatch):
    async with queued(monkeypatch, 200, 404) as (tables, wire, outbox):
        wire.held.set()
        await outbox.settle(OTHER)
        assert (len(wire.posted), tables.kept[OTHER].delivery.attempts) == (2, 1)


@pytest.mark.parametrize("first", [503, 200])
async def test_who_waits_behind_a_failure_is_left_to_the_scheduler(monkeypatch, first):
    async with queued(monkeypatch, first, 404) as (tables, wire, outbox):
        wire.held.set()
        await outbox.settle(OTHER)
        await asyncio.sleep(0)
        left = tables.kept[OTHER]
        if first == 503:
            assert (len(wire.posted), left.delivery.attempts, left.due_at) == (1, 0, STARTED_AT + SECOND)
            assert outbox.noted == [STARTED_AT + SECOND] * 2
        else:
            assert (len(wire.posted), left.delivery.attempts) == (2, 1)


@pytest.mark.parametrize("over", [replace(WAITING, state=State.REPORTED), replace(WAITING, delivery=None), None])
async def test_what_was_settled_while_it_waited_needs_no_place(monkeypatch, over):
    async with queued(monkeypatch) as (tables, wire, outbox):
        if over is None:
            del tables.kept[OTHER]
        else:
            tables.kept[OTHER] = replace(over, acs_trans_id=OTHER)
        wire.held.set()
        await outbox.settle(OTHER)
        await asyncio.sleep(0)
        assert (len(wire.posted), outbox.noted) == (1, [])


class Gates(Wire):
    """Holds every post until its own gate is opened."""

    def __init__(self, *answers):
        super().__init__(*answers)
        self.gates = [asyncio.Event() for _ in answers]

    async def post(self, url, body, *, timeout):
        gate, answer = self.gates[len(self.posted)], self.answers[len(self.posted)]
        self.posted.append(body)
        self.arrived.set()
        await gate.wait()
        return Answer(answer)


async def test_while_a_gateway_is_silent_nobody_waits_for_a_place(monkeypatch):
    monkeypatch.setattr(outboxes, "PLACES", 2)
    names = [f"{number}{NAME[1:]}" for number in range(4)]
    tables, wire = Tables(*(replace(WAITING, acs_trans_id=name) for name in names)), Gates(503, 404, 404)
    async with flying(tables, wire) as outbox:
        outbox.start(names[0])
        outbox.start(names[1])
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(wire.posted) == 2
        wire.gates[0].set()
        await outbox.settle(names[0])
        outbox.start(names[2])
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(wire.posted) == 3
        outbox.start(names[3])
        await outbox.settle(names[3])
        assert (len(wire.posted), tables.kept[names[3]].due_at) == (3, STARTED_AT + SECOND)
        for gate in wire.gates:
            gate.set()


async def test_what_was_forgotten_while_it_flew_is_not_due(monkeypatch):
    async with queued(monkeypatch, 503) as (tables, wire, outbox):
        tables.kept.clear()
        wire.held.set()
        await outbox.settle(NAME)
        await outbox.settle(OTHER)
        await asyncio.sleep(0)
        assert outbox.noted == []


@pytest.mark.parametrize(("scenario", "posted"), [("results-twice", 2), ("challenge-otp", 1)])
async def test_a_card_may_have_its_result_sent_twice(scenario, posted):
    tables, wire = Tables(replace(WAITING, card=replace(WAITING.card, scenario=scenario))), Wire()
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        assert len(wire.posted) == posted


async def test_a_result_that_was_not_taken_is_not_sent_twice():
    tables, wire = Tables(replace(WAITING, card=replace(WAITING.card, scenario="results-twice"))), Wire(503)
    async with flying(tables, wire) as outbox:
        outbox.start(NAME)
        await outbox.settle(NAME)
        assert len(wire.posted) == 1


@pytest.mark.parametrize("hears", [200, unreachable()])
async def test_the_directory_server_is_told_of_a_wrong_rres_and_nothing_depends_on_it(hears):
    foreign = replace(WAITING, acs_trans_id=OTHER)
    tables, wire = Tables(foreign), Wire(200, hears)
    async with flying(tables, wire) as outbox:
        outbox.start(OTHER)
        await outbox.settle(OTHER)
        assert tables.kept[OTHER].state is State.UNREPORTED
        kinds = [entry[3] for entry in outbox.around.journal]
        assert kinds == ["Erro"] + ["connection failed"] * (hears != 200)
        assert b'"errorComponent":"A"' in wire.posted[1]


@pytest.mark.parametrize(
    ("server", "peer"), [("http://gateway.example:8400/results", "gateway.example"), ("", "127.0.0.1")]
)
def test_whose_silence_holds_up_a_delivery_is_the_gateways_behind_the_directory_server(server, peer):
    purchase = replace(WAITING.purchase, three_ds_server_url=server)
    assert peer in str(outboxes._gateway(replace(WAITING, purchase=purchase)))
