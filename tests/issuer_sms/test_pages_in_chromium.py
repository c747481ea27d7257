"""The pages in a real browser."""

from datetime import timedelta

import pytest
from aiohttp import web
from playwright.async_api import expect

from tests.support.browser import new_context, standing_clock
from threedsecure.web.serving.application import serving

NUMBER = "+33639981101"
PAGE = "/phones/%2B33639981101"
# Of all at once: between one look and the next the page may draw them anew.
CUT_OFF = """(buttons, width) => buttons.map((button) => [button.textContent, button.getBoundingClientRect()])
  .filter(([, box]) => box.left < 0 || box.right > width)"""


async def opened(page, address):
    """`address`, once the page listens for news."""
    await page.goto(address)
    await expect(page.locator("#live-state")).to_have_text("Live.")


async def test_a_text_appears_by_itself_and_is_read_out(phone, page):
    await opened(page, phone.base + PAGE)
    await expect(page.get_by_text("No text yet.")).to_be_visible()
    await phone.text(NUMBER, "BANQUE: code 481516 pour 42,00 EUR")
    await expect(page.locator("#latest-code")).to_have_text("481516")
    await expect(page.get_by_role("status")).to_have_text("Text from BANQUE: BANQUE: code 481516 pour 42,00 EUR")
    await phone.text(NUMBER, "BANQUE: code 234242 pour 42,00 EUR")
    await expect(page.locator("#latest-code")).to_have_text("234242")
    await expect(page.locator(".bubble")).to_have_count(2)


async def test_the_newest_of_many_texts_is_in_view(phone, page):
    for number in range(12):
        await phone.text(NUMBER, f"BANQUE: code {100_000 + number} pour 42,00 EUR chez BOUTIQUE")
    await opened(page, phone.base + PAGE)
    await expect(page.locator("#latest-code")).to_be_in_viewport()
    await expect(page.locator(".bubble").first).not_to_be_in_viewport()


async def test_moving_the_clock_brings_a_late_text_onto_the_page(phone, page):
    await phone.text("+33639989111")
    await opened(page, f"{phone.base}/phones/+33639989111")
    await expect(page.get_by_text("on its way until")).to_be_visible()
    phone.clock.advance(timedelta(minutes=6))
    await expect(page.locator("#latest-code")).to_have_text("123456")
    await expect(page.get_by_text("on its way until")).to_be_hidden()


async def test_the_inbox_follows_every_phone_and_leads_to_it(phone, page):
    await opened(page, phone.base)
    await expect(page.get_by_text("No text yet")).to_be_visible()
    await phone.text(NUMBER)
    await phone.text("+33639981102", "code 222222")
    await expect(page.locator(".digits")).to_have_text(["222222", "123456"])
    await page.get_by_role("link", name="+33 6 39 98 11 01").click()
    await expect(page.locator("#latest-code")).to_have_text("123456")


async def test_a_code_is_copied_with_one_click(phone, page):
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await standing_clock(page)  # "Copied" goes away after two seconds
    await phone.text(NUMBER, "code 481516")
    await opened(page, phone.base + PAGE)
    await page.get_by_role("button", name="Copy the code 481516").click()
    await expect(page.locator(".copy")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "481516"


async def test_a_prompt_is_answered_with_the_keyboard(phone, page):
    await opened(page, phone.base + PAGE)
    prompt = (await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer 42,00 EUR ?"})).json
    await page.get_by_role("button", name="Approve").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(page.get_by_text("Payer 42,00 EUR ?: approved")).to_be_visible()
    assert (await phone.get(f"/api/prompts/{prompt['id']}")).json["state"] == "approved"


async def test_what_has_the_focus_keeps_it_when_news_comes(phone, page):
    await phone.text(NUMBER, "code 111111")
    await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer ?"})
    await opened(page, phone.base + PAGE)
    await page.get_by_role("button", name="Decline").focus()
    await phone.text(NUMBER, "code 222222")
    await expect(page.locator("#latest-code")).to_have_text("222222")
    await expect(page.get_by_role("button", name="Decline")).to_be_focused()


async def test_what_is_the_same_is_not_drawn_anew_when_the_page_goes_live(phone, page):
    await phone.text(NUMBER, "code 111111")
    await page.goto(phone.base + PAGE)
    await page.locator("#latest-code").evaluate("code => { code.mark = 'the same' }")
    await expect(page.locator("#live-state")).to_have_text("Live.")
    await page.evaluate("refresh()")
    while await page.evaluate("refreshing"):
        pass
    assert await page.locator("#latest-code").evaluate("code => code.mark") == "the same"


async def test_clear_empties_the_phone(phone, page):
    await phone.text(NUMBER)
    await opened(page, phone.base + PAGE)
    await page.get_by_role("button", name="Clear").click()
    await expect(page.get_by_text("No text yet.")).to_be_visible()
    await expect(page.get_by_role("button", name="Clear")).to_be_disabled()


async def test_without_a_script_everything_can_be_read_and_decided(phone, browser):
    await phone.text(NUMBER, "code 481516")
    await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer ?"})
    context = await new_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(phone.base + PAGE)
    await expect(page.locator("#latest-code")).to_have_text("481516")
    await expect(page.locator("#latest-code")).to_be_in_viewport()
    await expect(page.locator(".copy")).to_be_hidden()
    await page.get_by_role("button", name="Decline").click()
    await expect(page.get_by_text("Payer ?: declined")).to_be_visible()
    await phone.text(NUMBER, "code 234242")
    await page.get_by_role("link", name="Refresh").click()
    await expect(page.locator("#latest-code")).to_have_text("234242")
    await context.close()


@pytest.mark.parametrize("width", [250, 390, 600, 1100])
async def test_nothing_is_cut_off_at_any_width(phone, browser, width):
    await phone.text(NUMBER, "BANQUE: code 481516 pour 129,90 EUR chez BOUTIQUE-DES-CHAMPS-ELYSEES-ET-DES-ENVIRONS")
    await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer 129,90 EUR ?", "body": "BOUTIQUE"})
    context = await new_context(browser, viewport={"width": width, "height": 700})
    page = await context.new_page()
    for path in ("/", PAGE, "/?q=boutique"):
        await opened(page, phone.base + path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
    await opened(page, phone.base + PAGE)
    for button in ("Approve", "Decline", "Clear", "Copy the code 481516"):
        await expect(page.get_by_role("button", name=button)).to_be_visible()
    assert await page.locator("button").evaluate_all(CUT_OFF, width) == []
    await context.close()


@pytest.mark.parametrize("frame_ancestors", ["*"])
async def test_the_page_is_live_and_copies_in_a_frame_of_another_site(phone, page):
    async def around(_request: web.Request) -> web.Response:
        frame = f'<!doctype html><title>Shop</title><iframe src="{phone.base}{PAGE}" width="400" height="800"></iframe>'
        return web.Response(text=frame, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", around)
    async with serving(app, "127.0.0.1", 0) as port:
        await standing_clock(page)
        await page.goto(f"http://127.0.0.1:{port}/")
        frame = page.frame_locator("iframe")
        await expect(frame.locator("#live-state")).to_have_text("Live.")
        await phone.text(NUMBER, "code 481516")
        await expect(frame.locator("#latest-code")).to_have_text("481516")
        await frame.get_by_role("button", name="Copy the code 481516").click()
        await expect(frame.locator(".copy")).to_have_text("Copied")


async def test_the_page_reports_no_error(phone, page):
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await phone.text(NUMBER)
    for path in (PAGE, "/", "/?q=code"):
        await opened(page, phone.base + path)
    await phone.text(NUMBER, "code 222222")
    await expect(page.get_by_role("heading", name="2 texts")).to_be_visible()
    assert complaints == []
