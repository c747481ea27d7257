"""The documents where they are read: at the desk, and as a site of files."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.async_api import Page, expect

from acs_sim.commands.cli import main
from acs_sim.desk.documents import library
from acs_sim.desk.documents.markdown import Places, rendered
from tests.support.browser import new_context

ROOT = Path(__file__).parents[2]
PLACES = Places(library.desk_address, lambda name: f"/docs/images/{name}")


class Anchors(HTMLParser):
    """Every id, and every address that is led to."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.targets = set(), set()
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.ids |= {told["id"]} if "id" in told else set()
        self.targets |= {told[name] for name in ("href", "src") if name in told}


@pytest.fixture(scope="module")
def pages():
    return {name: rendered(name, PLACES) for name in library.paths()}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert CliRunner().invoke(main, ["docs", "--to", str(folder)]).exit_code == 0
    return folder


def test_every_document_is_there_and_stands_once_in_the_contents():
    there = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert set(library.paths()) == there | {"README", "CHANGELOG"}
    listed = [name for names in library.CONTENTS.values() for name in names]
    assert sorted(listed) == sorted(name for name in library.paths() if "/" not in name)


def test_every_link_of_every_document_leads_to_a_place_that_is_there(pages):
    read = {library.desk_address(name): Anchors(page.html) for name, page in pages.items()}
    for address, found in read.items():
        for target in found.targets:
            path, _, anchor = target.partition("#")
            if path.startswith("/docs/images/"):
                assert path.removeprefix("/docs/images/") in library.pictures()
            elif path.startswith(library.source()):
                assert (ROOT / path.removeprefix(f"{library.source()}/")).exists(), (address, target)
            elif not re.match(r"(https?|mailto):", path):
                assert not anchor or anchor in read[path or address].ids, (address, target)


def test_a_search_finds_the_headings_that_the_pages_have(pages):
    for name, page in pages.items():
        assert [one.anchor for one in library.sections(name)[1:]] == [anchor for _, _, anchor in page.headings]


def test_a_diagram_of_states_is_a_table_of_its_moves(pages):
    assert "stateDiagram" not in pages["acs"].html
    assert "<td>challenging</td><td>challenge ended</td><td>decided</td>" in pages["acs"].html


def test_no_markup_of_a_document_is_markup_of_its_page(tmp_path, monkeypatch):
    path = tmp_path / "desk.md"
    path.write_text("# <b>x</b>\n\n<script>alert(1)</script>\n\n[y](javascript:alert(1))\n\n```sh\n<i>\"'\n```\n")
    monkeypatch.setitem(library.paths(), "desk", path)
    library.text_of.cache_clear()
    html = rendered("desk", PLACES).html
    library.text_of.cache_clear()
    assert re.findall(r"<(script|b|i)\b|href=", html) == []
    assert "alert(1)" in unescape(html)


async def test_a_document_that_does_not_exist_is_told_on_a_page(call):
    for path in ("/docs/nothing", "/docs/../README", "/docs/%2e%2e/acs", "/docs/images/..%2facs.md"):
        status, text, _ = await call.text("GET", path)
        assert (status, "root:" in text) == (404, False), path


@pytest.mark.parametrize(
    ("asked", "address"),
    [("faults", "/docs/faults#"), ("The phone", "/docs/phone#"), ("readme", "/docs#"), ("Packs", "/docs/faults#packs")],
)
async def test_a_document_is_found_by_its_name_its_title_or_a_heading(call, world, asked, address):
    world.rows = []
    _, _, headers = await call.text("GET", f"/find?id={asked}")
    assert headers["Location"] == address


async def test_documents_are_searched_and_read_at_the_desk(page: Page, stack):
    await page.goto(f"{stack.addresses.desk}/docs")
    picture = page.locator("article img").first
    assert await picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0
    await page.get_by_label("Search the documents").fill("never calls back")
    await page.keyboard.press("Enter")
    await page.locator("#hits a").first.click()
    await expect(page.locator("article h1")).to_be_visible()
    await page.get_by_role("navigation", name="Documents").get_by_role("link", name="Timers").click()
    await expect(page.locator("article h1")).to_have_text("Timers")


async def test_the_site_is_read_and_searched_from_the_disk(browser, site):
    context = await new_context(browser, offline=True)
    page = await context.new_page()
    await page.goto((site / "elements" / "AReq.html").as_uri())
    await page.get_by_label("Search the documents").fill("fault that fires")
    await page.get_by_role("link", name=re.compile("^Faults")).first.click()
    await expect(page.locator("article h1")).to_have_text("Faults")
    await context.close()


def test_every_link_of_the_site_leads_to_one_of_its_files(site):
    read = {path: Anchors(path.read_text("utf-8")) for path in site.rglob("*.html")}
    for path, found in read.items():
        for target in found.targets:
            if not re.match(r"(https?|mailto):", target):
                beside, _, anchor = target.partition("#")
                led = (path.parent / beside).resolve() if beside else path
                assert led.is_file(), (path, target)
                assert not anchor or anchor in read[led].ids, (path, target)
