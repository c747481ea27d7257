"""The report of a run as a page, looked at on a phone and on a desk."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.async_api import expect

from acs_sim.desk.transactions.sequence import sequence
from acs_sim.scenarios.file.document import Place
from acs_sim.scenarios.file.loading import Play, load
from acs_sim.scenarios.file.model import CardWish, Scenario, Step
from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports.html_report import html
from acs_sim.scenarios.running import run
from tests.acs_sim.scenarios.test_run import FAILING
from tests.acs_sim.transcripts.hops import conversation
from tests.support.accessibility import findings
from tests.support.browser import new_context

PIXEL = b"\x89PNG\r\n\x1a\nwhatever"
BEGAN = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
NASTY = "<script>alert('1')</script> & \"so on\""


def outcome(name="a shop", **changes):
    scenario = Scenario(name=name, about=name, card=CardWish(scenario="frictionless"), steps=[Step(clock="1s")])
    play = Play(Path("shop.yaml"), scenario, "", ("tag",), Place(1, 1), (Place(2, 2),))
    return Outcome(play, **changes)


def report(*outcomes, **options):
    return html(outcomes, 1.5, seed=None, began_at=BEGAN, **options).decode()


class References(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.tags = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.found += [value for name, value in attrs if name in {"src", "href", "action", "data", "srcset"}]


def test_the_page_is_one_file_that_refers_to_nothing_and_runs_nothing():
    shown = outcome(transcript=conversation(), shots=[("opened", PIXEL)], problem="no", conversation=["  did"])
    text = report(shown, outcome())
    page = References(text)
    assert [each for each in page.found if not each.startswith(("#", "data:image/png;base64,"))] == []
    assert not page.tags & {"script", "link", "iframe", "object"}
    assert not re.search(r"url\(|@import", text)


def test_nothing_that_was_said_becomes_markup():
    hops = conversation()
    hops["hops"][0]["message"]["merchantName"] = NASTY
    hops["hops"][0]["kind"] = NASTY
    bad = outcome(NASTY, problem=NASTY, conversation=[f"  {NASTY}"], transcript=hops, findings=[{"title": NASTY}])
    text = report(bad)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 6


def test_what_the_simulator_finds_about_the_gateway_is_shown():
    text = report(
        outcome(findings=[{"severity": "error", "title": "the result was taken from the CRes", "clause": "5.9"}])
    )
    assert "the result was taken from the CRes" in text
    assert "(5.9)" in text


def test_of_many_plays_only_those_that_failed_show_whole_messages():
    text = report(
        *[outcome(transcript=conversation()) for _ in range(100)], outcome(transcript=conversation(), problem="no")
    )
    assert text.count('<div class="messages">') == 1
    assert text.count("<svg") == 101


def test_every_arrow_points_the_way_its_message_went_and_stays_within_the_picture():
    picture = sequence(conversation()["hops"])
    place = {" ".join(party.lines): party.x for party in picture.parties}
    told = [(hop["from"], hop["to"]) for hop in conversation()["hops"]]
    assert [(row.start, row.end) for row in picture.rows] == [(place[one], place[other]) for one, other in told]
    assert all(0 < x < 360 for x in place.values())
    assert max(row.y for row in picture.rows) < picture.height


@pytest.mark.browser
async def test_the_page_is_readable_on_a_phone_and_accessible_in_light_and_dark(tmp_path, browser):
    (tmp_path / "shop.yaml").write_text(FAILING)
    outcomes = await run(load([tmp_path / "shop.yaml"]), lambda _outcome: None, seed=7)
    (tmp_path / "report.html").write_bytes(html(outcomes, 1.0, seed=7, began_at=BEGAN))
    asked: list[str] = []
    for scheme in ("light", "dark"):
        context = await new_context(
            browser, viewport={"width": 390, "height": 844}, color_scheme=scheme, bypass_csp=True
        )
        page = await context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto((tmp_path / "report.html").as_uri())
        assert await page.locator("h1").inner_text() == "1 failed, 1 passed"
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        assert await page.locator("details.story[open]").count() == 1
        arrows = page.locator("details.story[open] svg .row")
        assert await arrows.count() == 12
        assert (await arrows.first.bounding_box())["width"] > 100
        sizes = await page.evaluate(
            "[...document.querySelectorAll('details[open] svg .words')].map(e => e.getBoundingClientRect())"
            ".map(box => [box.height >= 9, box.right <= innerWidth])"
        )
        assert all(high and inside for high, inside in sizes)
        assert await findings(page) == []
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        await context.close()


async def test_an_arrow_leads_to_its_message_and_what_failed_is_shown_alone(browser, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(
        report(outcome("right", transcript=conversation()), outcome("wrong", transcript=conversation(), problem="no"))
    )
    context = await new_context(browser, viewport={"width": 1280, "height": 720})
    page = await context.new_page()
    await page.goto(file.as_uri())
    await expect(page.locator(".file h2")).to_contain_text("shop.yaml 1 of 2 passed")
    await expect(page.locator(".story:visible")).to_have_count(2)
    await page.get_by_label("failed 1").check()
    await expect(page.locator(".story:visible")).to_have_count(1)
    await page.locator(".story.failed svg a").nth(1).click()
    await expect(page.locator("#play-2-2")).to_be_visible()
    await expect(page.locator("#play-2-1")).to_be_hidden()
    await context.close()
