"""`POST /api/operations`: the directory server's notices reach the reference gateway and the ACS, which answer them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from acs.app import build as acs
from acs.settings import AcsSettings
from acs_sim.gateway.app import build as gateway
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import STARTED_AT, Caller
from tests.support.ports import with_free_ports
from tests.support.simulator import running, runtime
from threedsecure.web.clock import Clock

OREQ = {
    "messageType": "OReq",
    "messageVersion": "2.3.1",
    "dsReferenceNumber": "3DS_LOA_DIS_PPFU_020100_00010",
    "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    "opCategory": "02",
    "opDescription": "The ACS of one issuer is slow.",
    "opExpDate": "20260701",
    "opSeq": {"seqId": "3f0f3b0a-6a1e-4b8e-9a55-0d2c1e3b7a10", "seqNum": "01", "seqTotal": "01"},
    "opSeverity": "02",
}
SIGNED = {"3ds-server": ("threeDSServerRefNumber", "threeDSServerTransID"), "acs": ("acsReferenceNumber", "acsTransID")}
COMPONENT = {"3ds-server": "S", "acs": "A"}


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as built:
        yield built


@pytest.fixture
async def desk(stack) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, stack.addresses.desk)


@pytest.mark.parametrize("to", SIGNED)
async def test_a_notice_is_answered_part_by_part_under_the_name_of_who_got_it(desk, to):
    status, told, _ = await desk("POST", "/api/operations", json={"to": to, "parts": ["slow", "still slow"]})
    assert (status, len(told["parts"])) == (200, 2)
    for part in told["parts"]:
        assert (part["answer"]["opStatus"], part["answer"]["dsTransID"]) == ("01", part["dsTransID"])
        assert {*SIGNED[to]} <= part["answer"].keys()
    _, found, _ = await desk("GET", "/api/messages?kind=OReq&limit=2")
    assert [one["message"]["opDescription"] for one in found["messages"]] == ["slow", "still slow"]


@pytest.mark.parametrize("to", SIGNED)
async def test_a_part_that_never_comes_breaks_the_sequence(desk, to):
    wish = {"to": to, "parts": ["one", "two", "three"], "left_out": [2]}
    _, told, _ = await desk("POST", "/api/operations", json=wish)
    assert [part["answer"]["opStatus"] for part in told["parts"]] == ["01", "02"]


@pytest.mark.parametrize("to", SIGNED)
@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"opSeverity": None}, "201", "opSeverity"),
        ({"opCategory": "6"}, "203", "opCategory"),
        ({"opCategory": "07"}, "207", "opCategory"),
        ({"opSeq": OREQ["opSeq"] | {"seqNum": "02"}}, "203", "opSeq.seqNum"),
        ({"messageVersion": "2.2.0"}, "102", "2.3.1"),
        ({"messageType": "RReq"}, "101", "messageType"),
    ],
)
async def test_an_oreq_that_is_wrong_is_refused(desk, stack, to, changes, code, detail):
    message = {name: value for name, value in (OREQ | changes).items() if value is not None}
    base = stack.addresses.shop if to == "3ds-server" else stack.addresses.acs
    caller = Caller(desk._session, base)
    status, erro, _ = await caller("POST", "/3ds2/operations", json=message)
    assert (status, erro["errorCode"], erro["errorComponent"]) == (200, code, COMPONENT[to])
    assert detail in erro["errorDetail"]


async def test_a_notice_is_no_payment_in_the_log_and_cannot_be_sent_to_the_controls(desk, stack):
    _, page, _ = await desk.text("GET", "/")
    assert "OReq" not in page
    _, told, _ = await desk("POST", "/api/operations", json={"url": f"{stack.addresses.desk}/api/reset"})
    assert "controls the simulator" in told["parts"][0]["error"]


@pytest.mark.parametrize("to", SIGNED)
async def test_a_receiver_can_take_no_notices_at_all(to):
    async with runtime() as shared:
        service = {"3ds-server": gateway, "acs": acs}[to]
        settings = {"3ds-server": GatewaySettings, "acs": AcsSettings}[to](takes_operations=False)
        async with (
            running(service(shared, settings), shared) as url,
            aiohttp.ClientSession() as session,
            session.post(f"{url}/3ds2/operations", json=OREQ) as answer,
        ):
            assert (await answer.json())["opStatus"] == "03"
