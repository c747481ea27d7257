"""What is seen of a run while it goes on, and what is said when it cannot be had in a browser."""

import io
import sys
from pathlib import Path

import pytest

from acs_sim.scenarios.browser.chromium import running_chromium
from acs_sim.scenarios.file.document import Place
from acs_sim.scenarios.file.loading import Play
from acs_sim.scenarios.file.model import CardWish, Scenario, Step
from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports.progress import Progress, bar
from acs_sim.scenarios.simulator import CannotPlay


class Terminal(io.StringIO):
    def isatty(self):
        return True


def outcome(**changes):
    scenario = Scenario(name="a shop", about="a shop", card=CardWish(scenario="frictionless"), steps=[Step(clock="1s")])
    return Outcome(Play(Path("shop.yaml"), scenario, "", (), Place(1, 1), (Place(2, 2),)), **changes)


@pytest.mark.parametrize(
    ("done", "failed", "columns", "shown"),
    [
        (0, 0, 80, "[" + "." * 40 + "] 0/4"),
        (2, 0, 80, "[" + "#" * 20 + "." * 20 + "] 2/4"),
        (4, 1, 30, "[" + "#" * 13 + "] 4/4, 1 failed"),
        (4, 1, 10, "4/4, 1 fai"),
    ],
)
def test_a_bar_fits_its_terminal(done, failed, columns, shown):
    assert bar(done, failed, 4, columns) == shown
    assert len(shown) <= columns


def test_on_a_terminal_there_is_a_bar_and_a_line_for_each_failure_and_nothing_is_left_of_the_bar():
    stream, lines = Terminal(), []
    progress = Progress(2, stream, lines.append)
    progress(outcome())
    progress(outcome(problem="no"))
    progress.over()
    assert lines == []
    assert stream.getvalue().count("FAIL a shop\n") == 1
    assert "ok" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[2K")


def test_anywhere_else_every_play_is_a_line():
    stream, lines = io.StringIO(), []
    progress = Progress(2, stream, lines.append)
    progress(outcome())
    progress(outcome(problem="no"))
    progress.over()
    assert (lines, stream.getvalue()) == (["[1/2] ok   a shop", "[2/2] FAIL a shop"], "")


async def test_without_playwright_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(CannotPlay, match="pip install playwright && playwright install chromium"):
        async with running_chromium():
            pass
