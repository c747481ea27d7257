"""`/api/transactions`: found by any id, told as the directory server and the ACS see them, with every message."""

import json
from pathlib import Path

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.world import ACS_ID, DS_ID, SERVER_ID, row
from tests.support.ports import with_free_ports
from threedsecure.web.journal import MOST_UNHEARD

AREQ = {
    "messageType": "AReq",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": SERVER_ID,
    "acctNumber": "4000000001000001",
    "purchaseAmount": "4200",
    "purchaseCurrency": "978",
    "purchaseExponent": "2",
    "merchantName": "Librairie Exemple",
}
GOLDEN = json.loads(Path("fixtures/messages/2.2.0/areq-brw-pa.json").read_bytes())
ARES = {
    "messageType": "ARes",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": SERVER_ID,
    "dsTransID": DS_ID,
    "acsTransID": ACS_ID,
    "transStatus": "C",
}


def journal(stack) -> None:
    record, now = stack.runtime.journal.record, stack.clock.now()
    record(now, "3DS Server", "Directory Server", "AReq", AREQ)
    record(now, "Directory Server", "3DS Server", "ARes", ARES, status=200, took_ms=12.3456)


async def test_transactions_are_told_by_both_the_directory_server_and_the_acs(call):
    status, document, _ = await call("GET", "/api/transactions")
    (one,) = document["transactions"]
    assert status == 200
    assert one["id"] == SERVER_ID
    assert (one["state"], one["transStatus"], one["pan"]) == ("challenged", "C", "400000******0001")
    assert one["challenge"]["state"] == "waiting"


async def test_an_acs_that_knows_nothing_of_it_leaves_the_challenge_empty(call, world):
    world.rows = [row(acsTransID="00000000-0000-4000-8000-000000000000"), row(acsTransID=None)]
    _, document, _ = await call("GET", "/api/transactions")
    assert [one["challenge"] for one in document["transactions"]] == [None, None]


async def test_filters_are_the_directory_servers_business(call, world):
    query = "pan=4000000001000001&state=challenged&since=2026-06-15T13:00:00%2B02:00&limit=7"
    await call("GET", f"/api/transactions?{query}")
    assert world.asked[-1] == {
        "pan": "4000000001000001",
        "state": "challenged",
        "since": "2026-06-15T11:00:00+00:00",
        "limit": 7,
    }


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-06-15T12:00:00", "limit=0", "limit=1e3", "limit=99999", "colour=red"]
)
async def test_a_filter_that_cannot_be_read_is_refused_by_name(call, query):
    status, problem, headers = await call("GET", f"/api/transactions?{query}")
    assert (status, headers["Content-Type"]) == (400, "application/problem+json")
    assert query.split("=")[0] in problem["detail"]


async def test_transactions_of_a_card_that_does_not_exist_are_not_an_empty_list(call):
    status, problem, _ = await call("GET", "/api/transactions?pan=4242424242424242")
    assert (status, "does not know the card 424242******4242" in problem["detail"]) == (404, True)


@pytest.mark.parametrize("identifier", [SERVER_ID, DS_ID, ACS_ID])
async def test_any_of_its_ids_finds_it(call, stack, identifier):
    journal(stack)
    status, one, _ = await call("GET", f"/api/transactions/{identifier}")
    assert (status, one["id"]) == (200, SERVER_ID)


@pytest.mark.parametrize("identifier", ["nobody", "x" * 65, "%00", "..%2f..%2fetc"])
async def test_an_id_that_nothing_goes_by_is_not_found(call, world, identifier):
    world.rows = []
    status, problem, headers = await call("GET", f"/api/transactions/{identifier}")
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert "no transaction goes by" in problem["detail"]


async def test_a_transaction_that_the_directory_server_refused_is_still_found_by_its_messages(call, stack, world):
    world.rows = []
    journal(stack)
    status, one, _ = await call("GET", f"/api/transactions/{SERVER_ID}")
    assert (status, one["id"], one["state"]) == (200, SERVER_ID, None)


async def test_messages_are_decoded_in_order_and_hold_no_card_number(call, stack):
    journal(stack)
    _, document, _ = await call("GET", f"/api/transactions/{ACS_ID}/messages")
    areq, ares = document["messages"]
    assert (areq["from"], areq["to"], areq["kind"]) == ("3DS Server", "Directory Server", "AReq")
    assert areq["message"]["acctNumber"] == "400000******0001"
    assert (ares["kind"], ares["status"], ares["took_ms"]) == ("ARes", 200, 12.346)
    assert "status" not in areq


async def test_a_transcript_is_the_whole_transaction_as_one_file(call, stack):
    journal(stack)
    _, document, headers = await call("GET", f"/api/transactions/{SERVER_ID}/transcript")
    assert headers["Content-Disposition"] == f'attachment; filename="transcript-{SERVER_ID}.json"'
    assert document["format"] == "acs-sim transcript 1"
    assert document["transaction"]["id"] == SERVER_ID
    assert [hop["kind"] for hop in document["hops"]] == ["AReq", "ARes"]
    assert document["hops"][0]["offset_ms"] == 0
    assert {"took_ms", "threeDSServerTransID", "at"} <= set(document["volatile"])
    assert "4000000001000001" not in json.dumps(document)


async def test_a_transcript_is_to_be_had_as_an_http_archive(call, stack):
    journal(stack)
    _, document, headers = await call("GET", f"/api/transactions/{SERVER_ID}/transcript?format=har")
    assert headers["Content-Disposition"] == f'attachment; filename="transcript-{SERVER_ID}.har"'
    assert document["log"]["version"] == "1.2"
    assert [entry["response"]["status"] for entry in document["log"]["entries"]] == [200]


async def test_a_transcript_in_a_form_that_nobody_knows_is_refused(call, stack):
    journal(stack)
    status, document, _ = await call("GET", f"/api/transactions/{SERVER_ID}/transcript?format=pcap")
    assert (status, document["detail"]) == (400, "format is one of transcript, har")


async def test_messages_are_streamed_as_they_fly(stack):
    async with aiohttp.ClientSession() as session, session.get(f"{stack.addresses.desk}/api/events") as events:
        assert await events.content.readline() == b": listening\n"
        journal(stack)
        assert await events.content.readline() == b"\n"
        line = await events.content.readline()
    entry = json.loads(line.removeprefix(b"data: "))
    assert (entry["kind"], entry["message"]["acctNumber"]) == ("AReq", "400000******0001")


async def test_a_stream_can_keep_to_one_transaction(stack):
    url = f"{stack.addresses.desk}/api/events?transaction={ACS_ID}"
    async with aiohttp.ClientSession() as session, session.get(url) as events:
        await events.content.readuntil(b"\n\n")
        other = {"messageType": "AReq", "threeDSServerTransID": "00000000-0000-4000-8000-000000000000"}
        stack.runtime.journal.record(stack.clock.now(), "3DS Server", "Directory Server", "AReq", other)
        journal(stack)
        line = await events.content.readline()
    assert json.loads(line.removeprefix(b"data: "))["transaction_id"] == SERVER_ID


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\u0085", "\n", "\r\n", "\r", "\x1c"])
async def test_what_ends_a_line_elsewhere_ends_none_of_a_stream(stack, end):
    name = f"Librairie{end}Exemple"
    message = {"messageType": "AReq", "threeDSServerTransID": SERVER_ID, "merchantName": name}
    async with aiohttp.ClientSession() as session, session.get(f"{stack.addresses.desk}/api/events") as events:
        await events.content.readuntil(b"\n\n")
        stack.runtime.journal.record(stack.clock.now(), "3DS Server", "Directory Server", "AReq", message)
        event = await events.content.readuntil(b"\n\n")
    assert json.loads(event.removeprefix(b"data: "))["message"]["merchantName"] == name


async def test_a_reader_that_stalls_holds_no_more_than_its_share_and_is_told_what_it_missed(stack):
    entry = {"at": "2026-01-01T00:00:00.000+00:00", "kind": "AReq", "transaction_id": SERVER_ID, "text": "x" * 2000}
    async with aiohttp.ClientSession() as session, session.get(f"{stack.addresses.desk}/api/events") as events:
        await events.content.readuntil(b"\n\n")
        (listener,) = stack.runtime.journal._subscribers
        for _ in range(3 * MOST_UNHEARD):
            listener.offer(entry)
        for _ in range(MOST_UNHEARD):
            await events.content.readuntil(b"\n\n")
        listener.offer(entry)
        told = json.loads((await events.content.readuntil(b"\n\n")).removeprefix(b"data: "))
    assert (told["kind"], told["message"]) == ("left out", {"entries": 2 * MOST_UNHEARD})


async def test_a_party_that_does_not_run_is_named(world):
    from acs_sim.running.stack import running_stack
    from acs_sim.settings.settings import Settings
    from tests.support.ports import with_free_ports

    settings = with_free_ports(Settings(fresh=True, only=("desk",)))
    async with running_stack(settings, parties=world.parties()), aiohttp.ClientSession() as session:
        async with session.get(f"{settings.addresses.desk}/api/transactions") as answer:
            problem = await answer.json(content_type=None)
            assert (answer.status, problem["party"]) == (502, "ds")
            assert settings.addresses.ds in problem["detail"]
        async with session.post(f"{settings.addresses.desk}/api/reset") as answer:
            assert (await answer.json())["unreachable"] == ["shop", "ds", "acs", "phone"]
        async with session.get(f"{settings.addresses.desk}/") as page:
            assert (page.status, "Waiting for your first AReq" in await page.text()) == (200, True)


async def test_each_of_two_authentications_with_one_three_ds_server_trans_id_is_found_by_its_own_ids():
    async with running_stack(with_free_ports(Settings(fresh=True))) as stack, aiohttp.ClientSession() as session:
        told = []
        for _ in range(2):
            async with session.post(stack.addresses.ds + "/visa/3ds2", json=GOLDEN) as answer:
                told.append(await answer.json())
        assert told[0]["acsTransID"] != told[1]["acsTransID"]
        for ares in told:
            for name in (ares["acsTransID"], ares["dsTransID"], ares["acsTransID"].upper()):
                async with session.get(f"{stack.addresses.desk}/api/transactions/{name}") as answer:
                    assert (await answer.json())["acsTransID"] == ares["acsTransID"]
