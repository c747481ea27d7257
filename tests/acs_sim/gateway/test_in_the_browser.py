"""The shops and the payment pages in a real Chromium: with scripts, without them, in a frame, in every size."""

import re

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests.acs_sim.gateway.test_purchases import with_method
from tests.support.browser import new_context
from tests.support.ports import free_port

SHOPS = ("e-transactions", "monetico")


async def fill_test_card(page: Page, scenario: str = "challenge-otp") -> None:
    await page.locator(f'button.fill[data-scenario="{scenario}"]').first.click()


async def to_payment_page(page: Page, world, shop: str, query: str = "") -> None:
    await page.goto(f"{world.url}/shops/{shop}{query}")
    await page.click("#checkout")
    await expect(page.locator("#card-number")).to_be_visible()


async def expect_result(page: Page, result: str) -> None:
    await expect(page.locator("#result")).to_have_attribute("data-result", result)


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize(("button", "result"), [("#pass", "accepted"), ("#fail", "refused")])
async def test_a_purchase_from_the_basket_to_the_shops_thanks_or_regrets(world, page, shop, button, result):
    with_method(world)
    world.scheme.ares = {"transStatus": "C"}
    await to_payment_page(page, world, shop)
    await fill_test_card(page)
    await page.click("#pay")
    await page.frame_locator("#challenge").locator(button).click()
    await expect_result(page, result)
    assert world.scheme.areq["threeDSCompInd"] == "Y"
    assert page.url.startswith(f"{world.url}/pay/")
    if result == "refused":
        await expect(page.locator("#reason")).to_contain_text("Contactez votre banque")
    await page.click("#back")
    await expect(page.locator("#new-order")).to_be_visible()
    await expect_result(page, result)


async def test_the_areq_tells_what_the_browser_is(world, page):
    await to_payment_page(page, world, "monetico")
    await fill_test_card(page, "frictionless")
    await page.click("#pay")
    await expect_result(page, "accepted")
    size = await page.evaluate("[screen.width, screen.height, navigator.userAgent, navigator.language]")
    areq = world.scheme.areq
    assert [areq["browserScreenWidth"], areq["browserScreenHeight"], areq["browserUserAgent"]] == [
        *map(str, size[:2]),
        size[2],
    ]
    assert areq["browserLanguage"] == size[3]
    assert areq["browserJavascriptEnabled"] is True
    assert re.fullmatch(r"-?\d+", areq["browserTZ"])


@pytest.mark.parametrize(("width", "size"), [(1100, "03"), (500, "02"), (390, "05")])
async def test_the_page_chooses_a_window_that_fits_its_width(world, page, width, size):
    world.scheme.ares = {"transStatus": "C"}
    await page.set_viewport_size({"width": width, "height": 800})
    await to_payment_page(page, world, "e-transactions")
    await fill_test_card(page)
    await page.click("#pay")
    await expect(page.locator("#challenge")).to_have_attribute("data-window", size)
    await page.frame_locator("#challenge").locator("#pass").wait_for()
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_a_method_that_stays_silent_is_given_up_when_the_clock_has_moved_ten_seconds(world, page):
    with_method(world, "silent")
    await to_payment_page(page, world, "e-transactions")
    await fill_test_card(page, "frictionless")
    async with page.expect_response(lambda answer: answer.url.endswith("/method") and "/pay/" in answer.url):
        await page.click("#pay")
    world.advance(seconds=10)
    await expect_result(page, "accepted")
    assert world.scheme.areq["threeDSCompInd"] == "N"


async def test_the_form_groups_what_is_typed_and_says_what_is_wrong(world, page):
    await to_payment_page(page, world, "e-transactions")
    await page.locator("#card-number").press_sequentially("4000000001000002")
    await page.locator("#expiry").press_sequentially("1229")
    await expect(page.locator("#card-number")).to_have_value("4000 0000 0100 0002")
    await expect(page.locator("#expiry")).to_have_value("12/29")
    await page.press("#expiry", "Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("Numéro de carte")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Numéro de carte")).to_have_value("4000 0000 0100 0002")


async def test_the_basket_counts_as_quantities_change(world, page):
    await page.goto(f"{world.url}/shops/e-transactions")
    await page.fill("#quantity-tea", "2")
    await expect(page.locator("#total")).to_have_text(re.compile(r"71,00\s€"))
    await page.click("#checkout")
    await expect(page.locator("#pay")).to_contain_text("71,00")


@pytest.mark.parametrize("way", ["bank-transfer", "paypal"])
async def test_other_ways_to_pay_say_that_they_never_reach_3d_secure(world, page, way):
    await page.goto(f"{world.url}/shops/monetico")
    await page.check(f"#way-{way}")
    await page.click("#checkout")
    await expect(page.locator("#other-way")).to_contain_text("3-D Secure n’est jamais appelé")


async def test_a_reload_in_the_middle_of_the_challenge_shows_it_again(world, page):
    world.scheme.ares = {"transStatus": "C"}
    await to_payment_page(page, world, "e-transactions")
    await fill_test_card(page)
    await page.click("#pay")
    await page.frame_locator("#challenge").locator("#pass").wait_for()
    await page.reload()
    await page.frame_locator("#challenge").locator("#pass").click()
    await expect_result(page, "accepted")
    assert len(world.scheme.of("AReq")) == 1


@pytest.mark.parametrize("shop", SHOPS)
async def test_the_whole_purchase_works_without_javascript(world, browser: Browser, shop):
    with_method(world)
    world.scheme.ares = {"transStatus": "C"}
    context = await new_context(browser, java_script_enabled=False, locale="fr-FR")
    page = await context.new_page()
    await page.goto(f"{world.url}/shops/{shop}")
    await page.click("#checkout")
    await page.click("#continue")
    for field, value in (("#card-number", "4000 0000 0100 0001"), ("#expiry", "12/29"), ("#cryptogram", "123")):
        await page.fill(field, value)
    await page.click("#pay")
    await page.click("#continue")
    await page.click("#continue")
    frame = page.frame_locator("#challenge")
    await frame.locator("#pass").click()
    await frame.locator("#go").click()
    await frame.locator("#continue").click()
    await expect_result(page, "accepted")
    assert (world.scheme.areq["threeDSCompInd"], world.scheme.areq["browserJavascriptEnabled"]) == ("N", False)
    await context.close()


@pytest.mark.parametrize("settings", [{"frame_ancestors": "*"}])
async def test_the_purchase_stays_in_the_frame_that_a_page_of_another_origin_put_it_in(world, page):
    world.scheme.ares = {"transStatus": "C"}
    port = free_port()
    runner = await _host_page(port, f"{world.url}/shops/e-transactions")
    try:
        await page.goto(f"http://127.0.0.1:{port}/")
        shop = page.frame_locator("#shop")
        await shop.locator("#checkout").click()
        await shop.locator('button.fill[data-scenario="challenge-otp"]').first.click()
        await shop.locator("#pay").click()
        await shop.frame_locator("#challenge").locator("#pass").click()
        await expect(shop.locator("#result")).to_have_attribute("data-result", "accepted")
        assert page.url == f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


async def _host_page(port: int, shop: str) -> web.AppRunner:
    async def host(_request: web.Request) -> web.Response:
        text = f'<!doctype html><title>host</title><iframe id="shop" src="{shop}" width="900" height="900"></iframe>'
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", host)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner


@pytest.mark.parametrize("scheme_of_colours", ["light", "dark"])
async def test_the_pages_run_no_script_of_others_and_complain_of_nothing(world, browser: Browser, scheme_of_colours):
    context = await new_context(browser, color_scheme=scheme_of_colours)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for address in ("/", "/shops/e-transactions", "/shops/monetico", "/log"):
        await page.goto(world.url + address)
        assert await page.evaluate("document.documentElement.lang") == "fr"
    await to_payment_page(page, world, "monetico")
    await fill_test_card(page, "frictionless")
    await page.click("#pay")
    await expect_result(page, "accepted")
    assert complaints == []
    await context.close()


async def test_every_field_and_frame_has_a_name_and_every_page_one_heading(world, page):
    world.scheme.ares = {"transStatus": "C"}
    await to_payment_page(page, world, "monetico", "?lang=en")
    for label in ("Card number", "Expiry date", "Security code"):
        await expect(page.get_by_label(label)).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await fill_test_card(page)
    await expect(page.get_by_role("button", name="Pay €69.00")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_title("Your bank’s authentication page")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
