"""`acs-sim mcp` with the client of the official SDK, over standard input and output, as an agent starts it."""

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager

import pytest

from acs_sim.checking.explaining import explain
from tests.acs_sim.test_cli import ENVIRONMENT, acs_sim
from tests.support.fresh_environment import ROOT
from tests.support.process import simulator

pytestmark = pytest.mark.slow

AREQ = ROOT / "fixtures" / "messages" / "2.2.0" / "areq-brw-pa.json"
NO_ID = "9f1c2a44-0000-4000-8000-000000000000"


@asynccontextmanager
async def agent(*more):
    """The SDK takes a second to import, which only those pay who use it."""
    from mcp import Client, StdioServerParameters

    command = [sys.executable, "-m", "acs_sim", "mcp", *more]
    async with Client(StdioServerParameters(command=command[0], args=command[1:], env=ENVIRONMENT, cwd=ROOT)) as one:
        yield one


@pytest.fixture(scope="module")
async def client():
    """One for all that leave the simulator as good as they found it. It has to end in the task in which it began."""
    began, over = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def live():
        async with agent() as one:
            began.set_result(one)
            await over.wait()

    life = asyncio.create_task(live())
    await asyncio.wait({began, life}, return_when=asyncio.FIRST_COMPLETED)
    yield await (began if began.done() else life)
    over.set()
    await life


async def told(client, tool, **arguments):
    """What a tool answers."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    content = result.structured_content
    return content["result"] if set(content) == {"result"} else content


async def refused(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    return result.content[0].text


def documented():
    table = (ROOT / "docs" / "agents.md").read_text()
    rows = re.findall(r"^\| (`\w+`.*?) \|", table, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


async def test_an_agent_mints_pays_answers_moves_the_clock_arms_faults_and_reads_the_verdict(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == documented()
    assert all(tool.description and tool.output_schema for tool in tools.values())
    assert "challenge-otp" in await told(client, "scenarios")

    card = await told(client, "mint_card", scenario="challenge-otp", tries=2)
    paid = await told(client, "pay", pan=card["pan"], expiry=card["expiry"])
    assert (paid["transStatus"], paid["state"]) == ("C", "challenged")
    assert "twice" in (await told(client, "fault_kinds"))["RReq"]
    armed = await told(client, "arm_fault", at="RReq", do="twice", card=card["pan"])
    assert [fault["id"] for fault in await told(client, "faults")] == [armed["id"]]
    wrong = await told(client, "answer", transaction=paid["id"], do="submit", code="wrong")
    assert wrong["tries_left"] == 1
    right = await told(client, "answer", transaction=paid["id"], do="submit", code="correct")
    assert right["trans_status"] == "Y"
    results = await told(client, "messages", transaction=paid["id"], kind="RReq")
    assert {one["message"]["transStatus"] for one in results} == {"Y"}
    assert (await told(client, "transaction", transaction=paid["id"]))["transStatus"] == "Y"
    assert "no fault" in await told(client, "clear_faults")
    assert (await told(client, "move_clock", set="2030-01-01T00:00:00Z")).startswith("2030-01-01T00:00:")
    assert not (await told(client, "move_clock")).startswith("2030")
    found = await told(client, "findings", transaction=paid["id"], severity="good")
    assert {one["severity"] for one in found} <= {"good", "warning"}
    assert all(one["clause"] for one in found)


async def test_a_mistake_is_told_in_the_simulators_words_and_the_server_goes_on():
    with simulator("--fresh") as running:
        async with agent("--url", running.desk) as client:
            assert (await told(client, "addresses"))["ds"] == running.directory_server
            assert "there is no scenario 'challange-otp'" in await refused(
                client, "mint_card", scenario="challange-otp"
            )
            assert "no transaction" in await refused(client, "transaction", transaction=NO_ID)
            assert "do" in await refused(client, "answer", transaction=NO_ID, do="shout")
            assert "nothing" in await refused(client, "arm_fault", at="ARes", do="nothing")
            card = await told(client, "mint_card", scenario="frictionless", scheme="amex")
            paid = await told(client, "pay", pan=card["pan"], expiry=card["expiry"], amount=1)
            assert paid["transStatus"] == "Y"
            assert isinstance(await told(client, "report", transaction=paid["id"], outcome="accepted"), list)


async def test_an_erro_is_explained_and_a_message_checked(client):
    erro = {"messageType": "Erro", "messageVersion": "2.2.0", "errorCode": "203", "errorComponent": "D"}
    erro |= {"errorMessageType": "AReq", "errorDetail": "purchaseAmount, messageExtension[0].id"}
    explained = await told(client, "explain_error", erro=erro)
    assert explained["meaning"] == "The format or value of a data element is not valid"
    assert explained["said_by"] == "Directory Server"
    amount, extension = explained["elements"]
    assert (amount["name"], extension["name"]) == ("purchaseAmount", "messageExtension[0].id")
    assert "digits" in amount["allowed"]
    wrong = json.loads(AREQ.read_text()) | {"purchaseAmount": "12.50"}
    for message in (wrong, json.dumps(wrong)):
        (error,) = (await told(client, "check", message=message))["errors"]
        assert (error["code"], error["element"]) == ("203", "purchaseAmount")


@pytest.mark.parametrize("erro", [{}, {"errorCode": 203, "errorDetail": ["x"]}, {"errorMessageType": "Nothing"}])
def test_an_erro_that_says_little_is_explained_as_far_as_it_goes(erro):
    assert explain(erro).elements == ()


def test_an_address_without_a_simulator_is_said_in_one_line():
    done = acs_sim("mcp", "--url", "http://127.0.0.1:1")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "Error: no 3-D Secure simulator: no simulator answers at http://127.0.0.1:1/api/addresses"
    )
    assert done.stdout == ""
