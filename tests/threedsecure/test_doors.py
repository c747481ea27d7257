"""What a simulator answers to, who may have something changed, and what it never calls for others."""

import pytest

from threedsecure.errors import PeerUnreachable
from threedsecure.web.calling.names import MOST_KNOWN, Names
from threedsecure.web.calling.outward import OutwardTransport
from threedsecure.web.serving.doors import Door, check_caller
from threedsecure.web.wire import Problem, WireRequest, WireResponse

PORTS = {"ports": (8000, 8100, 8200, 8300, 8400), "control_ports": (8000, 8300)}
OUR_HOST = {"host": "127.0.0.1:8000"}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LocalHost:9",
        "localhost.",
        "127.0.0.1:80",
        "127.1.2.3",
        "[::1]:8000",
        "box.test:1",
    ],
)
def test_a_simulator_answers_to_the_loopback_and_to_its_own_names(host):
    names = Names(["Box.test"])
    assert names.answer_to(host)
    assert names.answer_to(host), "the second time by what it remembers"


@pytest.mark.parametrize(
    "host",
    [
        *(
            "",
            "evil.test",
            "localhost.evil.test",
            "evil.test:8000",
            "192.168.1.7",
            "0.0.0.0:8000",
            "127.1",
            "2130706433",
        ),
        *(
            "0x7f.1",
            "[fe80::1]",
            "localhost@evil.test",
            "localhost:80:80",
            "localhost/",
            "127.0.0.1\u0000",
            "l\u00f6calhost",
        ),
        *("x" * 300, "[", "[::1", "box.test", "*"),
    ],
)
def test_a_simulator_answers_to_no_other_name(host):
    assert not Names().answer_to(host)


def test_who_listens_everywhere_answers_to_every_address_and_still_to_no_strangers_name():
    names = Names(any_address=True)
    assert names.answer_to("192.168.1.7:8000")
    assert names.answer_to("[fe80::1]")
    assert not names.answer_to("evil.test")


def test_what_is_remembered_is_bounded():
    names = Names(any_address=True)
    for port in range(MOST_KNOWN + 100):
        assert names.answer_to(f"10.0.0.1:{port}")
    assert len(names._known) == MOST_KNOWN


@pytest.mark.parametrize(
    ("headers", "door"),
    [
        ({}, Door.API),
        ({"sec-fetch-site": "same-origin"}, Door.API),
        ({"sec-fetch-site": "none"}, Door.API),
        ({"origin": "http://127.0.0.1:8000"}, Door.API),
        ({"origin": "https://127.0.0.1:8000"}, Door.API),  # behind somebody who ends TLS
        ({"referer": "http://127.0.0.1:8000/cards?scheme=visa"}, Door.API),
        ({"content-type": "Application/JSON; charset=utf-8"}, Door.API),
        ({"content-type": "application/x-www-form-urlencoded"}, Door.PAGE),
    ],
)
def test_programs_and_the_own_pages_pass(headers, door):
    check_caller(door, WireRequest("POST", "/", b"{}", {**OUR_HOST, **JSON, **headers}))


@pytest.mark.parametrize("door", [Door.API, Door.PAGE])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of this machine is somebody else
        {"sec-fetch-site": ""},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
        {"origin": "null"},
        {"origin": "http://evil.test"},
        {"origin": "http://127.0.0.1:8000.evil.test"},
        {"origin": "http://127.0.0.1:3000"},
        {"origin": "http://["},
        {"referer": "http://evil.test/?http://127.0.0.1:8000"},
        {"origin": ""},
    ],
)
def test_a_page_of_another_origin_changes_nothing(door, method, headers):
    with pytest.raises(Problem) as refused:
        check_caller(door, WireRequest(method, "/", b"{}", {**OUR_HOST, **JSON, **headers}))
    assert refused.value.status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_changes_nothing_may_be_asked_for_from_everywhere(method):
    check_caller(
        Door.API, WireRequest(method, "/", b"", {"sec-fetch-site": "cross-site", "origin": "http://evil.test"})
    )


@pytest.mark.parametrize(
    "told", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"]
)
def test_an_api_reads_nothing_that_a_form_can_send(told):
    with pytest.raises(Problem) as refused:
        check_caller(Door.API, WireRequest("POST", "/", b"{}", {**OUR_HOST, "content-type": told}))
    assert refused.value.status == 415
    check_caller(Door.API, WireRequest("POST", "/", b"", {**OUR_HOST, "content-type": told}))


CONTROLS = [
    "http://127.0.0.1:8100/control/reset",
    "http://localhost:8200/control/rules?a=1#b",
    "https://127.0.0.1:8200/control/reset",
    "http://user:password@127.9.9.9:8400/control/reset",
    "http://[::1]:8400/api/purchases",
    "http://box.test:8200/x/../control/reset",
    "http://BOX.test:8200/%63ontrol/reset",
    "http://127.0.0.1:8000/clock",
    "http://127.0.0.1:8000",
    "http://127.0.0.1:8300/prompts/1",
]
OTHERS = [
    "http://127.0.0.1:5000/control/reset",  # somebody's own 3DS Server
    "http://127.0.0.1:8400/3ds2/results",
    "http://127.0.0.1:8200/3ds2/challenge",
    "http://gateway.test:8200/control/reset",
    "http://10.255.255.1:8000/api/results",
    "http://[",
    "no address",
]


@pytest.mark.parametrize("everywhere", [False, True])
async def test_the_own_controls_are_not_called_for_others(everywhere):
    called = []

    class Anybody:
        async def post(self, url, body, **_more):
            called.append(url)
            return WireResponse()

        async def get(self, url, **_more):
            called.append(url)
            return WireResponse()

        def hand_over(self, url, *_more, **_named):
            called.append(url)
            return WireResponse()

    names = Names(["box.test"], any_address=everywhere, **PORTS)
    outward = OutwardTransport(Anybody(), names, frozenset({"http://127.0.0.1:8300/api/messages"}))
    for url in CONTROLS:
        for asked in (outward.post(url, b"{}", timeout=1), outward.get(url, timeout=1)):
            with pytest.raises(PeerUnreachable, match="controls the simulator"):
                await asked
        assert outward.hand_over(url, {}, None, timeout=1, headers={}) is None
    assert called == []
    for url in [*OTHERS, "http://127.0.0.1:8300/api/messages"]:
        for _ in range(2):
            await outward.post(url, b"{}", timeout=1)
    assert called == [url for url in [*OTHERS, "http://127.0.0.1:8300/api/messages"] for _ in range(2)]
