"""Every door of a running simulator: the names it answers to, the posts of other sites it takes, whom it calls for others."""

import asyncio
import json
import uuid
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from acs.cards.rules.then import read_then
from acs_sim.commands.cli import main
from acs_sim.gateway.e_transactions.fields import faults
from acs_sim.gateway.monetico.form import _faults as monetico_faults
from acs_sim.running.parties import PARTIES
from acs_sim.running.stack import running_stack
from acs_sim.running.start_screen import start_screen
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports
from tests.support.simulator import runtime
from threedsecure.addresses import is_web_address
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.rules import Rule, RuleError
from threedsecure.v1.grammar.formats import ACS_ADDRESS, MERCHANT_ADDRESS
from threedsecure.v2.grammar.context import Leg
from threedsecure.v2.validation.checking import context_of, violations
from threedsecure.web.serving.doors import SAFE_METHODS, Door

OPEN_TO_EVERYBODY = {
    "ds": {
        *(f"/{scheme}/3ds2" for scheme in (*SCHEMES, "{scheme}")),
        *(f"/{scheme}/3ds1" for scheme in (*V1_SCHEMES, "{scheme}")),
    },
    "acs": {
        *(
            "/3ds2/areq",
            "/3ds2/method",
            "/3ds2/method/silent",
            "/3ds2/method/late",
            "/3ds2/method/seen",
            "/3ds2/app-challenge",
            "/3ds2/operations",
        ),
        *("/3ds2/challenge", "/3ds2/challenge/answer", "/3ds2/challenge/state", "/banking-app/decision"),
        *("/3ds1/vereq", "/3ds1/attempts/vereq", "/3ds1/pareq", "/3ds1/challenge/answer", "/3ds1/root.pem"),
    },
    "phone": set(),
    "desk": set(),
    "shop": {
        *("/3ds2/results", "/3ds2/operations", "/3ds2/notification", "/3ds2/method-notification", "/3ds1/term"),
        *(
            "/shops/e-transactions/ipn",
            "/shops/monetico/cgi2",
            "/paiement.cgi",
            "/test/paiement.cgi",
            "/php/",
            "/PPPS.php",
        ),
        *(
            "/cgi/MYchoix_pagepaiement.cgi",
            "/cgi/ChoixPaiementMobile.cgi",
            "/cgi/FramepagepaiementRWD.cgi",
            "/cgi/MYframepagepaiement_ip.cgi",
        ),
        "/cgi/RemoteMPI.cgi",
    },
}
"""Where pages of other sites, and servers of others, post as the protocols want it. Whoever adds one says why here."""
AREQ = json.loads(Path("fixtures/messages/2.2.0/areq-brw-pa.json").read_bytes())
EVIL = {"Origin": "http://evil.test"}
JSON = {"Content-Type": "application/json"}


async def changing_routes(party):
    """What changes something at a party, and whose door it is."""
    async with runtime() as shared:
        service = PARTIES[party](shared, Settings(fresh=True))
        return {(route.method, route.path): route.door for route in service.routes if route.method not in SAFE_METHODS}


@pytest.mark.parametrize("party", PARTIES)
async def test_no_door_but_those_of_the_protocols_stands_open(party):
    routes = await changing_routes(party)
    assert {path for (_, path), door in routes.items() if door is Door.PROTOCOL} == OPEN_TO_EVERYBODY[party]


@pytest.mark.parametrize("party", PARTIES)
async def test_a_page_of_another_site_changes_nothing_at_any_other_door(stack_of_all, party):
    routes = [key for key, door in (await changing_routes(party)).items() if door is not Door.PROTOCOL]
    own = [("POST", "/control/clock"), ("POST", "/control/faults")]  # what every party has beside its own
    for method, path in [*routes, *own]:
        url = stack_of_all.addresses.of(party) + path.replace("{", "").replace("}", "")
        for headers in (EVIL, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
            assert await asked(method, url, b'{"advance":"1h"}', {**JSON, **headers}) == 403, (method, path)


@pytest.mark.parametrize("party", PARTIES)
async def test_whoever_comes_with_a_browser_where_no_page_is_finds_a_way_on(stack_of_all, party):
    at = stack_of_all.addresses
    posted_to = {path for _, path in await changing_routes(party)}
    async with aiohttp.ClientSession(headers={"Accept": "text/html,*/*;q=0.8"}) as browser:
        for path in ("/nowhere", "/a/long/way", *posted_to):
            async with browser.get(at.of(party) + path.replace("{", "").replace("}", "")) as answer:
                if answer.status in {404, 405} and not path.startswith("/api/"):
                    text = await answer.text()
                    assert answer.content_type == "text/html", path
                    assert "href=" in text.partition("<body")[2] or "You may close this window" in text, path
                assert answer.status < 500, path


@pytest.mark.parametrize("party", PARTIES)
async def test_a_program_is_told_in_json_that_there_is_nothing(stack_of_all, party):
    async with aiohttp.ClientSession() as program, program.get(stack_of_all.addresses.of(party) + "/nowhere") as answer:
        assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.fixture
async def stack_of_all():
    async with running_stack(with_free_ports(Settings(fresh=True, allow_host=("box.test",)))) as running:
        yield running


async def asked(method, url, body=None, headers=None):
    async with aiohttp.ClientSession() as session, session.request(method, url, data=body, headers=headers) as answer:
        await answer.read()
        return answer.status


PATHS = {
    "desk": ("/api/transactions", "/", "/api/events", "/healthz", "/metrics", "/nothing", "/static/desk.css"),
    "ds": ("/visa/3ds2", "/metrics"),
    "acs": ("/3ds2/areq", "/3ds2/challenge", "/readyz"),
    "phone": ("/api/phones", "/api/events", "/"),
    "shop": ("/shops/monetico", "/3ds2/results"),
}


@pytest.mark.parametrize("party", PATHS)
async def test_who_asks_for_a_strangers_name_is_told_nothing_on_any_port(stack_of_all, party):
    for path in PATHS[party]:
        for method in ("GET", "POST"):
            url = stack_of_all.addresses.of(party) + path
            assert await asked(method, url, headers={"Host": "rebound.evil.test:8000"}) == 421, path
    address = stack_of_all.addresses.of(party)
    for host in ("localhost:1", "box.test", "127.0.0.1"):
        assert await asked("GET", address + "/healthz", headers={"Host": host}) == 200


async def test_a_message_for_a_strangers_name_is_refused_where_whole_posts_pass_the_router(stack_of_all):
    url = stack_of_all.addresses.ds + "/visa/3ds2"
    assert await asked("POST", url, b"{}", {**JSON, "Host": "evil.test"}) == 421
    assert await asked("POST", url, b"{}", JSON) == 200, "an Erro"


@pytest.mark.parametrize(
    ("version", "host", "status"), [("1.1", "", 400), ("1.0", "", 200), ("1.1", "Host: localhost\r\n", 200)]
)
async def test_a_request_without_a_host_is_one_of_http_1_0(stack_of_all, version, host, status):
    port = stack_of_all.settings.port("desk")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /healthz HTTP/{version}\r\n{host}Connection: close\r\n\r\n".encode())
    assert int((await reader.readline()).split()[1]) == status
    writer.close()


async def test_the_json_apis_read_json_alone(stack_of_all):
    addresses = stack_of_all.addresses
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for url in (addresses.desk + "/api/clock", addresses.acs + "/control/clock", addresses.phone + "/api/messages"):
        assert await asked("POST", url, b'{"advance":"1h"}', form) == 415
    assert stack_of_all.clock.setting.ahead.total_seconds() == 0


async def test_what_the_apis_tell_is_kept_by_nobody_and_is_what_it_says(stack_of_all):
    at = stack_of_all.addresses
    for url in (at.phone + "/api/phones", at.desk + "/api/cards", at.desk + "/api/nothing", at.shop + "/api/purchases"):
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "spelling", ["http://127.0.0.1:{port}", "http://localhost:{port}", "http://a@127.0.0.2:{port}"]
)
async def test_no_result_is_posted_to_what_controls_the_simulator(stack_of_all, spelling):
    stack = stack_of_all
    own = spelling.format(port=stack.settings.port("acs")) + "/control/reset"
    areq = {
        **AREQ,
        "threeDSRequestorChallengeInd": "04",
        "threeDSServerTransID": str(uuid.uuid4()),
        "threeDSServerURL": own,
        "notificationURL": stack.addresses.shop + "/3ds2/notification",
    }
    async with aiohttp.ClientSession() as session:
        card = {"scheme": "visa", "scenario": "challenge-otp"}
        async with session.post(stack.addresses.desk + "/api/cards", json=card) as answer:
            areq["acctNumber"] = (await answer.json())["pan"]
        async with session.post(stack.addresses.ds + "/visa/3ds2", json=areq) as answer:
            assert (await answer.json())["transStatus"] == "C"
        act = f"{stack.addresses.desk}/api/transactions/{areq['threeDSServerTransID']}/cardholder"
        async with session.post(act, json={"do": "cancel"}) as answer:
            assert answer.status == 200, await answer.text()
    for _ in range(100):
        entries = await stack.runtime.journal.entries_of(areq["threeDSServerTransID"])
        failed = [entry["message"] for entry in entries if entry["kind"] == "connection failed"]
        if failed:
            break
        await asyncio.sleep(0.05)
    assert "controls the simulator" in failed[0]["reason"]


def test_who_listens_everywhere_is_told_who_can_reach_what():
    words = [line for line in start_screen(Settings(host="0.0.0.0")).splitlines() if line.startswith("Open to")]
    assert len(words) == 1
    assert "8000, 8100, 8200, 8300, 8400" in words[0]
    assert "Open to every" not in start_screen(Settings())


def test_more_names_are_a_flag_a_variable_and_a_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(main, ["up", "--print-config", "--allow-host", "box.test, box"]).output
    assert 'allow-host = ["box.test", "box"] # flag' in " ".join(shown.split())
    shown = CliRunner().invoke(main, ["up", "--print-config"], env={"ACS_SIM_ALLOW_HOST": "box.test"}).output
    assert 'allow-host = ["box.test"] # environment' in " ".join(shown.split())
    refused = CliRunner().invoke(main, ["up", "--print-config", "--allow-host", "http://box"])
    assert refused.exit_code == 2
    assert "allow-host" in refused.output


async def test_no_page_of_the_desk_the_phone_or_the_shops_is_shown_in_a_strangers_frame(stack_of_all):
    at = stack_of_all.addresses
    desk = f"http://127.0.0.1:{stack_of_all.settings.port('desk')}"
    pages = {
        at.desk: (
            "/",
            "/demo",
            "/app",
            "/cards",
            "/transactions/rows",
            "/transactions/x/conversation",
            "/faults",
            "/rules",
        ),
        at.phone: ("/", "/phones/+33639981101", "/phones/nobody"),
        at.shop: ("/", "/log", "/shops/monetico", "/log/x"),
    }
    for address, paths in pages.items():
        for path in paths:
            async with aiohttp.ClientSession() as session, session.get(address + path) as answer:
                if answer.content_type != "text/html":
                    continue
                policy = answer.headers["Content-Security-Policy"]
                ancestors = policy.partition("frame-ancestors ")[2].partition(";")[0].split()
                assert ancestors[0] == "'self'", path
                assert "*" not in ancestors
                assert address == at.desk or desk in ancestors
                assert answer.headers["Server"] == "acs-sim"


READ_IN_TWO_WAYS = (
    *(
        "https://evil\\@127.0.0.1/",
        "http://evil.test\\.127.0.0.1/",
        "http://a b/",
        "http://a\n/",
        "http:///x",
        "//a/",
        "ftp://a/",
    ),
    *("javascript:alert(1)", "http://", "http://[", "http://a:0/", "http://a:99999/", "http://" + "a" * 2100, ""),
)


@pytest.mark.parametrize("text", READ_IN_TWO_WAYS)
async def test_an_address_that_is_read_in_two_ways_is_refused_everywhere(stack_of_all, text):
    at = stack_of_all.addresses
    assert not is_web_address(text)
    message = {"to": "+33639981101", "from": "BANQUE", "body": "x", "callback": text}
    async with aiohttp.ClientSession() as session:
        async with session.post(at.phone + "/api/messages", json=message) as answer:
            assert answer.status == 400
        form = {"PaReq": "eJw", "TermUrl": text, "MD": ""}
        async with session.post(at.acs + "/3ds1/pareq", data=form) as answer:
            assert answer.status == 400
            assert "TermUrl" in await answer.text()


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:5000/x?a=b#c", "https://user@shop.test/", "HTTPS://[::1]:8000", "http://é.test/ü"]
)
def test_an_address_that_everybody_reads_alike_is_taken(text):
    assert is_web_address(text)


KNOWN = {"{number}": "+33639981101", "{pan}": "4000000001000001", "{form}": "svg", "{message}": "AReq", "{name}": "x"}


def reached(path):
    for name, value in KNOWN.items():
        path = path.replace(name, value)
    return path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("party", PARTIES)
async def test_whatever_is_answered_says_what_it_is_who_may_keep_it_and_who_may_frame_it(stack_of_all, party):
    """Every path that can be asked for, whatever it answers: pages and JSON, right and wrong, with codes or without."""
    message = {"to": "+33639981101", "from": "BANQUE", "body": "Votre code: 407115"}
    async with runtime() as shared:
        service = PARTIES[party](shared, Settings(fresh=True))
        asked_for = {route.path: route.door for route in service.routes if route.method == "GET"}
    base, missing = stack_of_all.addresses.of(party), {}
    async with aiohttp.ClientSession() as session:
        async with session.post(stack_of_all.addresses.phone + "/api/messages", json=message) as answer:
            assert answer.status == 201
        for path, door in asked_for.items() | {("/nothing", Door.API), ("/static/nothing", Door.API)}:
            async with session.get(base + reached(path), allow_redirects=False) as answer:
                missing[path] = wants(answer, door) - said_by(answer)
    assert {path: lacks for path, lacks in missing.items() if lacks} == {}


def wants(answer, door):
    told = {"Server: acs-sim"}
    if answer.status == 303:
        return told
    if answer.content_type == "text/html":
        return told | {"X-Content-Type-Options: nosniff", "Cache-Control: no-store", "policy"}
    return told | {"X-Content-Type-Options: nosniff"} | ({"Cache-Control: no-store"} if door is Door.API else set())


def said_by(answer):
    said = {f"{name}: {value}" for name, value in answer.headers.items()}
    policy = answer.headers.get("Content-Security-Policy", "")
    return said | ({"policy"} if "default-src 'none'" in policy and "frame-ancestors" in policy else set())


def in_an_areq(name, text):
    message = {**AREQ, name: text}
    return name in [each.element for each in violations(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))]


def to_a_service_that_decides(_name, text):
    with pytest.raises(RuleError):
        read_then(Rule("asked", "AReq", (), {"decides": text}))
    return True


ADDRESSES = {
    **dict.fromkeys(("threeDSServerURL", "notificationURL", "threeDSRequestorURL"), in_an_areq),
    **dict.fromkeys(("PBX_EFFECTUE", "PBX_ATTENTE", "PBX_REPONDRE_A"), lambda name, text: any(faults({name: text}))),
    **dict.fromkeys(("url_retour_ok", "url_retour_err"), lambda name, text: any(monetico_faults({name: text}))),
    "VERes.CH.url": lambda _name, text: not ACS_ADDRESS.accepts(text),
    "Merchant.url": lambda _name, text: not MERCHANT_ADDRESS.accepts(text),
    "then.decides": to_a_service_that_decides,
}
"""Every address that a peer writes into a message, a form or a rule, and who refuses it there."""


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_message_form_or_rule_takes_an_address_that_is_read_in_two_ways(name):
    taken = [text for text in READ_IN_TWO_WAYS if text and not ADDRESSES[name](name, text)]
    assert taken in ([], ["http://a:0/", "http://a:99999/"]), "a port that nobody listens at is read alike"
