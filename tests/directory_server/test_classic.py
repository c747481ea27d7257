"""3-D Secure 1.0.2 at the directory server, from an MPI and to an ACS that share nothing with it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from directory_server.app import build
from directory_server.ranges import StandIn
from directory_server.settings import DirectoryServerSettings
from tests.support.classic_mpi import XML, Answer, crreq, vereq
from tests.support.engine import on_both_engines
from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.web.serving.application import serving
from threedsecure.web.serving.service import Runtime

pytestmark = on_both_engines

CARD = compose("visa", V1_SCENARIOS["challenge-otp"])
EMV_ONLY = compose("visa", SCENARIOS["challenge-otp"])
ACS_DOWN = compose("visa", V1_SCENARIOS["acs-down"])
NOT_ENROLLED = compose("visa", V1_SCENARIOS["not-enrolled"])
ACCT_ID = "QUJDREVGR0hJSktMTU5PUFFSU1Q="


def veres(
    request: Answer, enrolled: str = "Y", acs: str = "http://acs.example/3ds1/pareq", id_: str | None = None
) -> bytes:
    details = f"<acctID>{ACCT_ID}</acctID>" if enrolled == "Y" else ""
    url = f"<url>{acs}</url><protocol>ThreeDSecure</protocol>" if enrolled == "Y" else ""
    return (
        f'<ThreeDSecure><Message id="{id_ or request.id}"><VERes><version>1.0.2</version>'
        f"<CH><enrolled>{enrolled}</enrolled>{details}</CH>{url}</VERes></Message></ThreeDSecure>"
    ).encode()


ERROR = (
    b'<ThreeDSecure><Message id="x"><Error><version>1.0.2</version><errorCode>98</errorCode>'
    b"<errorMessage>Transient system failure.</errorMessage><errorDetail>none</errorDetail></Error></Message></ThreeDSecure>"
)


class Silent:
    """No answer."""


@dataclass
class Scene:
    url: str
    runtime: Runtime
    session: aiohttp.ClientSession
    received: list[Answer] = field(default_factory=list)
    answer: Callable[[Answer], Any] = veres
    attempts: list[Answer] = field(default_factory=list)

    async def post(self, body: bytes, scheme: str = "visa", content_type: str = XML) -> Answer:
        url = f"{self.url}/{scheme}/3ds1"
        async with self.session.post(url, data=BytesIO(body), headers={"Content-Type": content_type}) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == XML
            return Answer(await response.read())

    async def control(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.session.post(f"{self.url}/control/{call}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@asynccontextmanager
async def scene(**changes: Any) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(runtime())
        session = await stack.enter_async_context(aiohttp.ClientSession())
        made = Scene("", shared, session)

        async def acs(request: web.Request) -> web.Response:
            assert request.headers["Content-Type"] == XML
            made.received.append(Answer(await request.read()))
            body = made.answer(made.received[-1])
            if isinstance(body, Silent):
                await asyncio.Event().wait()
            return web.Response(body=body, headers={"Content-Type": XML})

        async def attempts(request: web.Request) -> web.Response:
            made.attempts.append(Answer(await request.read()))
            return web.Response(body=veres(made.attempts[-1], acs="http://attempts.example/"), content_type="text/xml")

        app = web.Application()
        app.router.add_post("/3ds1/vereq", acs)
        app.router.add_post("/3ds1/attempts/vereq", attempts)
        port = await stack.enter_async_context(serving(app, "127.0.0.1", 0))
        settings = replace(
            DirectoryServerSettings(acs_url=f"http://127.0.0.1:{port}", acs_timeout=PATIENCE_SECONDS), **changes
        )
        made.url = await stack.enter_async_context(running(build(shared, settings), shared))
        yield made


@pytest.fixture
async def ds() -> AsyncIterator[Scene]:
    async with scene() as made:
        yield made


async def test_a_vereq_reaches_the_acs_and_its_veres_comes_back(ds: Scene):
    answer = await ds.post(vereq(CARD))
    assert (answer.type, answer.id) == ("VERes", "VEReq-1")
    assert answer["VERes/CH/enrolled"] == "Y"
    assert answer["VERes/CH/acctID"] == ACCT_ID
    assert answer["VERes/url"] == "http://acs.example/3ds1/pareq"
    [forwarded] = ds.received
    assert forwarded["VEReq/pan"] == CARD
    assert forwarded["VEReq/Browser/userAgent"] == "Mozilla/5.0"


@pytest.mark.parametrize("enrolled", ["N", "U"])
async def test_an_acs_that_says_no_or_unknown_is_believed(ds: Scene, enrolled: str):
    ds.answer = lambda request: veres(request, enrolled)
    assert (await ds.post(vereq(CARD)))["VERes/CH/enrolled"] == enrolled


@pytest.mark.parametrize("pan", [EMV_ONLY, NOT_ENROLLED, "4111111111111111"])
async def test_a_card_outside_the_1_0_2_ranges_is_not_enrolled(ds: Scene, pan: str):
    answer = await ds.post(vereq(pan))
    assert answer["VERes/CH/enrolled"] == "N"
    assert ds.received == []


async def test_a_silent_or_unreachable_or_faulty_acs_leaves_enrolment_unknown():
    async with scene(acs_timeout=0.2) as ds:
        assert (await ds.post(vereq(ACS_DOWN)))["VERes/CH/enrolled"] == "U"
        for answer in (Silent(), ERROR, b"not xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><ThreeDSecure>&a;</ThreeDSecure>"):
            ds.answer = lambda _request, answer=answer: answer
            assert (await ds.post(vereq(CARD)))["VERes/CH/enrolled"] == "U"


async def test_an_answer_to_another_vereq_is_not_passed_on_and_the_acs_is_told(ds: Scene):
    ds.answer = lambda request: veres(request, id_="another") if request.type == "VEReq" else b""
    assert (await ds.post(vereq(CARD)))["VERes/CH/enrolled"] == "U"
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(ds.received) < 2:  # noqa: ASYNC110 - the complaint is not waited for by anybody
            await asyncio.sleep(0.01)
    assert (ds.received[1].type, ds.received[1]["Error/errorCode"]) == ("Error", "5")
    assert ds.received[1]["Error/errorDetail"] == "Message.id"


async def test_an_attempts_acs_stands_in_where_the_range_wants_it():
    async with scene(stand_in=StandIn.ATTEMPT) as ds:
        answer = await ds.post(vereq(ACS_DOWN))
        assert answer["VERes/CH/enrolled"] == "Y"
        assert answer["VERes/url"] == "http://attempts.example/"
        assert [request["VEReq/pan"] for request in ds.attempts] == [ACS_DOWN]


@pytest.mark.parametrize(
    ("merchant", "code"),
    [
        ({"acq_bin": "99999900050"}, "50"),
        ({"acq_bin": "99999900051"}, "51"),
        ({"acq_bin": "99999900052"}, "52"),
        ({"acq_bin": "99999900052", "password": "WRONG123"}, "53"),
        ({"acq_bin": "99999900058"}, "58"),
    ],
)
async def test_a_merchant_that_may_not_ask_is_refused_by_number(ds: Scene, merchant: dict[str, str], code: str):
    answer = await ds.post(vereq(CARD, **merchant))
    assert (answer["VERes/CH/enrolled"], answer["VERes/IReq/iReqCode"]) == ("N", code)
    assert ds.received == []


async def test_a_password_opens_the_door_and_goes_no_further(ds: Scene):
    answer = await ds.post(vereq(CARD, acq_bin="99999900052", password="SECRET52"))
    assert answer["VERes/CH/enrolled"] == "Y"
    assert b"SECRET52" not in ds.received[0].xml


async def test_strangers_can_be_kept_out():
    async with scene(classic_strangers=False) as ds:
        assert (await ds.post(vereq(CARD)))["VERes/IReq/iReqCode"] == "50"
        assert (await ds.post(crreq()))["CRRes/IReq/iReqCode"] == "50"


async def test_the_card_ranges_of_1_0_2_are_told_with_a_serial_number(ds: Scene):
    answer = await ds.post(crreq())
    ranges = list(zip(answer.all("CRRes/CR/begin"), answer.all("CRRes/CR/end"), strict=True))
    assert set(answer.all("CRRes/CR/action")) == {"A"}
    assert any(begin <= CARD <= end for begin, end in ranges)
    assert not any(begin <= EMV_ONLY <= end for begin, end in ranges)
    again = await ds.post(crreq(serial=answer["CRRes/serialNumber"]))
    assert again.all("CRRes/CR") == []
    assert again["CRRes/serialNumber"] == answer["CRRes/serialNumber"]


async def test_only_what_changed_since_a_serial_number_is_told(ds: Scene):
    serial = (await ds.post(crreq()))["CRRes/serialNumber"]
    edit = {"action": "A", "start": "4000000500000000", "end": "4000000599999999"}
    gone = {"action": "D", "start": "4000000930000000", "end": "4000000939999999"}
    await ds.control("ranges/edit", {"scheme": "visa/3ds1", "edits": [edit, gone]})
    answer = await ds.post(crreq(serial=serial))
    changed = [answer.all(f"CRRes/CR/{name}") for name in ("action", "begin")]
    assert changed == [["A", "D"], ["4000000500000000", "4000000930000000"]]
    assert int(answer["CRRes/serialNumber"]) == int(serial) + 1


async def test_an_unknown_serial_number_is_57(ds: Scene):
    answer = await ds.post(crreq(serial="99999999999999999999"))
    assert answer["CRRes/IReq/iReqCode"] == "57"
    assert answer["CRRes/serialNumber"] is None


async def test_emv_ranges_do_not_hold_cards_that_know_only_1_0_2(ds: Scene):
    listed = (await ds.control("ranges", {"scheme": "visa"}))["ranges"]
    assert not any(found["start"] <= CARD <= found["end"] for found in listed)
    assert {"1.0.2"}.isdisjoint(version for found in listed for version in found["versions"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "1"),
        (b"<html/>", "1"),
        (b"<ThreeDSecure/>", "3"),
        (b'<ThreeDSecure><Message id="1"><PAReq><version>1.0.2</version></PAReq></Message></ThreeDSecure>', "2"),
        (vereq(CARD).replace(f"<pan>{CARD}</pan>".encode(), b""), "3"),
        (vereq("4"), "5"),
        (vereq(CARD).replace(b">1.0.2<", b">0.9<"), "6"),
        (vereq(CARD).replace(b"</VEReq>", b'<Extension id="x" critical="true"/></VEReq>'), "4"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><ThreeDSecure>&x;</ThreeDSecure>', "1"),
        (b"<ThreeDSecure>" + b" " * 70_000 + b"</ThreeDSecure>", "5"),
    ],
)
async def test_bad_input_is_answered_by_an_error_with_its_number(ds: Scene, body: bytes, code: str):
    answer = await ds.post(body)
    assert (answer.type, answer["Error/errorCode"]) == ("Error", code)
    assert ds.received == []


async def test_json_and_schemes_without_a_programme_are_refused_with_an_error(ds: Scene):
    assert (await ds.post(vereq(CARD), content_type="application/json"))["Error/errorCode"] == "1"
    assert (await ds.post(vereq(CARD), scheme="cb"))["Error/errorCode"] == "99"


async def test_an_error_is_noted_and_not_answered(ds: Scene):
    async with ds.session.post(f"{ds.url}/visa/3ds1", data=ERROR, headers={"Content-Type": XML}) as response:
        assert (response.status, await response.read()) == (200, b"")


async def test_the_journal_tells_the_exchange_with_the_card_masked(ds: Scene):
    await ds.post(vereq(CARD))
    transaction = await ds.runtime.journal.transaction_of("VEReq-1")
    entries = await ds.runtime.journal.entries_of(transaction)
    assert [(entry["from"], entry["to"], entry["kind"]) for entry in entries] == [
        ("MPI", "Directory Server", "VEReq"),
        ("Directory Server", "MPI", "VERes"),
    ]
    assert CARD not in str(entries)
