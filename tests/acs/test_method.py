"""The 3DS Method page."""

import pytest

from tests.acs.stage import base64url, from_base64url

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


async def test_both_are_in_the_journal(acs):
    for path in ("/3ds2/method", "/3ds2/method/silent"):
        await acs.post(acs.url + path, {"threeDSMethodData": base64url(DATA)})
    entries = await acs.runtime.journal.entries_of(NAME)
    assert [(entry["from"], entry["to"], entry["kind"]) for entry in entries] == [("Browser", "ACS", "3DS Method")] * 2


@pytest.mark.parametrize("path", ["/3ds2/method", "/3ds2/method/silent"])
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
