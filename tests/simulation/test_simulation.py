"""The whole product in a world that is drawn: nothing that happens there breaks a promise, and what would is found."""

import inspect
import re
from itertools import count
from pathlib import Path

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.clocks import BY_DATETIME, BY_TIME, substituted
from tests.simulation.promises import PROMISES
from tests.simulation.running import campaign, played, shrunk, told
from tests.simulation.story import Death, Weather, draw, read

SEEDS = range(1, 15)
MOST_SEEDS = 1_000
ROOT = Path(__file__).parents[2]
STORIES = Path(__file__).parent / "stories"
SERVED = (
    "threedsecure",
    "acs",
    "directory_server",
    "issuer_sms",
    "acs_sim/gateway",
    "acs_sim/desk",
    "acs_sim/running",
)
BESIDE = {ROOT / "acs_sim/running/workers.py"}
"""Of processes, of which there is one here."""


@pytest.mark.parametrize("seed", SEEDS)
def test_no_story_breaks_a_promise(seed):
    outcome = played(draw(seed))
    assert outcome.broken == [], outcome.story.text()


@pytest.mark.parametrize("path", sorted(STORIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_story_that_broke_a_promise_once_does_so_again(path):
    assert played(read(path.read_text("utf-8"))).broken == []


def test_the_same_seed_leads_to_the_same_journal():
    story = next(story for story in map(draw, count(1)) if {Death, Weather} <= set(map(type, story.steps)))
    first, second = played(story), played(story)
    assert first.journal == second.journal != []
    assert first.figures == second.figures


def test_a_story_is_read_as_it_is_told():
    story = draw(7)
    assert read(story.text(["a comment"])) == story


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_that_is_planted_is_found(bug):
    substitute, promises = BUGS[bug]
    with substituted(substitute):
        found = next(outcome for outcome in campaign(range(1, MOST_SEEDS + 1)) if outcome.names & promises)
    assert found.names & promises


def test_a_story_that_breaks_a_promise_is_shrunk_to_what_it_takes():
    substitute, _ = BUGS["the try counter is read before the commit"]
    with substituted(substitute):
        found = next(outcome for outcome in campaign(count(1)) if "three-codes" in outcome.names)
        short = played(shrunk(found.story, "three-codes"))
    [purchase] = short.story.steps
    assert purchase.does[0] == "open"
    assert len(purchase.does) <= 4
    assert "breaks the promise 'three-codes'" in told(short, "three-codes")


def test_nothing_but_the_modules_of_the_simulated_clock_asks_the_machine_for_the_time():
    asking = re.compile(r"\bdatetime\.now\(|\btime\.(?:time|monotonic|perf_counter)\(")
    known = {Path(inspect.getfile(module)) for module in (*BY_TIME, *BY_DATETIME)}
    served = [path for package in SERVED for path in (ROOT / package).rglob("*.py") if "/pki/" not in str(path)]
    assert {path for path in served if asking.search(path.read_text("utf-8"))} == known | BESIDE


def test_every_promise_has_its_name_and_its_words():
    assert len({promise.name for promise in PROMISES}) == len(PROMISES)
    assert all(promise.words.endswith(".") and promise.how for promise in PROMISES)
