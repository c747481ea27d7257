"""Odd values everywhere: no endpoint answers 500, none hangs."""

import asyncio
import json

import pytest

from tests.acs.stage import base64url

ODD = [
    None,
    True,
    0,
    -1,
    10**18,
    1.5,
    "",
    " ",
    "\0",
    "\u202e",
    "é" * 100,
    "9" * 5000,
    "0",
    "00000000000000",
    "20260230250000",
    [],
    [[]],
    {},
    {"a": {"b": None}},
    ["01", "01"],
    "http://[",
    "javascript:alert(1)",
    "'; DROP TABLE acs_transaction; --",
    "{{ 7 * 7 }}",
]
RAW = [
    b'{"messageType":"AReq","messageVersion":"2.2.0","x":NaN}',
    b'{"messageType":"AReq","messageVersion":"2.2.0","x":1e400}',
    b'{"messageType":"AReq","messageVersion":"2.2.0","x":"\\ud800"}',
    b'{"messageType":"AReq","messageVersion":"2.2.0","x":' + b"9" * 5000 + b"}",
    b'{"messageType":"AReq","messageVersion":"2.2.0","x":' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"}",
    b'\xef\xbb\xbf{"messageType":"AReq"}',
    b"null",
    b'"AReq"',
]


async def test_no_element_of_an_areq_breaks_the_acs(acs):
    whole = acs.areq()
    messages = [{**whole, name: value} for name in whole for value in ODD]
    for start in range(0, len(messages), 100):
        answers = await asyncio.gather(*(acs.post_areq(message) for message in messages[start : start + 100]))
        assert {status for status, _ in answers} == {200}
        assert {answer["messageType"] for _, answer in answers} <= {"ARes", "Erro"}


@pytest.mark.parametrize("body", RAW, ids=range(len(RAW)))
async def test_no_bytes_break_the_acs(acs, body):
    status, erro = await acs.post_areq(body)
    assert (status, erro["messageType"]) == (200, "Erro")
    shown = await acs.post(acs.url + "/3ds2/challenge", {"creq": base64url(body.replace(b"AReq", b"CReq"))})
    assert shown.status in {200, 400, 404}


async def test_no_element_of_a_creq_breaks_the_acs(acs):
    ares = await acs.ask()
    whole = acs.creq(ares)
    values = [base64url({**whole, name: value}) for name in (*whole, "messageExtension", "sdkTransID") for value in ODD]
    shown = await asyncio.gather(*(acs.post(acs.url + "/3ds2/challenge", {"creq": value}) for value in values))
    assert {each.status for each in shown} <= {200, 400, 404}
    await acs.settled()
    assert len(acs.directory.bodies) == 1


@pytest.mark.parametrize("name", ["acsTransID", "page", "action", "challengeValue", "extra"])
async def test_no_field_of_a_form_breaks_the_acs(acs, name):
    page = await acs.challenge()
    texts = [value if isinstance(value, str) else json.dumps(value) for value in ODD]
    shown = await asyncio.gather(
        *(acs.post(page.form.action, {**page.form.fields, name: text}) for text in texts if text is not None)
    )
    assert {each.status for each in shown} <= {200, 400, 403}
    assert len(acs.directory.bodies) <= 1


@pytest.mark.parametrize(
    "body", [b"%", b"creq=%ff", b"creq", b"&" * 5000, b"\xff\xfe", b"a=1&" * 100, b"creq=" + b"%00" * 100]
)
@pytest.mark.parametrize("path", ["challenge", "challenge/answer", "method", "method/silent"])
async def test_no_form_at_all_breaks_the_acs(acs, path, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with acs.browser.post(f"{acs.url}/3ds2/{path}", data=body, headers=headers) as answer:
        assert answer.status in {400, 403}
        assert "text/html" in answer.headers["Content-Type"]


@pytest.mark.parametrize("path", ["cards", "cards/find", "transactions", "challenge"])
async def test_no_control_call_breaks_the_acs(acs, path):
    bodies = [{name: value} for name in ("pan", "scenario", "ids", "limit", "id") for value in ODD] + ODD
    for body in bodies:
        async with acs.browser.post(f"{acs.url}/control/{path}", json=body) as answer:
            assert answer.status < 500, body
