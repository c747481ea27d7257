"""The 3DS Method page."""

import asyncio
from datetime import timedelta

import pytest

from tests.acs.stage import OTP, base64url, from_base64url, stage
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

NAME = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
DATA = {"threeDSServerTransID": NAME, "threeDSMethodNotificationURL": "http://127.0.0.1:8400/3ds2/method-notification"}


async def test_the_page_calls_back_with_the_transaction(acs):
    shown = await acs.post(acs.url + "/3ds2/method", {"threeDSMethodData": base64url(DATA)})
    assert shown.status == 200
    assert shown.form.action == DATA["threeDSMethodNotificationURL"]
    assert from_base64url(shown.form.fields["threeDSMethodData"]) == {"threeDSServerTransID": NAME}
    assert "=" not in shown.form.fields["threeDSMethodData"]
    assert "frame-ancestors *" in shown.headers["Content-Security-Policy"]


async def test_the_silent_page_has_nothing_to_post(acs):
    shown = await acs.post(acs.url + "/3ds2/method/silent", {"threeDSMethodData": base64url(DATA)})
    assert (shown.status, shown.form.action, shown.form.fields) == (200, "", {})


async def test_the_late_page_calls_back_only_after_its_time_on_the_clock():
    async with stage(method_delay=600.0) as acs:
        late = asyncio.create_task(acs.post(acs.url + "/3ds2/method/late", {"threeDSMethodData": base64url(DATA)}))
        await acs.settled()
        assert not late.done()
        while not late.done():
            acs.runtime.clock.advance(timedelta(minutes=10))
            await acs.settled()
        assert from_base64url((await late).form.fields["threeDSMethodData"]) == {"threeDSServerTransID": NAME}


REQUIRED = compose("visa", SCENARIOS["method-required"])


async def paid(acs, pan, **changes):
    """The ARes, and whether the ACS saw the 3DS Method of it."""
    ares = await acs.ask(pan, **changes)
    return ares["transStatus"], ares.get("transStatusReason"), (await acs.transaction(ares["acsTransID"]))["methodSeen"]


@pytest.mark.parametrize("called", ["/3ds2/method", "/3ds2/method/silent", None])
async def test_a_method_that_was_not_called_although_the_requestor_says_so_is_noticed(acs, called):
    areq = acs.areq(OTP, threeDSCompInd="Y")
    name = areq["threeDSServerTransID"]
    if called:
        data = DATA | {"threeDSServerTransID": name.upper()}
        await acs.post(acs.url + called, {"threeDSMethodData": base64url(data)})
    ares = (await acs.post_areq(areq))[1]
    assert ares["transStatus"] == "C"
    assert (await acs.transaction(ares["acsTransID"]))["methodSeen"] is (called == "/3ds2/method")


@pytest.mark.parametrize("indicator", ["N", "U"])
async def test_nothing_is_noticed_where_nobody_says_that_the_method_was_completed(acs, indicator):
    assert await paid(acs, OTP, threeDSCompInd=indicator) == ("C", None, None)


async def test_an_issuer_can_insist_on_the_method(acs):
    assert await paid(acs, REQUIRED, threeDSCompInd="U") == ("N", "11", None)
    assert await paid(acs, REQUIRED, threeDSCompInd="Y", threeDSServerTransID=NAME) == ("N", "11", False)
    await acs.post(acs.url + "/3ds2/method", {"threeDSMethodData": base64url(DATA)})
    assert await paid(acs, REQUIRED, threeDSCompInd="Y", threeDSServerTransID=NAME) == ("Y", None, True)
    await acs.control("reset")
    assert await paid(acs, REQUIRED, threeDSCompInd="Y", threeDSServerTransID=NAME) == ("N", "11", False)


async def test_a_call_is_remembered_for_a_day(acs):
    await acs.post(acs.url + "/3ds2/method", {"threeDSMethodData": base64url(DATA)})
    acs.runtime.clock.advance(timedelta(days=1, seconds=1))
    other = DATA | {"threeDSServerTransID": "11111111-1111-4111-8111-111111111111"}
    await acs.post(acs.url + "/3ds2/method", {"threeDSMethodData": base64url(other)})
    assert await paid(acs, REQUIRED, threeDSCompInd="Y", threeDSServerTransID=NAME) == ("N", "11", False)


async def test_both_are_in_the_journal(acs):
    for path in ("/3ds2/method", "/3ds2/method/silent"):
        await acs.post(acs.url + path, {"threeDSMethodData": base64url(DATA)})
    entries = await acs.runtime.journal.entries_of(NAME)
    assert [(entry["from"], entry["to"], entry["kind"]) for entry in entries] == [("Browser", "ACS", "3DS Method")] * 2


@pytest.mark.parametrize("path", ["/3ds2/method", "/3ds2/method/silent", "/3ds2/method/late"])
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "threeDSMethodData"),
        ({"threeDSMethodData": "%"}, "203"),
        ({"threeDSMethodData": base64url(b"[]")}, "101"),
        ({"threeDSMethodData": base64url({**DATA, "threeDSServerTransID": "x"})}, "threeDSServerTransID"),
        (
            {"threeDSMethodData": base64url({**DATA, "threeDSMethodNotificationURL": "javascript:alert(1)"})},
            "threeDSMethodNotificationURL",
        ),
        ({"threeDSMethodData": base64url({"threeDSServerTransID": NAME})}, "threeDSMethodNotificationURL"),
        ({"threeDSMethodData": "A" * 60_000}, "threeDSMethodData"),
    ],
)
async def test_what_is_no_method_data_is_told_on_a_page(acs, path, fields, words):
    shown = await acs.post(acs.url + path, fields)
    assert shown.status == 400
    assert words in shown.text
    assert shown.form.action == ""


async def test_what_the_page_saw_of_the_browser_is_noted_and_bounded(acs):
    seen = {"threeDSServerTransID": NAME, "browserLanguage": "fr-FR", "timeZone": "Z" * 999, "unknown": "x"}
    assert (await acs.post(acs.url + "/3ds2/method/seen", seen)).status == 204
    (entry,) = await acs.runtime.journal.entries_of(NAME)
    assert (entry["from"], entry["to"], entry["kind"]) == ("Browser", "ACS", "browser data")
    assert entry["message"] == {"threeDSServerTransID": NAME, "browserLanguage": "fr-FR", "timeZone": "Z" * 256}


@pytest.mark.parametrize("fields", [{}, {"threeDSServerTransID": "x"}, {"threeDSServerTransID": NAME + "\n"}])
async def test_what_names_no_transaction_is_noted_nowhere(acs, fields):
    assert (await acs.post(acs.url + "/3ds2/method/seen", fields)).status == 400
