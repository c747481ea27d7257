"""A correct gateway that shares no line with the product is never accused, whatever is played against it."""

import ast
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.browser.screens import MAX_PAGE_BYTES, whole
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import STARTS_AT, Means, run
from acs_sim.settings.settings import Settings
from tests.support import standard_gateway as its_package
from tests.support.ports import with_free_ports
from tests.support.standard_gateway import StandardGateway, standard_gateway
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.slow

LIBRARY = Path(__file__).parents[3] / "fixtures" / "scenarios"
# One play of each scenario of these files: a sample. `acs-sim run fixtures/scenarios --against URL` plays them all.
FILES = ("challenge", "endings", "errors", "frictionless", "method", "methods")


@asynccontextmanager
async def against(kind: type[StandardGateway] = StandardGateway) -> AsyncIterator[tuple]:
    """Plays what it is given against a gateway of this kind."""
    settings = with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone")))
    async with running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack:
        with standard_gateway(stack.addresses.ds, kind) as gateway:

            async def played(plays):
                means = Means(against=gateway.purchases)
                return await run(plays, lambda _outcome: None, at=stack.addresses, means=means)

            yield played, gateway


def first_of_each(plays):
    """One row of each scenario that changes nothing for others, so that all are played side by side."""
    chosen = {}
    for play in plays:
        if not play.alone and play.file.stem in FILES:
            chosen.setdefault((play.file, play.scenario.name), play)
    return list(chosen.values())


def test_it_stands_on_the_standard_library_alone():
    files = list(Path(its_package.__file__).parent.glob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            named = [node.module] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in named:
                own = name.startswith("tests.support.standard_gateway")
                assert own or name.partition(".")[0] in sys.stdlib_module_names, (file.name, name)
    assert len(files) >= 6


async def test_it_passes_a_play_of_each_scenario_without_a_finding():
    async with against() as (played, gateway):
        outcomes = await played(first_of_each(load([LIBRARY])))
        assert [failure(outcome) for outcome in outcomes if outcome.failed] == []
        assert [(each.play.name, each.findings) for each in outcomes if each.findings] == []
        assert sum(outcome.passed for outcome in outcomes) >= 30
        assert any(order.called_back for order in gateway.orders.values())


async def test_what_a_browser_gateway_cannot_be_asked_for_is_not_played_and_says_why(tmp_path):
    (tmp_path / "others.yaml").write_text(
        "scenarios:\n"
        "  - name: in an app\n    about: No browser.\n    channel: app\n    card: {scenario: frictionless}\n"
        "    steps: [{authenticate: {ARes: {transStatus: Y}}}]\n"
        "  - name: a later payment\n    about: Nobody is there.\n    card: {scenario: frictionless}\n"
        "    steps: [{authenticate: {ARes: {transStatus: Y}}}, {authenticate: {channel: 3ri}}]\n"
        "  - name: no frame\n    about: There is no 3DS Method.\n    card: {scenario: method-none}\n"
        "    faults: [{at: Method page, do: status}]\n    steps: [{authenticate: {ARes: {transStatus: Y}}}]\n"
        "  - name: its own answer\n    about: Nobody changes what it says.\n    card: {scenario: frictionless}\n"
        "    faults: [{at: RRes, from: 3DS Server, do: status}]\n    steps: [{authenticate: {ARes: {transStatus: Y}}}]\n"
    )
    async with against() as (played, _):
        outcomes = {outcome.play.name: outcome for outcome in await played(load([tmp_path]))}
    assert not any(outcome.failed or outcome.passed for outcome in outcomes.values())
    assert outcomes["in an app"].skipped.startswith("--against plays payments in a browser")
    assert outcomes["a later payment"].skipped.endswith("one of the channel 3ri")
    assert "no browser to the 3DS Method" in outcomes["no frame"].skipped
    assert "answers of the reference gateway" in outcomes["its own answer"].skipped


async def test_a_gateway_is_asked_for_all_that_the_steps_say_and_for_several_purchases_at_once(tmp_path):
    (tmp_path / "asked.yaml").write_text(
        "steps:\n  pays:\n    - cardholder: {do: submit, code: correct, CReq: {challengeWindowSize: '02'}, transStatus: 'Y'}\n"
        "    - message: {kind: CReq, has: {challengeWindowSize: '02'}}\n    - result: {transStatus: 'Y'}\n"
        "scenarios:\n"
        "  - name: two challenges\n    about: The second is of another version.\n    card: {scenario: challenge-otp}\n"
        "    version: 2.1.0\n    category: non-payment\n    steps:\n"
        "      - authenticate: {send: {addrMatch: 'Y'}, headers: {x-play: one}, ARes: {transStatus: C}}\n      - use: pays\n"
        "      - authenticate: {version: 2.2.0, ARes: {transStatus: C}}\n      - use: pays\n"
        "  - name: at the same time\n    about: Another card.\n    card: {scenario: challenge-otp}\n    steps:\n"
        "      - authenticate: {ARes: {transStatus: C}}\n      - use: pays\n"
    )
    async with against() as (played, gateway):
        assert [outcome.problem for outcome in await played(load([tmp_path]))] == [None, None]
        wishes = [order.wish for order in gateway.orders.values()]
    first, second = (wish for wish in wishes if wish["messageCategory"] == "02")
    assert (first["version"], second["version"]) == ("2.1.0", "2.2.0")
    assert (first["elements"]["addrMatch"], first["headers"]) == ("Y", {"x-play": "one"})
    assert [wish["window"] for wish in wishes] == ["02"] * 3


async def test_it_asks_for_the_whole_list_where_its_serial_number_is_known_to_nobody(tmp_path):
    (tmp_path / "a day later.yaml").write_text(
        "scenarios:\n"
        "  - name: another serial number\n    about: The one that came is not known a day later.\n"
        "    card: {scenario: frictionless}\n"
        "    faults: [{at: PRes, do: set, element: serialNum, value: '99'}]\n"
        "    steps: [{authenticate: {ARes: {transStatus: Y}}}, {clock: 25h}, {authenticate: {ARes: {transStatus: Y}}}]\n"
    )
    async with against() as (played, gateway):
        (outcome,) = await played(load([tmp_path]))
        assert outcome.passed, failure(outcome)
        (ranges,) = gateway.ranges.values()
    assert (ranges.serial, ranges.failed, ranges.fetched.day) == ("1", None, STARTS_AT.day + 1)
    assert ranges.ranges


class _BreaksOnEachPurchase(StandardGateway):
    def purchase(self, wish):
        super().purchase(wish)
        return super().purchase(wish)._replace(status=500)


async def test_a_gateway_that_answers_500_to_each_purchase_passes_nothing():
    plays = [play for play in load([LIBRARY]) if play.file.stem == "frictionless"][:1]
    async with against(_BreaksOnEachPurchase) as (played, _):
        (outcome,) = await played(plays)
    assert outcome.problem == "the gateway: answers should be a purchase, and is HTTP 500 with text/html"


@pytest.mark.parametrize("pieces", [1, 3])
async def test_an_answer_that_arrives_in_pieces_is_read_whole(pieces):
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(pieces):
            await response.write(b"<p>" + b"x" * 70_000)
        return response

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        async with aiohttp.ClientSession() as session, session.get(url) as got:
            assert len(await whole(got.content)) == pieces * 70_003 <= MAX_PAGE_BYTES
    finally:
        await runner.cleanup()
