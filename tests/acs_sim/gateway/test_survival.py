"""What the disk keeps: enough to go on after a crash, and nothing of a card."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from acs_sim.gateway.app import build
from acs_sim.gateway.settings import GatewaySettings
from tests.acs_sim.gateway.conftest import VISA, World, until
from tests.acs_sim.gateway.test_purchases import answer
from tests.support.engine import on_both_engines, written
from tests.support.ports import free_port
from tests.support.simulator import running, runtime

pytestmark = on_both_engines


@asynccontextmanager
async def living(scheme, *, port, data=None, postgresql=None):
    url = f"http://127.0.0.1:{port}"
    async with (
        runtime(data=data, postgresql=postgresql) as shared,
        running(
            build(shared, GatewaySettings(public_url=url, directory_server_url=scheme.url, version="2.2.0")),
            shared,
            port=port,
        ),
        aiohttp.ClientSession() as session,
    ):
        yield World(url, scheme, shared, session)


async def test_a_challenge_goes_on_after_a_restart(scheme, tmp_path):
    port, scheme.ares = free_port(), {"transStatus": "C"}
    async with living(scheme, port=port, data=tmp_path) as world:
        purchase = await world.purchase()
    async with living(scheme, port=port, data=tmp_path) as world:
        await scheme.post_results("Y")
        ended = await world.json("GET", f"/api/purchases/{purchase['id']}?wait=30")
        assert (ended["result"], answer(ended)["erreur"]) == ("accepted", "00000")
        assert ended["answer"]["delivered"] is True


async def test_a_result_that_was_acknowledged_is_settled_after_a_restart(scheme, tmp_path, monkeypatch):
    """Stopped between the RRes and everything that follows from it."""
    port, scheme.ares = free_port(), {"transStatus": "C"}

    async def nothing(_self):
        await asyncio.Event().wait()

    with monkeypatch.context() as stopped:
        stopped.setattr("acs_sim.gateway.payment.settlement.Settlement.run", nothing)
        async with living(scheme, port=port, data=tmp_path) as world:
            purchase = await world.purchase()
            assert (await scheme.post_results("Y"))["messageType"] == "RRes"
    async with living(scheme, port=port, data=tmp_path) as world:
        await until(lambda: finished(world))
        found = await world.newest()
        assert (found["id"], found["result"], found["answer"]["delivered"]) == (purchase["id"], "accepted", True)


async def finished(world):
    return (await world.newest())["finished"]


async def test_the_shops_still_believe_answers_signed_before_a_restart(scheme, tmp_path):
    port = free_port()
    async with living(scheme, port=port, data=tmp_path) as world:
        page = await world.pay(await world.to_payment_page())
    async with living(scheme, port=port, data=tmp_path) as world:
        back = await world.get(page.attributes["back"]["href"])
        assert back.attributes["result"]["data-result"] == "accepted"


async def test_card_ranges_are_remembered_across_a_restart(scheme, tmp_path):
    port = free_port()
    for _ in range(2):
        async with living(scheme, port=port, data=tmp_path) as world:
            assert (await world.purchase())["enrolled"] is True
    assert len(scheme.of("PReq")) == 1


async def test_no_card_number_and_no_cryptogram_is_on_the_disk_before_during_or_after_a_payment(scheme, tmp_path):
    scheme.ares = {"transStatus": "C"}
    async with living(scheme, port=free_port(), data=tmp_path) as world:
        page = await world.to_payment_page()
        await world.pay(page, cryptogram="739")
        await world.runtime.journal.flush()
        assert_clean(tmp_path)
        await scheme.post_results("Y")
        await world.json("GET", f"/api/purchases/{(await world.newest())['id']}?wait=30")
        await world.runtime.journal.flush()
    assert_clean(tmp_path)


def assert_clean(folder: Path) -> None:
    content = written(folder)
    assert content
    for secret in (VISA, " ".join(VISA[i : i + 4] for i in range(0, 16, 4)), "cryptogram"):
        assert secret.encode() not in content


async def test_the_sealed_card_number_is_forgotten_when_the_purchase_is_settled(world, scheme, monkeypatch):
    await world.purchase()
    opened = []
    monkeypatch.setattr(type(world.runtime.vault), "open", lambda _self, sealed: opened.append(sealed))
    await world.json("GET", f"/api/purchases/{(await world.newest())['id']}?wait=1")
    assert opened == []


async def test_postgresql_does_as_well(scheme, postgresql):
    scheme.ares = {"transStatus": "C"}
    async with living(scheme, port=free_port(), postgresql=postgresql.fresh_database()) as world:
        purchase = await world.purchase(shop="monetico")
        await asyncio.gather(*(scheme.post_results("Y") for _ in range(3)))
        ended = await world.json("GET", f"/api/purchases/{purchase['id']}?wait=30")
        assert (ended["result"], ended["answer"]["delivered"]) == ("accepted", True)
        assert len(await world.json("GET", "/api/purchases")) == 1


@pytest.mark.parametrize("count", [30])
async def test_many_purchases_at_once_keep_apart(world, count):
    found = await asyncio.gather(*(world.purchase(amount=100 + n) for n in range(count)))
    assert [purchase["amount"] for purchase in found] == [100 + n for n in range(count)]
    assert len({purchase["id"] for purchase in found}) == count
    assert {purchase["result"] for purchase in found} == {"accepted"}
