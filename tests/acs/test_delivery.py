"""The result's way home: the RReq before the CRes, again and again until acknowledged, or given up for a reason."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from acs.settings import Timers
from tests.acs.stage import stage
from tests.support.engine import on_both_engines
from threedsecure.v2.validation.checking import Context, Leg, check

pytestmark = on_both_engines

SECOND = timedelta(seconds=1)
UNKNOWN = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"


async def pass_challenge(acs):
    ares = await acs.ask()
    page = await acs.open(ares)
    return ares["acsTransID"], await acs.type(page, acs.phone.code)


async def test_the_rreq_is_acknowledged_before_the_browser_gets_the_cres(acs):
    acs.directory.hold = asyncio.Event()
    ending = asyncio.create_task(pass_challenge(acs))
    await acs.directory.arrived.wait()
    await acs.settled()
    assert not ending.done()
    acs.directory.hold.set()
    name, end = await ending
    assert end.cres["transStatus"] == "Y"
    kept = await acs.transaction(name)
    assert (kept["state"], kept["results"]["resultsStatus"], kept["results"]["attempts"]) == ("reported", "01", 1)


async def test_a_directory_server_that_keeps_silent_does_not_keep_the_cardholder():
    async with stage(results_timeout=0.2) as acs:
        acs.directory.hold = asyncio.Event()
        name, end = await pass_challenge(acs)
        assert not acs.directory.hold.is_set()
        assert end.cres["transStatus"] == "Y"
        await waited(acs, name, 1)
        acs.directory.hold.set()
        acs.runtime.clock.advance(SECOND)
        assert (await acs.until(name, "reported"))["results"]["attempts"] == 2


async def waited(acs, name, attempts):
    """The delivery of a transaction, once it has been tried `attempts` times and waits for the next one."""
    return (await acs.once(name, lambda found: found["results"]["attempts"] == attempts))["results"]


async def test_the_same_bytes_are_sent_until_acknowledged_on_the_virtual_clock(acs):
    acs.directory.answer = lambda _rreq: (503, b"")
    name, end = await pass_challenge(acs)
    assert end.cres["transStatus"] == "Y"
    pauses = acs.settings.timers.results_retry
    for attempt in (1, 2, 3):
        results = await waited(acs, name, attempt)
        assert results["last_failure"] == "the directory server answered HTTP 503"
        assert len(acs.directory.bodies) == attempt
        acs.runtime.clock.advance(pauses[attempt - 1] - timedelta(milliseconds=1))
        await acs.settled()
        assert len(acs.directory.bodies) == attempt
        if attempt == 3:
            acs.directory.answer = lambda rreq: (200, acs.directory.rres(rreq))
        acs.runtime.clock.advance(timedelta(milliseconds=1))
    kept = await acs.until(name, "reported")
    assert kept["results"]["attempts"] == 4
    assert len(set(acs.directory.bodies)) == 1


async def test_a_connection_that_fails_is_tried_once_more_at_once(acs):
    ares = await acs.ask(dsURL="http://127.0.0.1:1/visa/3ds2")
    end = await acs.type(await acs.open(ares), acs.phone.code)
    assert end.cres["transStatus"] == "Y"
    kept = await acs.transaction(ares["acsTransID"])
    assert kept["state"] == "decided"
    assert "no connection" in kept["results"]["last_failure"]
    entries = await acs.runtime.journal.entries_of(ares["threeDSServerTransID"])
    assert [entry["to"] for entry in entries if entry["kind"] == "connection failed"] == ["Directory Server"]


async def test_after_the_last_attempt_it_is_given_up_with_the_reason():
    timers = replace(Timers(), results_retry=(SECOND, SECOND))
    async with stage(timers=timers) as acs:
        acs.directory.answer = lambda _rreq: (500, b"")
        name, _ = await pass_challenge(acs)
        for attempt in (1, 2):
            await waited(acs, name, attempt)
            acs.runtime.clock.advance(SECOND)
        kept = await acs.until(name, "unreported")
        assert kept["results"]["given_up"] == "given up after 3 attempts: the directory server answered HTTP 500"
        acs.runtime.clock.advance(timedelta(days=1))
        await acs.settled()
        assert len(acs.directory.bodies) == 3


@pytest.mark.parametrize("code", ["402", "403", "405"])
async def test_an_erro_that_says_later_is_tried_again(acs, code):
    acs.directory.answer = lambda _rreq: (200, {"messageType": "Erro", "messageVersion": "2.2.0", "errorCode": code})
    name, end = await pass_challenge(acs)
    assert end.cres["transStatus"] == "Y"
    await waited(acs, name, 1)
    acs.directory.answer = lambda rreq: (200, acs.directory.rres(rreq))
    acs.runtime.clock.advance(SECOND)
    await acs.until(name, "reported")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _rreq: (404, b""), "the directory server answered HTTP 404"),
        (lambda _rreq: (302, b""), "the directory server answered HTTP 302"),
        (
            lambda _rreq: (
                200,
                {"messageType": "Erro", "messageVersion": "2.2.0", "errorCode": "301", "errorDetail": "acsTransID"},
            ),
            "the directory server answered Erro 301: acsTransID",
        ),
    ],
)
async def test_what_will_not_get_better_is_given_up_at_once(acs, answer, reason):
    acs.directory.answer = answer
    name, end = await pass_challenge(acs)
    assert end.cres["transStatus"] == "Y"
    kept = await acs.transaction(name)
    assert (kept["state"], kept["results"]["given_up"]) == ("unreported", reason)
    assert len(acs.directory.bodies) == 1


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"dsTransID": UNKNOWN, "acsTransID": UNKNOWN}, "301", "dsTransID,acsTransID"),
        ({"resultsStatus": None}, "201", "resultsStatus"),
        ({"resultsStatus": "99x"}, "203", "resultsStatus"),
        ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
        ({"messageType": "ARes"}, "101", None),
    ],
)
async def test_a_wrong_rres_is_told_to_the_directory_server_and_the_cres_goes_out(acs, changes, code, detail):
    acs.directory.answer = lambda message: (
        (200, acs.directory.rres(message, **changes)) if len(acs.directory.bodies) == 1 else (200, b"")
    )
    name, end = await pass_challenge(acs)
    assert end.cres["transStatus"] == "Y"
    assert (await acs.until(name, "unreported"))["results"]["given_up"].startswith("the RRes is not valid")
    await acs.directory.until(2)
    erro = acs.directory.received[1]
    check(erro, Context("2.2.0", leg=Leg.ACS_TO_DS))
    assert (erro["messageType"], erro["errorComponent"], erro["errorCode"]) == ("Erro", "A", code)
    assert erro["acsTransID"] == name
    if detail:
        assert erro["errorDetail"] == detail


async def test_an_answer_that_is_no_json_is_told_too(acs):
    acs.directory.answer = lambda _message: (200, b"<html>")
    name, _ = await pass_challenge(acs)
    await acs.until(name, "unreported")


async def test_a_result_that_was_not_delivered_is_delivered_by_the_next_process(tmp_path):
    from tests.support.simulator import runtime

    async with runtime(data=tmp_path) as shared:
        async with stage(shared=shared, results_timeout=0.1) as acs:
            acs.directory.hold = asyncio.Event()
            name, _ = await pass_challenge(acs)
            (left_behind,) = acs.directory.bodies
            await waited(acs, name, 1)
            url = acs.ds_url
        port = int(url.split(":")[2].split("/")[0])
        shared.clock.advance(SECOND)
        async with stage(shared=shared, ds_port=port) as acs:
            kept = await acs.until(name, "reported")
            assert kept["transStatus"] == "Y"
            assert acs.directory.bodies == [left_behind]
