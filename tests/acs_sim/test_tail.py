"""`acs-sim tail` and `trigger`: messages of a running simulator in a terminal, and one flow for a gateway."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import click
import pytest
from click.testing import CliRunner

from acs_sim.client.asking import NoAnswer
from acs_sim.commands.cli import main
from acs_sim.commands.tail import following, line_of, wanted
from acs_sim.running.stack import Stack, running_stack
from acs_sim.scenarios.replay.own import own_payment
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.support.third_party import three_ds_server
from threedsecure.web.clock import Clock


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    async with running_stack(
        with_free_ports(Settings(fresh=True, seed=7)), clock=Clock(frozen_at=STARTED_AT)
    ) as running:
        yield running


def entry(kind: str, transaction: str = "one", **message: str) -> dict:
    told = {"at": "2026-06-15T12:00:00.250+00:00", "from": "ACS", "to": "Directory Server", "kind": kind}
    return {**told, "transaction_id": transaction, "message": message}


def test_a_message_is_one_line_with_a_link():
    line = click.unstyle(line_of(entry("ARes", transStatus="N", transStatusReason="05"), "http://desk"))
    assert line.split("  ")[0] == "12:00:00.250"
    assert "ACS → Directory Server" in line
    assert line.endswith("ARes N not authenticated · reason 05  http://desk/transactions/one")


def test_only_bad_news_when_asked_for():
    crossed = [entry("ARes", transStatus="Y"), entry("ARes", transStatus="N"), entry("Erro", errorCode="203")]
    assert [one["message"] for one in wanted(crossed, None, failed=True)] == [
        {"transStatus": "N"},
        {"errorCode": "203"},
    ]


def test_a_card_is_followed_through_all_of_its_messages():
    crossed = [
        entry("AReq", "other", acctNumber="400000******0009"),
        entry("AReq", acctNumber="400000******0001"),
        entry("ARes", "other", transStatus="Y"),
        entry("ARes", transStatus="Y"),
    ]
    found = list(wanted(crossed, "4000 0000 0100 0001", failed=False))
    assert [(one["kind"], one["transaction_id"]) for one in found] == [("AReq", "one"), ("ARes", "one")]


async def test_what_crosses_is_followed_from_outside(stack):
    events = following(stack.addresses.desk, None)
    first = asyncio.create_task(asyncio.to_thread(next, events))
    async with aiohttp.ClientSession() as session:
        while not first.done():  # it is told only what comes after it has begun to listen
            async with session.get(f"{stack.addresses.desk}/api/clock"):
                now = stack.clock.now()
            stack.runtime.journal.record(now, "ACS", "Phone", "SMS", {"state": "delivered"}, transaction_id="one")
    assert (await first)["kind"] == "SMS"
    await asyncio.to_thread(events.close)


async def test_a_flow_of_our_own_is_a_whole_transcript(stack):
    transcript = await asyncio.to_thread(own_payment, stack.addresses, "visa", "challenge-otp")
    kinds = [hop["kind"] for hop in transcript["hops"]]
    assert {"AReq", "ARes", "CReq", "RReq", "CRes"} <= {*kinds}
    assert "CRes not taken" not in kinds


async def test_a_scenario_that_does_not_exist_is_told_with_those_that_do(stack):
    with pytest.raises(NoAnswer, match="there is no scenario 'nonsense'; there are frictionless"):
        await asyncio.to_thread(own_payment, stack.addresses, "visa", "nonsense")


async def test_one_flow_is_sent_to_a_gateway(stack, monkeypatch):
    for name, address in stack.addresses:
        monkeypatch.setenv(f"ACS_SIM_{name.upper()}_URL", address)
    with three_ds_server() as server:
        arguments = ["trigger", "challenge-otp", "--to", f"{server.url}/results"]
        result = await asyncio.to_thread(CliRunner().invoke, main, arguments)
        rreq = await asyncio.to_thread(server.results.get, timeout=10)
    assert result.exit_code in {0, 1}, result.output
    assert (rreq["messageType"], rreq["transStatus"]) == ("RReq", "Y")


def test_a_desk_that_is_not_there_is_named():
    result = CliRunner().invoke(main, ["tail", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 2
    assert "the desk at http://127.0.0.1:9 does not answer" in result.output
