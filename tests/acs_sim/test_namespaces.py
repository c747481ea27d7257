"""Namespaces: several test runs at one simulator, each with all that it sees to itself."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import aiohttp
import pytest
from click.testing import CliRunner

from acs_sim.commands.cli import main
from acs_sim.commands.simulator import HINT, NO_SIMULATOR
from acs_sim.desk.app import PAGES
from acs_sim.desk.operations import OPERATIONS
from acs_sim.running import home
from acs_sim.running.namespaces import MOST, Hosted, why_none, within
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.names import names_of
from acs_sim.settings.settings import Settings
from acs_sim.testing.session import calls_to
from acs_sim.testing.values import SimulatorRefused
from tests.acs_sim.conftest import Caller
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.support.third_party import three_ds_server
from threedsecure.web.clock import Clock
from threedsecure.web.scheduler import Loops
from threedsecure.web.wire import Problem

SEED = 7
FRICTIONLESS = home.beside(Path("fixtures/scenarios/frictionless.yaml"))
OTHERS = "0bd1d4f2-9c0f-4b7e-9f0a-6f1d4c1f6a10"
"""The id of a transaction."""


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=SEED))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


@pytest.fixture
async def call(stack) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, stack.addresses.desk)


@pytest.fixture
async def made(call) -> AsyncIterator:
    """Makes a namespace that ends with the test, and calls one of its parties."""
    names = []

    async def make(name: str, party: str = "desk", **wish) -> Caller:
        _, document, _ = await call("PUT", f"/api/namespaces/{name}", json=wish)
        names.append(name)
        return Caller(call._session, document["addresses"][party])

    yield make
    for name in names:
        await call("DELETE", f"/api/namespaces/{name}")


async def pay(calls, card) -> str:
    return await calls.buy({"pan": card.pan, "expiry": card.expiry, "amount": 4200})


async def test_two_suites_with_the_same_card_numbers_run_at_once_and_neither_sees_the_other(stack):
    paid, over = asyncio.Barrier(2), asyncio.Barrier(2)

    async def suite(name: str, *, late: bool) -> dict:
        async with calls_to(stack.addresses.desk, name) as calls:
            await calls.seed(SEED)
            card, began = await calls.mint("visa", "challenge-otp", {}), await calls.now()
            payment = await pay(calls, card)
            await paid.wait()
            if late:
                await calls.arm({"at": "RReq", "do": "twice"})
                await calls.move_clock(advance="1h")
            else:
                await calls.act(payment, {"do": "submit", "code": "correct"}, PATIENCE_SECONDS)
            await over.wait()
            return {
                "the same": (card.pan, card.phone, payment),
                "ended": (await calls.result(payment, PATIENCE_SECONDS)).trans_status,
                "transactions": len(await calls.transactions_of(None)),
                "texts": len(await calls.texts(card.phone)),
                "faults": len(calls.armed),
                "hours": (await calls.now() - began) // timedelta(hours=1),
            }

    one, other = await asyncio.gather(suite("one", late=False), suite("other", late=True))
    assert one["the same"] == other["the same"]
    assert {**one, "the same": 0} == {
        "the same": 0,
        "ended": "Y",
        "transactions": 1,
        "texts": 1,
        "faults": 0,
        "hours": 0,
    }
    assert {**other, "the same": 0} == {
        "the same": 0,
        "ended": "N",
        "transactions": 1,
        "texts": 0,
        "faults": 1,
        "hours": 1,
    }


SAY_NOTHING = {
    "/api/events",
    "/api/ca.pem",
    "/find",
    "/compare",
    "/elements",
    "/elements/{message}",
    "/check",
    "/api/docs",
}
READ = {
    "desk": sorted(
        {one.path for one in OPERATIONS if one.method == "GET"} | {path for method, path, _ in PAGES if method == "GET"}
    ),
    "phone": ["/", "/?q={phone}", "/api/phones", "/api/phones/{phone}/messages", "/phones/{phone}"],
    "shop": ["/", "/log", "/log/{id}", "/api/purchases/{id}"],
}
"""Whatever tells what there is."""


async def test_nothing_that_one_namespace_tells_says_what_another_one_holds(stack, call, made):
    """By every call and every page that lists, asked with the identifiers of what the other one holds."""
    full, empty = await made("full"), await made("empty")
    async with calls_to(full.base) as calls:
        card = await calls.mint("visa", "challenge-otp", {})
        payment = await pay(calls, card)
        await calls.act(payment, {"do": "submit", "code": "wrong"}, PATIENCE_SECONDS)
        await full(
            "POST", "/api/rules", json={"name": "only-here", "if": {"message": "AReq"}, "then": {"transStatus": "Y"}}
        )
        await calls.arm({"at": "RReq", "do": "delay", "seconds": 5, "transaction": OTHERS})
        held = [*await identifiers_of(calls, payment), card.phone, "only-here", OTHERS, card.pan[-8:]]
    asked = {"id": payment, "pan": card.pan, "phone": quote(card.phone)}
    told = {"full": 0, "empty": 0, "first": 0}
    for party, paths in READ.items():
        bases = {"full": full.base, "empty": empty.base, "first": call.base}
        for name, desk in bases.items():
            base = desk.replace(stack.addresses.desk, stack.addresses.of(party))
            for path in {*paths} - SAY_NOTHING:
                answer = await text_of(call, base + re.sub(r"{(\w+)}", lambda name: asked.get(name[1], "x"), path))
                for echoed in asked.values() if name != "full" else ():
                    answer = answer.replace(unquote(echoed), "").replace(echoed, "")
                told[name] += any(one in answer for one in held)
    assert told["full"] > 12
    assert told == {**told, "empty": 0, "first": 0}


async def identifiers_of(calls, payment: str) -> list[str]:
    status = await calls.status(payment)
    return [status.document[name] for name in ("dsTransID", "acsTransID")]


async def text_of(call, address: str) -> str:
    async with call._session.get(address) as answer:
        return unescape(await answer.text())


LINK = re.compile(r'\s(?:href|src|action|formaction|data-[a-z]+)="(/[^"]*|https?://[^"]*)"')


async def test_every_link_of_every_page_of_a_namespace_stays_in_it(stack, made):
    """From page to page as a visitor goes, through the shops and the phone, too. One link leads out: to those who list them
    all. What the documents link to elsewhere is not looked at."""
    desk = await made("linked")
    async with calls_to(desk.base) as calls:
        card = await calls.mint("visa", "challenge-otp", {})
        await calls.act(await pay(calls, card), {"do": "resend"}, PATIENCE_SECONDS)
        to_see = [calls.addresses.of(party) + "/" for party in ("desk", "phone", "shop")]
    outside, broken, seen = set(), set(), set()
    async with aiohttp.ClientSession() as session:
        while to_see:
            seen.add(shape(address := to_see.pop()))
            async with session.get(address) as answer:
                if answer.status >= 500 or answer.status == 404:
                    broken.add(address)
                page = unescape(await answer.text()) if answer.content_type == "text/html" else ""
            links = {urljoin(address, link).partition("#")[0] for link in LINK.findall(page)}
            here = {link for link in links if urlsplit(link).hostname == urlsplit(address).hostname}
            outside |= {(address, link) for link in here if not urlsplit(link).path.startswith("/~linked/")}
            to_see += {shape(link): link for link in links if is_page(link) and shape(link) not in seen}.values()
    assert len(seen) > 25
    assert not broken
    assert {link for _, link in outside} == {f"{stack.addresses.desk}/namespaces"}


def is_page(address: str) -> bool:
    """What is followed: no stream, and nothing that is only posted to."""
    within = urlsplit(address).path.startswith("/~linked/")
    return within and not re.search(r"/api/events|/demo/messages|/static/|/pay/|answer|/clock|/reset|/act$", address)


def shape(address: str) -> str:
    """What tells one kind of page from another."""
    return re.sub(r"=[^&]*|(?<=/)(?=[^/]*[0-9])[^/?]+|(?<=elements/)[^/?]+|(?<=/docs/)[^?]+", "", address)


async def test_what_is_posted_straight_to_a_namespace_reaches_it_until_it_ends(call, made):
    """By one connection, whose heads the edge knows by then."""
    directory_server = await made("straight", "ds")
    with three_ds_server() as server:
        areqs = [json.dumps(server.areq("4000000000000002")) for _ in range(3)]
        kinds = [(await directory_server("POST", "/visa/3ds2", data=areq))[1]["messageType"] for areq in areqs]
        listed = (await call("GET", "/~straight/api/transactions"))[1]["transactions"]
        await call("DELETE", "/api/namespaces/straight")
        gone = await directory_server("POST", "/visa/3ds2", data=areqs[0])
    assert kinds == ["ARes"] * 3
    assert len(listed) == 3
    assert gone[0] == 404
    assert "PUT /api/namespaces/straight" in gone[1]["detail"]


async def test_a_namespace_is_made_once_and_lists_itself_with_its_neighbours(call, made):
    status, document, _ = await call("PUT", "/api/namespaces/once", json={"idle": "30m"})
    again = (await call("PUT", "/api/namespaces/once", json={}))[1]
    listed = [one["name"] for one in (await call("GET", "/api/namespaces"))[1]["namespaces"]]
    left = (await call("DELETE", "/api/namespaces/once"))[1]["namespaces"]
    assert (status, document["new"], again["new"], document["idle_seconds"]) == (200, True, False, 1800)
    assert listed == ["once"]
    assert left == []
    assert (await call("DELETE", "/api/namespaces/once"))[0] == 404


@pytest.mark.parametrize(
    "name", ["A", "-a", "a-", "a_b", "a.b", "a%2Fb", "..", "%2e%2e", "a" * 33, "ä", "%00", "~a", "a%20", " "]
)
async def test_a_name_that_is_none_makes_nothing(call, name):
    status, _, _ = await call("PUT", f"/api/namespaces/{name}", json={})
    assert status in {400, 404, 405}
    assert (await call("GET", "/api/namespaces"))[1] == {"namespaces": []}


@pytest.mark.parametrize(
    "path",
    [
        "/~inner/../api/cards",
        "/~inner%2Fapi/clock",
        "/~INNER/api/clock",
        "/~inner/~inner/api/clock",
        "/~inner//api/clock",
    ],
)
async def test_a_path_leads_into_a_namespace_by_its_name_alone(call, made, path):
    await made("inner")
    async with call._session.get(call.base.replace("http://", "http://") + path) as answer:
        inner = (await answer.text()) if answer.status == 200 else ""
    assert answer.status == 404 or (str(answer.url.path) == "/api/cards" and inner)


async def test_within_a_namespace_none_is_made_and_none_is_shown(call, made):
    inner = await made("within")
    for method, path in (("GET", ""), ("PUT", "/deeper"), ("DELETE", "/within")):
        status, problem, _ = await inner(method, f"/api/namespaces{path}")
        assert status == 409
        assert "this is namespace 'within'" in problem["detail"]


async def test_a_page_of_another_site_makes_no_namespace(call):
    headers = {"Origin": "https://elsewhere.example", "Content-Type": "application/json"}
    assert (await call("PUT", "/api/namespaces/foreign", data="{}", headers=headers))[0] == 403
    assert (await call.text("GET", "/~foreign/"))[0] == 404


async def test_a_namespace_without_its_slash_is_shown_all_the_same(call, made):
    await made("bare")
    _, _, headers = await call.text("GET", "/~bare")
    assert headers["Location"] == "/~bare/"


async def test_a_seeded_simulator_gives_each_namespace_a_sequence_of_its_own(made):
    drawn = [
        (await (await made(name, **wish))("POST", "/api/cards", json={"scheme": "visa", "scenario": "frictionless"}))[
            1
        ]["pan"]
        for name, wish in (("alike", {"seed": 5}), ("alike-2", {"seed": 5}), ("third", {}), ("fourth", {}))
    ]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


async def commanded(*arguments: str) -> tuple[int, str]:
    """As on a command line, beside the simulator that it is about."""
    done = await asyncio.to_thread(CliRunner().invoke, main, arguments)
    return done.exit_code, done.output


async def test_commands_are_about_the_namespace_that_they_name(stack, made):
    """A scenario is played there, and what was played is found there and nowhere else."""
    at = ("--url", stack.addresses.desk, "--namespace", "typed")
    played = await commanded("run", str(FRICTIONLESS), *at, "-k", "without and bank")
    assert played[0] == 0, played
    desk = await made("typed")
    (payment,) = [one["id"] for one in (await desk("GET", "/api/transactions"))[1]["transactions"]]
    assert (await commanded("transcript", payment, *at))[0] == 0
    status, words = await commanded("transcript", payment, *at[:2])
    assert (status, f"no transaction goes by '{payment}'" in words) == (2, True)
    status, words = await commanded("tail", *at[:2], "--namespace", "nobodys")
    assert (status, "there is no namespace 'nobodys' here" in words) == (2, True)


ABOUT_ONE = {
    "tail": ("tail",),
    "wait": ("phone", "wait", "+33639981101"),
    "transcript": ("transcript", "an-id"),
    "trigger": ("trigger", "frictionless", "--to", "http://127.0.0.1:1/results"),
    "run": ("run", str(FRICTIONLESS)),
    "explore": ("explore", "--plays", "1", "--namespace", "own"),
}


@pytest.mark.parametrize("where", [("--url", "http://127.0.0.1:1"), ("--port-base", "1", "--namespace", "own")])
@pytest.mark.parametrize("command", ABOUT_ONE.values(), ids=ABOUT_ONE)
def test_every_command_that_finds_no_simulator_says_so_alike(command, where):
    done = CliRunner().invoke(main, [*command, *where])
    assert done.exit_code == NO_SIMULATOR
    assert "the desk at http://127.0.0.1:1 does not answer" in done.output
    assert HINT in done.output


@pytest.mark.parametrize("command", [("tail",), ("phone", "wait", "+33639981101"), ("run", str(FRICTIONLESS))])
def test_a_namespace_that_can_be_none_is_refused_before_anything_is_asked(command):
    done = CliRunner().invoke(main, [*command, "--namespace", "Team A", "--url", "http://127.0.0.1:1"])
    assert "--namespace: up to 32 of a-z" in done.output


def test_what_explores_wants_a_simulator_or_a_namespace_to_itself():
    done = CliRunner().invoke(main, ["explore", "--url", "http://127.0.0.1:1"])
    assert "have a --namespace for it there" in done.output


async def nothing(_settings, _life):
    return NoJournal(), {}


class NoJournal:
    noted = 0


async def test_there_are_no_more_than_may_be():
    async with AsyncExitStack() as life:
        hosted = Hosted(Settings(), nothing)
        await life.enter_async_context(hosted.behind({}, Loops()))
        for number in range(MOST):
            await hosted.made(f"n{number}", seed=None, idle_seconds=60)
        with pytest.raises(Problem, match=f"there are {MOST} namespaces"):
            await hosted.made("more", seed=None, idle_seconds=60)
        await hosted.ended("n0")
        assert (await hosted.made("more", seed=None, idle_seconds=60))[1]


async def test_one_that_nobody_uses_ends_and_one_in_use_does_not():
    journal, ended = NoJournal(), asyncio.Event()

    async def begin(settings, life):
        if "unused" in settings.addresses.desk:
            life.callback(ended.set)
            return NoJournal(), {}
        return journal, {}

    hosted = Hosted(Settings(), begin, look_every=0.01)
    async with hosted.behind({}, Loops()):
        await hosted.made("unused", seed=None, idle_seconds=0.05)
        await hosted.made("used", seed=None, idle_seconds=60)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ended.wait()
        assert [one.name for one in hosted.listed()] == ["used"]


async def test_one_whose_end_goes_wrong_keeps_no_other_from_ending():
    ended = asyncio.Event()

    def goes_wrong():
        raise RuntimeError("its end goes wrong")

    async def begin(settings, life):
        life.callback(goes_wrong if "broken" in settings.addresses.desk else ended.set)
        return NoJournal(), {}

    hosted = Hosted(Settings(), begin, look_every=0.01)
    async with hosted.behind({}, Loops()):
        await hosted.made("broken", seed=None, idle_seconds=0.01)
        await hosted.made("other", seed=None, idle_seconds=0.05)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await ended.wait()


async def test_what_stops_a_namespace_from_beginning_is_told_and_leaves_its_name_free():
    async def broken(_settings, _life):
        raise Problem(503, "Service Unavailable", "no memory")

    hosted = Hosted(Settings(), broken)
    async with hosted.behind({}, Loops()):
        with pytest.raises(Problem, match="no memory"):
            await hosted.made("broken", seed=None, idle_seconds=60)
        assert hosted.listed() == []


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Settings(workers=2, database="postgresql://localhost/x"), "start the simulator without it"),
        (Settings(only=("ds", "acs")), "desk, phone is not in this one"),
        (Settings(), None),
        (Settings(only=("desk", "ds", "acs", "phone")), None),
    ],
)
async def test_where_there_can_be_none_the_reason_is_a_sentence(settings, why):
    assert (why_none(settings) or "").endswith(why or "")
    if why is not None:
        with pytest.raises(Problem, match=why):
            await Hosted(settings, nothing).made("name", seed=None, idle_seconds=60)


def test_a_namespace_keeps_nothing_on_disk_and_stands_at_addresses_of_its_own():
    own = within(Settings(data="kept", database="kept.sqlite3", seed=1), "team-a", None)
    assert (own.fresh, own.database_file, own.seed != 1) == (True, None, True)
    assert own.addresses.ds == "http://127.0.0.1:8100/~team-a"


@pytest.mark.parametrize("path", ["/~a/control/reset", "/~a/api/cards", "/%7Ea/control/reset", "/~a/%63ontrol/reset"])
def test_no_party_calls_the_controls_of_a_namespace_for_somebody_else(path):
    assert names_of(Settings()).is_control(f"http://127.0.0.1:8200{path}")
    assert not names_of(Settings()).is_control("http://127.0.0.1:8200/~a/3ds2/areq")


async def test_a_suite_whose_namespace_was_there_leaves_it_there(stack, call, made):
    await made("kept")
    async with calls_to(stack.addresses.desk, "kept"):
        pass
    assert [one["name"] for one in (await call("GET", "/api/namespaces"))[1]["namespaces"]] == ["kept"]


async def test_a_name_that_a_suite_may_not_have_is_refused_in_words(stack):
    with pytest.raises(SimulatorRefused, match="up to 32 of a-z"):
        async with calls_to(stack.addresses.desk, "Team A"):
            pass
