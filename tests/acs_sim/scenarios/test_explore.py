"""Exploring: what is drawn makes sense and repeats, what is wrong is found and shrunk, what is right is acquitted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from xml.etree import ElementTree

import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.browser.purchases import Purchases
from acs_sim.scenarios.explore import muting, reporting
from acs_sim.scenarios.explore.coverage import Coverage
from acs_sim.scenarios.explore.drawing import draw
from acs_sim.scenarios.explore.exploring import Explorer, charges_of, source_of
from acs_sim.scenarios.explore.shrinking import shrunk
from acs_sim.scenarios.explore.space import SINGLES
from acs_sim.scenarios.explore.story import as_file, play_of, steps_of
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.playing.cardholders import new_session
from acs_sim.scenarios.running import STARTS_AT, Means, run, simulating
from acs_sim.settings.settings import Settings
from tests.acs_sim.scenarios.stories import STORIES
from tests.support.ports import with_free_ports
from tests.support.standard_gateway import StandardGateway, standard_gateway
from tests.support.standard_gateway.mistakes import MISTAKES, TWELVE
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.slow

MOST_STEPS = 8
ENOUGH = 300
EARLY = {"AnswersWithoutIds": 6, "ShowsTheCode": 3}
"""Mistakes that a few plays of seed 1 find, and how many are played; docs/explore.md has the figures of all."""


@asynccontextmanager
async def simulator() -> AsyncIterator[tuple]:
    settings = with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone"), seed=1))
    async with (
        running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack,
        simulating(stack.addresses) as one,
        new_session(None) as session,
    ):
        yield stack, lambda gateway: Explorer(one, Purchases(session, gateway.purchases, one.desk))


def drawn(seed: int, count: int) -> list[dict]:
    coverage = Coverage()
    return [draw(source_of(seed, number), number, coverage) for number in range(1, count + 1)]


def test_what_is_drawn_makes_sense_and_is_drawn_again_from_its_number():
    trees = drawn(7, ENOUGH)
    assert [play_of(tree).name for tree in trees] == [f"play {number}" for number in range(1, ENOUGH + 1)]
    assert trees == drawn(7, ENOUGH) != drawn(8, ENOUGH)


def test_what_was_drawn_seldom_is_drawn_sooner():
    coverage = Coverage()
    for number in range(1, ENOUGH + ENOUGH // 2 + 1):
        draw(source_of(1, number), number, coverage)
    assert all(seen >= 0.4 * there for seen, there in coverage.by_point().values())
    faults, cards, races, singles, deeds = coverage.lines()
    assert (cards, races, deeds) == ("cards: 23 of 23", "races: 17 of 17", "deeds: 10 of 10")
    assert singles == f"single faults: {len(SINGLES)} of {len(SINGLES)}"
    assert {at for at, _, element in SINGLES.values() if not element} == {"CRes post"}
    assert faults.startswith("faults: 2")


async def test_shrinking_leaves_the_shortest_story_that_still_convicts():
    tree = {**next(each for each in drawn(1, 50) if len(each["steps"]) > 4), "faults": [{"at": "RReq", "do": "twice"}]}

    async def convicts(smaller: dict) -> bool:
        return bool(smaller["faults"]) and len(smaller["steps"]) > 1

    shortest = (await shrunk(tree, convicts))[-1]
    assert (steps_of(shortest), shortest["purchase"], shortest["version"]) == (3, {}, "2.2.0")


def test_every_mistake_has_a_story_that_is_short():
    assert STORIES.keys() == MISTAKES.keys()
    assert len(TWELVE) == 12
    assert len(MISTAKES) >= 24
    assert max(steps_of(story) for story in STORIES.values()) <= MOST_STEPS


async def test_each_story_is_red_with_its_mistake_and_green_without():
    async with simulator() as (stack, explorer):
        with standard_gateway(stack.addresses.ds) as right:
            for name, story in STORIES.items():
                with standard_gateway(stack.addresses.ds, MISTAKES[name].gateway) as wrong:
                    rules = {charge.rule for charge in charges_of(await explorer(wrong).played(story))}
                assert rules & MISTAKES[name].rules, (name, rules)
                assert charges_of(await explorer(right).played(story)) == [], name


@pytest.mark.parametrize("name", EARLY)
async def test_a_mistake_is_found_and_shrunk_and_its_file_is_red_until_it_is_mended(name, tmp_path):
    rules = MISTAKES[name].rules
    async with simulator() as (stack, explorer):
        with standard_gateway(stack.addresses.ds, MISTAKES[name].gateway) as gateway:
            report = await explorer(gateway).explore(
                1, EARLY[name], enough=lambda so_far: any(found.rule in rules for found in so_far.found)
            )
            (found,) = (each for each in report.found if each.rule in rules)
            assert steps_of(found.tree) <= MOST_STEPS
            files = reporting.save(report, tmp_path / "stories")
            assert all(file.with_suffix(".json").exists() for file in files)
            assert (await played(files, stack, gateway))[0].problem.startswith(
                "the gateway: verdict should be acquitted"
            )
        with standard_gateway(stack.addresses.ds) as mended:
            assert [outcome.problem for outcome in await played(files, stack, mended)] == [None] * len(files)
    told = "\n".join(reporting.lines(report))
    assert f"{found.rule}: " in told
    assert "what was drawn: faults" in told
    failures = ElementTree.fromstring(reporting.junit(report)).findall("testcase/failure")
    assert len(failures) == len(report.found)
    assert found.rule.encode() in reporting.html(report)


async def played(files, stack, gateway):
    return await run(load(files), lambda _outcome: None, at=stack.addresses, means=Means(against=gateway.purchases))


async def test_the_same_seed_gives_the_same_report_and_a_correct_gateway_is_acquitted():
    async def explored(kind: type[StandardGateway], plays: int) -> dict:
        async with simulator() as (stack, explorer):
            with standard_gateway(stack.addresses.ds, kind) as gateway:
                return reporting.document(await explorer(gateway).explore(5, plays))

    first, second = (
        await explored(MISTAKES["AlwaysSaysY"].gateway, 5),
        await explored(MISTAKES["AlwaysSaysY"].gateway, 5),
    )
    assert first == second
    assert (await explored(StandardGateway, 12))["seen"] == {}


def test_what_is_known_is_muted_by_its_rule_and_where_it_is_known_from(tmp_path):
    file = tmp_path / "known.txt"
    file.write_text("# ours\nsecret-shown\nserver-broken at RReq  # next week\n")
    known = muting.read(file)
    at_rreq, elsewhere = {"faults": [{"at": "RReq", "do": "erro"}]}, {"faults": [{"at": "ARes", "do": "erro"}]}
    assert muting.is_muted(known, "secret-shown", elsewhere)
    assert [muting.is_muted(known, "server-broken", tree) for tree in (at_rreq, elsewhere)] == [True, False]
    file.write_text("no-such-rule")
    with pytest.raises(ValueError, match=r"known\.txt:1: there is no rule 'no-such-rule'"):
        muting.read(file)


def test_a_story_is_written_as_a_scenario_file_that_can_be_read(tmp_path):
    (tmp_path / "one.yaml").write_text(as_file(STORIES["BooksTwice"], ["a comment"]))
    (play,) = load([tmp_path / "one.yaml"])
    assert [step.name for step in play.scenario.steps] == ["authenticate", "cardholder", "verdict"]
    assert play.alone
