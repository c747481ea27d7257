"""Nothing that anybody sends makes the gateway answer 500, or hang."""

import pytest

from acs_sim.gateway.app import build
from acs_sim.gateway.settings import GatewaySettings
from tests.support.simulator import runtime

FORM = "application/x-www-form-urlencoded"
BODIES = [
    (FORM, b""),
    (FORM, b"=&=&=&;;;&%00=%00"),
    (FORM, b"cres=%ff&threeDSSessionData=%ff&threeDSMethodData=%ff"),
    (FORM, b"card_number=%F0%9F%92%B3&expiry=%D9%A1&cryptogram=%00&way=card&teapot=%D9%A1&tuning=1e9"),
    (FORM, "é".encode() * 100),
    (FORM, b"a=b&" * 5_000),
    (FORM, b"x" * 100_000),
    ("application/json", b"{" * 10_000),
    ("application/json", b'{"pan":{"$ne":1},"amount":1e400}'),
    ("application/json", b'{"messageType":"RReq","messageVersion":["2.2.0"],"threeDSServerTransID":{}}'),
    ("multipart/form-data; boundary=x", b"--x\r\n"),
    ("", b"\x00\xff"),
]


async def paths() -> list[tuple[str, str]]:
    async with runtime() as shared:
        service = build(shared, GatewaySettings())
        return [(route.method, route.path) for route in service.routes]


@pytest.mark.parametrize(("content_type", "body"), BODIES, ids=range(len(BODIES)))
async def test_nothing_that_is_posted_anywhere_answers_500(world, content_type, body):
    page = await world.to_payment_page()
    token = page.forms["payment-form"]["action"].split("/")[2]
    known = {"{token}": token, "{shop}": "monetico", "{ending}": "ok", "{id}": (await world.newest())["id"]}
    for method, path in await paths():
        if method != "POST" or path == "/control/reset":
            continue
        for pattern, value in known.items():
            path = path.replace(pattern, value)
        async with world.session.post(world.url + path, data=body, headers={"Content-Type": content_type}) as answer:
            await answer.read()
            assert answer.status < 500, path


@pytest.mark.parametrize(
    "query",
    [
        "?lang=%00",
        "?lang[]=fr&window=%ff&version=" + "9" * 5_000,
        "?order=%27%20OR%201=1",
        "?wait=%D9%A1",
        "?signature=%00&=&a",
    ],
)
async def test_nothing_that_is_asked_for_answers_500(world, query):
    for method, path in await paths():
        if method != "GET":
            continue
        for pattern in ("{token}", "{shop}", "{ending}", "{id}"):
            path = path.replace(pattern, "%2e%2e%00'\"<x>")
        async with world.session.get(world.url + path + query) as answer:
            await answer.read()
            assert answer.status < 500, path


@pytest.mark.parametrize("name", ["..%2fapp.py", "%2e%2e/settings.py", "nothing.css", ".hidden"])
async def test_only_what_is_meant_to_be_served_is_served(world, name):
    async with world.session.get(f"{world.url}/static/{name}") as answer:
        assert answer.status == 404
