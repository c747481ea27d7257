"""The front page: every exchange with its outcome in words, found by what is known of it, from the journal alone."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from time import monotonic, process_time

import aiohttp
import pytest
from lxml import html

from acs_sim.desk.log.lines import MOST_NAMES, Log
from acs_sim.desk.log.outcome import outcome_of
from acs_sim.desk.transactions.events import BEAT_SECONDS, Drawn
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from docs.generate import ROOT
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from threedsecure.storage.ledger import Note, whole
from threedsecure.web.clock import Clock

AREQ = {
    "messageType": "AReq",
    "messageVersion": "2.2.0",
    "deviceChannel": "02",
    "acctNumber": "4000000001000001",
    "purchaseAmount": "4200",
    "purchaseCurrency": "978",
    "purchaseExponent": "2",
    "merchantName": "Librairie Exemple",
}


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=7, only=("desk",)))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


@pytest.fixture
async def log(stack) -> AsyncIterator["Reader"]:
    async with aiohttp.ClientSession(stack.addresses.desk) as session:
        yield Reader(stack, session)
    await stack.runtime.journal.forget()


async def beat(stream: aiohttp.ClientResponse) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await stream.content.readline()).startswith(b"data:"):
            pass


class Reader:
    def __init__(self, stack: Stack, session: aiohttp.ClientSession) -> None:
        self.stack, self.session, self.page = stack, session, None

    def note(self, name: str, kind: str, message: dict, sender: str = "3DS Server", receiver: str = "Directory Server"):
        told = {**message, "threeDSServerTransID": name}
        self.stack.runtime.journal.record(
            self.stack.clock.now(), sender, receiver, kind, told, facts={"scheme": "visa"} if kind == "AReq" else None
        )

    def paid(self, number: int, status: str = "Y", **areq: str) -> str:
        name = f"00000000-0000-4000-8000-{number:012}"
        self.note(name, "AReq", {**AREQ, **areq})
        reason = {} if status == "Y" else {"transStatusReason": "05"}
        self.note(name, "ARes", {"messageType": "ARes", "transStatus": status, **reason}, "ACS")
        return name

    async def rows(self, query: str = "") -> list[str]:
        async with self.session.get(f"/?{query}") as answer:
            self.page = html.document_fromstring(await answer.text())
        return [" ".join(row.text_content().split()) for row in self.page.xpath("//table//tbody/tr")]

    async def judged(self, query: str = "") -> list[str]:
        """The rows once their findings are counted."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            rows = await self.rows(query)
            while self.page.xpath("//*[@data-again]"):
                rows = await self.rows(query)
        return rows

    def link(self, words: str) -> str:
        (found,) = self.page.xpath(f"//a[text()='{words}']/@href")
        return found.removeprefix("/?")


async def test_ten_thousand_transactions_are_searched_in_a_tenth_of_a_second(log, stack):
    for start in range(0, 10_000, 100):  # as many in one record as come together under load
        for number in range(start, start + 100):
            log.paid(number, "YN"[number % 2])
        await stack.runtime.journal.flush()
    await log.judged()
    for query, count in (("", 50), ("q=000000009999", 1), ("result=N&scheme=visa", 50), ("q=nothing+is+like+this", 0)):
        took = []
        for _ in range(3):  # the collector, and what counts findings, may come between
            began = process_time()
            assert len(await log.rows(query)) == count, query
            took.append(process_time() - began)
        assert min(took) < 0.1, query


async def test_an_exchange_is_a_line_with_its_outcome_in_words(log):
    log.paid(1, "N")
    (line,) = await log.rows()
    assert "N expired card 42.00 EUR Librairie Exemple visa 2.2.0 challenge-otp" in line
    assert "4000000001000001" not in html.tostring(log.page).decode()


FIRST_AREQ = json.loads((ROOT / "fixtures" / "messages" / "2.2.0" / "areq-brw-pa.json").read_text())


async def test_the_first_areq_of_all_is_praised_as_long_as_it_is_alone(log):
    log.paid(1, **FIRST_AREQ)
    await log.judged()
    (told,) = log.page.xpath("//*[@id='first']")
    assert "Your first AReq is right." in told.text_content()
    log.paid(2)
    await log.judged()
    assert log.page.xpath("//*[@id='first']") == []


@pytest.mark.parametrize(
    ("areq", "answer", "words"),
    [
        (
            {"email": None, "mobilePhone": None, "homePhone": None, "workPhone": None},
            {"transStatus": "Y"},
            "something to mend",
        ),
        (
            {},
            {"messageType": "Erro", "errorCode": "203", "errorDescription": "x", "errorDetail": "eci"},
            "refused: 203 x · eci",
        ),
    ],
)
async def test_what_is_wrong_with_the_first_areq_stands_where_it_was_waited_for(log, areq, answer, words):
    name = "00000000-0000-4000-8000-000000000001"
    log.note(name, "AReq", {name: value for name, value in {**FIRST_AREQ, **areq}.items() if value is not None})
    log.note(name, answer.get("messageType", "ARes"), answer, "Directory Server", "3DS Server")
    await log.judged()
    (told,) = log.page.xpath("//*[@id='first']")
    assert words in " ".join(told.text_content().split())
    assert told.xpath(".//a/@href")[0].startswith(f"/transactions/{name}")
    assert log.page.xpath("//*[@id='first']") != []
    await log.judged("q=nothing")
    assert log.page.xpath("//*[@id='first']") == []


async def test_what_was_refused_stands_in_it_with_its_erro(log):
    log.note("6afa6072-9412-446b-9673-2f98b3ee98a2", "AReq", {"messageType": "AReq"})
    erro = {
        "messageType": "Erro",
        "errorCode": "201",
        "errorDescription": "missing",
        "errorDetail": "acctNumber,acctID",
    }
    log.note("6afa6072-9412-446b-9673-2f98b3ee98a2", "Erro", erro, "Directory Server", "3DS Server")
    (line,) = await log.rows("result=refused&reason=201")
    assert "refused 201 missing · acctNumber, acctID" in line


async def test_a_card_number_that_a_peer_misplaces_is_not_shown_in_clear(log, stack):
    pan, name = "4000000001000001", "00000000-0000-4000-8000-00000000abcd"
    stray = dict.fromkeys(("messageVersion", "deviceChannel", "purchaseAmount", "merchantName"), pan)
    log.note(name, "AReq", {**AREQ, **stray})
    log.note(name, "Payment form", {"reference": f"order {pan}"})
    log.note(name, "Erro", {"errorCode": "203", "errorDescription": f"wrong: {pan}", "errorDetail": pan})
    log.note(pan, "AReq", {"messageType": "AReq"})
    await log.rows()
    for path in ("/", f"/?q={pan}", "/transactions/rows"):
        async with log.session.get(path) as answer:
            page = await answer.text()
        assert "400000******0001" in page
        assert pan not in page.replace(f"q={pan}", "").replace(f'value="{pan}"', ""), path
        assert pan[:-2] + "." + pan[-2:] not in page, path


def test_a_line_names_the_first_elements_and_none_by_half():
    names = [f"element{number}" for number in range(1, 9)]
    words = outcome_of({"Erro": 1}, {"Erro.errorCode": "201", "Erro.errorDetail": ",".join(names)}).words
    assert words == "element1, element2, element3, element4, element5, element6 …"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("result=Y", 1),
        ("result=N&reason=05", 1),
        ("reason=04", 0),
        ("scheme=visa", 2),
        ("scheme=amex", 0),
        ("version=2.1.0", 1),
        ("channel=app", 1),
        ("scenario=frictionless", 1),
        ("q=BOULANGERIE", 1),
        ("q=exemple+nobody", 0),
        ("q=000000000002", 1),
        ("q=expired", 1),
        ("q=4000000001000001", 1),
        ("faults=yes", 1),
        ("findings=yes", 2),
    ],
)
async def test_filters_and_search_stand_in_the_address(log, query, count):
    log.paid(1, "Y", merchantName="Boulangerie", messageVersion="2.1.0", acctNumber="4000000000000002")
    log.note(log.paid(2, "N", deviceChannel="01"), "fault", {"point": "ARes", "do": "delay"}, "ACS")
    assert len(await log.judged(query)) == count


async def test_an_order_is_found_by_its_reference(log, stack):
    name = log.paid(1)
    form = {"PBX_CMD": "TB6133419856"}
    stack.runtime.journal.record(stack.clock.now(), "Shop", "3DS Server", "Payment form", form, transaction_id=name)
    log.paid(2)
    (line,) = await log.rows("q=tb61334")
    assert "TB6133419856" in line


async def test_older_lines_are_a_page_away(log):
    for number in range(120):
        log.paid(number)
    assert len(await log.rows("scheme=visa")) == 50
    assert len(await log.rows(log.link("Older"))) == 50
    assert len(await log.rows(log.link("Older"))) == 20
    assert log.link("Newest") == "scheme=visa"


async def test_a_page_that_is_drawn_anew_is_told_so_once_in_a_while_however_much_crosses(log):
    async with log.session.get("/live") as stream:
        told = []
        for number in range(0, 90, 30):
            for each in range(30):
                log.paid(number + each)
            await beat(stream)
            told.append(monotonic())
    assert told[1] - told[0] >= BEAT_SECONDS / 2
    assert told[2] - told[1] >= BEAT_SECONDS / 2


async def test_what_many_look_at_comes_drawn_with_the_beat_and_the_rest_is_asked_for(log):
    parts = [
        ("part", "/bar"),
        ("part", "/transactions/rows?scheme=visa"),
        ("part", "/readiness/judged"),
        ("part", "//x"),
    ]
    async with log.session.get("/live", params=[*parts, ("part", "/bar?more")]) as stream:
        log.paid(7)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (line := await stream.content.readline()).startswith(b"data:"):
                pass
    drawn = json.loads(line.removeprefix(b"data:"))
    assert [*drawn] == ["/bar", "/transactions/rows?scheme=visa"]
    assert "Librairie Exemple" in drawn["/transactions/rows?scheme=visa"]


async def test_what_comes_while_a_page_is_drawn_stands_in_the_next_drawing_and_others_share_one():
    crossed, made, under_way, goes_on = 1, 0, asyncio.Event(), asyncio.Event()

    async def draw(_part: str) -> str:
        nonlocal made
        made, seen = made + 1, crossed
        under_way.set()
        await goes_on.wait()
        return str(seen)

    drawn = Drawn(draw)
    first = asyncio.create_task(drawn.of(("/bar",)))
    await under_way.wait()
    crossed = 2
    later = [asyncio.create_task(drawn.of(("/bar",))) for _ in range(3)]
    await asyncio.sleep(0)
    goes_on.set()
    assert json.loads((await first).removeprefix(b"data:")) == {"/bar": "1"}
    assert {json.loads((await one).removeprefix(b"data:"))["/bar"] for one in later} == {"2"}
    assert made == 2


async def test_what_prepares_payments_is_no_line(log):
    log.note("00000000-0000-4000-8000-000000000001", "PReq", {"messageType": "PReq"})
    assert await log.rows() == []
    assert "Waiting for your first AReq" in log.page.text_content()


class Written:
    """Records as a reader sees them while several processes write."""

    def __init__(self) -> None:
        self.records: dict[int, list[Note]] = {}

    def add(self, number: int) -> None:
        document = {"messageType": "AReq", "threeDSServerTransID": f"00000000-0000-4000-8000-{number:012}"}
        self.records[number] = [Note(number, STARTED_AT, "3DS Server", "Directory Server", "AReq", document)]

    async def read(self, work):
        return work(self)

    def span(self):
        return min(self.records), max(self.records)

    def since(self, number: int, limit: int):
        return sorted(each for each in self.records.items() if each[0] > number)[:limit]

    def numbered(self, numbers):
        return [whole(number, self.records[number], 0) for number in numbers if number in self.records]


async def test_a_record_that_is_seen_late_is_not_missed():
    written, log = Written(), Log()
    for numbers in ((1,), (3,), (2,), (4,)):
        for number in numbers:
            written.add(number)
        await log.catch_up(written)
    assert {line.id[-1] for line in log.newest(lambda _: True, None, 9)} == {"1", "2", "3", "4"}


async def test_what_was_forgotten_is_gone_from_the_log(log, stack):
    log.paid(1)
    assert len(await log.rows()) == 1
    await stack.runtime.journal.forget()
    assert await log.rows() == []


@pytest.mark.parametrize(
    ("kinds", "end", "result", "words"),
    [
        (("AReq",), {}, "", "no answer"),
        (("AReq", "ARes"), {"ARes.transStatus": "C"}, "C", "challenge: the browser has not come yet"),
        (("AReq", "CReq"), {"ARes.transStatus": "C"}, "C", "challenge: the page is shown"),
        (
            ("AReq",),
            {"RReq.transStatus": "N", "RReq.transStatusReason": "19", "RReq.interactionCounter": "03"},
            "N",
            "wrong code three times",
        ),
        (("AReq",), {"RReq.transStatus": "N", "RReq.challengeCancel": "01"}, "N", "cancelled by the cardholder"),
        (("VEReq",), {"VERes.CH.enrolled": "N"}, "VERes N", "not enrolled"),
        (("VEReq",), {"PARes.TX.status": "Y", "VERes.CH.enrolled": "Y"}, "Y", "authenticated"),
    ],
)
def test_an_end_is_told_in_words(kinds, end, result, words):
    told = outcome_of(dict.fromkeys(kinds, 1), end)
    assert (told.result, told.words) == (result, words)


async def test_a_peer_that_names_and_sends_what_it_likes_makes_no_line_long():
    written, log = Written(), Log()
    name, long = "00000000-0000-4000-8000-000000000001", "x" * 60_000
    for number in range(1, 300):
        own = {"threeDSServerTransID": name, "dsTransID": f"{number}", "merchantName": long, "errorDetail": long}
        note = Note(number, STARTED_AT, "3DS Server", "Directory Server", f"{number}{long}", own)
        written.records[number] = [note]
    await log.catch_up(written)
    (line,) = log.newest(lambda _: True, None, 9)
    assert line.messages == 299
    assert len(repr(line)) < 20_000
    assert len(log._by_name) <= MOST_NAMES


def test_a_full_log_holds_little_of_each_line(monkeypatch):
    most = 1_000
    monkeypatch.setattr("acs_sim.desk.log.lines.MOST_LINES", most)
    written, log = Written(), Log()
    tracemalloc.start()
    try:
        for number in range(1, most + 200):
            written.add(number)
            log._take(number, written.numbered([number])[0])
            del written.records[number]
        for line in log.newest(lambda line: line.text, None, most):
            assert line.outcome
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < most * 2_500
