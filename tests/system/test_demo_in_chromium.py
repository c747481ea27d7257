"""The demo on a projector: shop, bank and phone whole, and the cardholder played in the page that everybody sees."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import FrameLocator, Page

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.accessibility import findings
from tests.support.browser import let_last_words_stand
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.system.test_shops_in_chromium import notice, picture, verdict
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.browser
BEAMERS = ((1280, 720), (1440, 900))
SHOPS = ("e-transactions", "monetico")


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    async with running_stack(
        with_free_ports(Settings(fresh=True, seed=7)), clock=Clock(frozen_at=STARTED_AT)
    ) as running:
        yield running


async def opened(page: Page, stack: Stack, query: str = "lang=en", size: tuple[int, int] = BEAMERS[0]) -> FrameLocator:
    """The shop of the demo."""
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    async with page.expect_response("**/demo/messages*"):
        await page.goto(f"{stack.addresses.desk}/demo?{query}")
    return page.frame_locator("#shop")


async def ordered(shop: FrameLocator) -> FrameLocator:
    """The bank's page, after the two clicks of a buyer whose card has filled itself in."""
    await shop.locator("#checkout").click()
    await shop.locator("#pay").click()
    bank = shop.frame_locator("#challenge")
    await bank.locator("#code, #choices").first.wait_for()
    return bank


async def steps(page: Page, name: str) -> list[str]:
    return await page.locator(f"#story .{name}").all_inner_texts()


@pytest.mark.parametrize("size", BEAMERS, ids=["1280x720", "1440x900"])
@pytest.mark.parametrize("shop", SHOPS)
async def test_basket_card_and_code_are_seen_with_their_buttons_without_scrolling(page, stack, shop, size):
    pane = await opened(page, stack, f"lang=fr&shop={shop}", size)
    seen = [await in_sight(page, pane.locator("#checkout"), size)]
    await pane.locator("#checkout").click()
    seen += [await in_sight(page, pane.locator(name), size) for name in ("#card-number", "#pay")]
    await pane.locator("#pay").click()
    bank = pane.frame_locator("#challenge")
    await bank.locator("#code").wait_for()
    seen += [await in_sight(page, bank.locator(name), size) for name in ("#code", "#submit", "#resend", "#cancel")]
    phone = page.frame_locator("#phone").locator(".bubble")
    await phone.wait_for()
    assert [*seen, await in_sight(page, phone, size)] == [True] * 8


async def in_sight(page: Page, element, size: tuple[int, int]) -> bool:
    """Whether the whole of it stands in its pane and in the window, as nobody has scrolled."""
    box = await element.bounding_box()
    panes = [await pane.bounding_box() for pane in await page.locator(".pane").all()]
    return any(
        pane["x"] <= box["x"]
        and box["x"] + box["width"] <= pane["x"] + pane["width"]
        and pane["y"] <= box["y"]
        and box["y"] + box["height"] <= min(pane["y"] + pane["height"], size[1])
        for pane in panes
    )


@pytest.mark.parametrize("shop", SHOPS)
async def test_the_failed_code_is_shown_in_three_clicks(page, stack, shop):
    pane = await opened(page, stack, f"lang=en&shop={shop}")
    await let_last_words_stand(page)
    bank = await ordered(pane)
    await page.get_by_role("button", name="Wrong code three times").click()
    assert "bank" in await notice(bank, "bank")
    await page.locator("#story li:nth-child(7).done").wait_for()
    await page.emulate_media(reduced_motion="reduce")
    await picture(page, "demo")
    await bank.locator("#continue").click()
    assert await verdict(pane) == ("refused", await pane.locator("#reason").inner_text())
    assert await page.locator("#story li:nth-child(7)").get_attribute("data-tone") == "bad"


@pytest.mark.parametrize("version", ["", "1.0.2"])
async def test_the_right_code_is_one_click_in_both_generations(page, stack, version):
    pane = await opened(page, stack, f"lang=en&version={version}")
    await ordered(pane)
    await page.get_by_role("button", name="Right code").click()
    assert (await verdict(pane))[0] == "accepted"
    await page.locator("#story li:nth-child(7).done[data-tone=good]").wait_for()


async def test_a_choice_is_made_in_one_click_as_well(page, stack):
    pane = await opened(page, stack, "lang=en&scenario=challenge-multi-select")
    await ordered(pane)
    await page.get_by_role("button", name="Right code").click()
    assert (await verdict(pane))[0] == "accepted"


async def test_an_expired_code_is_one_click(page, stack):
    bank = await ordered(await opened(page, stack))
    before = stack.clock.now()
    await page.get_by_role("button", name="Let it expire").click()
    await notice(bank, "expired")
    assert (stack.clock.now() - before).total_seconds() == 301


async def test_shop_bank_and_phone_speak_one_language(page, stack):
    pane = await opened(page, stack, "lang=fr")
    bank = await ordered(pane)
    assert await pane.locator("html").get_attribute("lang") == "fr"
    assert await bank.locator("html").get_attribute("lang") == "fr"
    await page.frame_locator("#phone").locator(".bubble", has_text="est votre SecureCode").wait_for()


async def test_only_the_purchase_of_this_screen_is_shown(page, stack):
    pane = await opened(page, stack)
    other = {"messageType": "AReq", "threeDSServerTransID": "00000000-0000-4000-8000-000000000000"}
    stack.runtime.journal.record(stack.clock.now(), "3DS Server", "Directory Server", "AReq", other)
    await ordered(pane)
    await page.locator("#flight [data-kind=SMS]").wait_for()
    shown = await page.locator("#flight .arrow").evaluate_all("arrows => arrows.map((one) => one.dataset.kind)")
    assert (shown[0], shown.count("AReq")) == ("Payment form", 2)


async def test_a_selector_that_is_changed_under_way_loses_nothing(page, stack):
    pane = await opened(page, stack)
    bank = await ordered(pane)
    await page.locator("#flight [data-kind=SMS]").wait_for()
    before = await page.locator("#flight .arrow").count()
    async with page.expect_response("**/demo?*scheme=mastercard*"):
        await page.locator("[name=scheme]").select_option("mastercard")
    await page.get_by_text("The next order is made with it").wait_for()
    assert "scheme=mastercard" in page.url
    assert await bank.locator("#code").is_visible()
    assert await page.locator("#flight .arrow").count() == before
    await page.get_by_role("button", name="New order").click()
    await pane.locator("#checkout").click()
    await pane.locator("#card-number").wait_for()
    assert (await pane.locator("#card-number").input_value()).startswith("5200")


async def test_a_presenter_has_larger_type_and_no_navigation(page, stack):
    await opened(page, stack)
    before = await page.locator("#story").evaluate("story => getComputedStyle(story).fontSize")
    await page.keyboard.press("p")
    assert not await page.locator("nav").is_visible()
    assert await page.locator("#story").evaluate("story => getComputedStyle(story).fontSize") > before
    await page.keyboard.press("p")
    assert await page.locator("nav").is_visible()


async def test_the_bank_hears_nobody_but_the_desk(page, stack):
    bank = await ordered(await opened(page, stack))
    shop = page.frame(url="**/pay/**")
    asked = "frames[0].postMessage({ play: 'look' }, '*')"
    heard = await shop.evaluate(
        f"new Promise((go) => {{ onmessage = () => go('answer'); {asked}; setTimeout(() => go(''), 300) }})"
    )
    assert heard == ""
    assert await bank.locator("#code").input_value() == ""


async def test_axe_finds_nothing_wrong_with_the_demo_that_is_presented(page, stack):
    await opened(page, stack)
    await page.keyboard.press("p")
    assert await findings(page) == []
