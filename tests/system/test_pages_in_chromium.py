"""All pages of all parties held against axe, the 3DS Method in a hidden frame, and what a bank's own host brings to light."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page

from acs_sim.desk.app import PAGES
from tests.support.accessibility import findings, findings_in_both_colours
from tests.support.checkout import Checkout, checkout
from tests.support.patience import PATIENCE_SECONDS
from tests.support.third_party import base64url, from_base64url
from tests.support.windows import crowded, overflows, thinned
from tests.system.test_shops_in_chromium import pay, verdict

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def shared(browser: Browser) -> AsyncIterator[Checkout]:
    async with checkout(browser) as running:
        yield running


@pytest.fixture
async def shop(shared: Checkout) -> AsyncIterator[Checkout]:
    yield shared
    await shared.clear_up()


async def sound(page: Page, where: str) -> None:
    """Nothing that axe finds wrong in light, no contrast too low in dark, nothing cut off in a narrow window."""
    assert await findings(page) == [], where
    assert await page.locator("[hidden]:visible").count() == 0, f"{where}: what is hidden is seen"
    await page.emulate_media(color_scheme="dark")
    assert await findings(page, rules=["color-contrast"]) == [], f"{where}, dark"
    await page.emulate_media(color_scheme="light")


async def test_axe_finds_nothing_wrong_with_the_shops(shop):
    page = await shop.page()
    for name in ("", "/shops/e-transactions?lang=en", "/shops/monetico?lang=en"):
        await page.goto(shop.stack.addresses.shop + name)
        await sound(page, name)
    await page.click("#checkout")
    await page.fill("#card-number", "1")
    await page.click("#pay")
    await page.wait_for_selector("#message")
    await sound(page, "payment, with what is wrong")


async def test_axe_finds_nothing_wrong_with_a_purchase(shop):
    card = await shop.card("challenge-otp", scheme="mastercard")
    page = await shop.page()
    challenge = await pay(page, shop.stack, "e-transactions", card)
    await sound(page, "challenge")
    await challenge.locator("#code").fill(await shop.code(card["phone"]))
    await challenge.locator("#submit").click()
    assert (await verdict(page))[0] == "accepted"
    await sound(page, "accepted")
    await page.goto(f"{shop.stack.addresses.shop}/log")
    await page.click("main a")
    await sound(page, "log of a purchase")


async def test_axe_finds_nothing_wrong_with_the_phone(shop):
    card = await shop.card("challenge-oob")
    page = await shop.page()
    await shop.challenge(page, await shop.ares(card))
    address = f"{shop.stack.addresses.phone}/phones/{card['phone']}"
    for path in (address, shop.stack.addresses.phone, f"{shop.stack.addresses.phone}/?q=Librairie", f"{address}x"):
        await page.goto(path)
        await sound(page, path)
    await page.goto(address)
    await page.get_by_role("button", name="Decline").click()
    await page.get_by_text("declined").wait_for()
    await sound(page, "decided")
    await shop.result()


EXAMPLES = {"message": "AReq", "picture": "demo.png", "form": "svg"}
"""What stands in the addresses of the desk's pages for what is no id."""
VARIANTS = (
    "/?q=nothing",
    "/transactions/{id}?m=1&view=raw",
    "/transactions/{id}?m=1&view=check",
    "/transactions/{id}?m=1&view=difference",
    "/transactions/nobody",
    "/compare?id={id}&id={id}",
    "/check?id={id}",
    "/cards?version=1.0.2&pan=4000000001000001",
    "/docs/acs",
    "/docs?q=code",
    "/find?id=nothing",
)
LARGE, SMALL = {"width": 1280, "height": 720}, {"width": 390, "height": 800}


async def pages_of_the_desk(shop: Checkout) -> dict[str, str]:
    """The address of every page in the table of the desk's routes, and of what else those pages can look like. What is a part of a
    page, a picture, a file, or somebody else's page to look at, is none."""
    ares = await shop.ares(await shop.card("challenge-otp"))
    await shop.challenge(await shop.page(), ares)
    desk, wish = shop.stack.addresses.desk, {"scheme": "visa", "scenario": "challenge-otp", "version": "2.2.0"}
    async with shop.session.post(f"{desk}/app", data=wish, allow_redirects=False) as answer:
        app = answer.headers["Location"].removeprefix("/app/")
    found = {}
    for path in [*(path for method, path, _ in PAGES if method == "GET"), *VARIANTS]:
        named = EXAMPLES | {"id": app if path.startswith("/app") else ares["threeDSServerTransID"]}
        plain = re.sub(r"{(\w+):[^}]*}", "acs", path).replace("{token}", "none")
        address = plain.format_map(named)
        async with shop.session.get(desk + address) as answer:
            told = answer.headers
            if "Content-Disposition" in told or "sandbox" in told.get("Content-Security-Policy", ""):
                continue
            if answer.content_type == "text/html":
                found |= {address: path} if "<html" in await answer.text() else {}
    return found


async def test_every_page_of_the_desk_is_sound_in_both_colours_on_a_screen_and_on_a_phone(shop):
    addresses = await pages_of_the_desk(shop)
    assert len(addresses) > len(VARIANTS) + 12
    page, wrong, broken = await shop.page(viewport=LARGE), {}, []
    page.on("pageerror", lambda error: broken.append(str(error)))
    for address in addresses:
        await page.goto(shop.stack.addresses.desk + address)
        wrong[address] = await crowded(page)
        wrong[address] += ["what is hidden is seen"] * await page.locator("[hidden]:visible").count()
        await page.set_viewport_size(SMALL)
        wrong[address] += [f"narrow: {one}" for one in await crowded(page)]
        await page.set_viewport_size(LARGE)
        await thinned(page)
        wrong[address] += await findings_in_both_colours(page)
    assert broken == []
    assert {address: found for address, found in wrong.items() if found} == {}


METHOD_PAGE = (
    '<!doctype html><html lang="en"><title>Shop</title><iframe name="method" hidden></iframe>'
    '<form method="post" action="{url}" target="method"><input type="hidden" name="threeDSMethodData" value="{data}"></form>'
    "<script>document.forms[0].submit()</script>"
)


async def begin_method(shop: Checkout, path: str) -> tuple[str, Page]:
    """The threeDSServerTransID of a 3DS Method at `path` of the ACS, and the page that has begun it."""
    name = str(uuid.uuid4())
    asked = {"threeDSServerTransID": name, "threeDSMethodNotificationURL": f"{shop.server.url}/method-notification"}
    url = shop.stack.addresses.acs + path
    shop.server.pages["/method"] = METHOD_PAGE.format(url=url, data=base64url(asked))
    page = await shop.page(locale="fr-CA", timezone_id="Europe/Paris", screen={"width": 1600, "height": 900})
    async with page.expect_request(url):
        await page.goto(f"{shop.server.url}/method", wait_until="commit")
    return name, page


async def test_the_method_page_tells_the_issuer_of_the_browser_and_calls_back(shop):
    name, _ = await begin_method(shop, "/3ds2/method")
    fields = await asyncio.to_thread(shop.server.notifications.get, timeout=PATIENCE_SECONDS)
    assert from_base64url(fields["threeDSMethodData"]) == {"threeDSServerTransID": name}
    entries = await shop.stack.runtime.journal.entries_of(name)
    assert [entry["kind"] for entry in entries] == ["3DS Method", "browser data"]
    seen = entries[1]["message"]
    assert (seen["browserLanguage"], seen["timeZone"]) == ("fr-CA", "Europe/Paris")
    assert (seen["browserScreenWidth"], seen["browserScreenHeight"]) == ("1600", "900")
    assert "Chrome" in seen["browserUserAgent"]


async def test_the_method_calls_back_too_when_the_issuer_cannot_be_told(shop):
    page = await shop.page()
    await page.context.route("**/3ds2/method/seen", lambda route: route.abort())
    asked = {"threeDSServerTransID": str(uuid.uuid4()), "threeDSMethodNotificationURL": f"{shop.server.url}/heard"}
    shop.server.pages["/method"] = METHOD_PAGE.format(
        url=f"{shop.stack.addresses.acs}/3ds2/method", data=base64url(asked)
    )
    await page.goto(f"{shop.server.url}/method")
    await asyncio.to_thread(shop.server.notifications.get, timeout=PATIENCE_SECONDS)


async def test_the_silent_method_neither_calls_back_nor_tells_anything(shop):
    name, page = await begin_method(shop, "/3ds2/method/silent")
    await page.wait_for_load_state()
    frame = page.frame("method")
    await frame.wait_for_function("document.title === '3DS Method'")
    assert await frame.locator("form, script").count() == 0
    assert [entry["kind"] for entry in await shop.stack.runtime.journal.entries_of(name)] == ["3DS Method"]
    assert shop.server.notifications.empty()


async def test_the_late_method_calls_back_when_nobody_waits_any_more(shop):
    name, _ = await begin_method(shop, "/3ds2/method/late")
    assert shop.server.notifications.empty()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while shop.server.notifications.empty():
            shop.stack.clock.advance(timedelta(minutes=1))
            await asyncio.sleep(0.01)
    fields = shop.server.notifications.get()
    assert from_base64url(fields["threeDSMethodData"]) == {"threeDSServerTransID": name}


async def test_a_frame_src_that_lists_the_hosts_that_were_tried_blanks_the_page_of_another_bank(shop):
    tried = await shop.ares(await shop.card("challenge-otp"))
    other = tried
    while other["acsURL"] == tried["acsURL"]:
        other = await shop.ares(await shop.card("challenge-otp"))
    shop.server.policy = f"frame-src {shop.stack.addresses.acs} {tried['acsURL'].partition('/3ds2')[0]}"
    try:
        page = await shop.page()
        await shop.challenge(page, tried)
        await page.goto(shop.shop(other))
        async with page.expect_console_message(lambda message: "frame-src" in message.text):
            await page.click("#go")
    finally:
        shop.server.policy = ""


@pytest.mark.parametrize(("domain", "comes_back"), [("localhost", False), (None, True)])
async def test_a_lax_cookie_of_the_shop_comes_back_with_the_cres_only_from_a_bank_next_door(
    browser, domain, comes_back
):
    async with checkout(browser, bank_domain=domain, only=("desk", "ds", "acs", "phone")) as shop:
        page = await shop.page()
        cookie = {"name": "session", "value": "1", "url": shop.server.url, "sameSite": "Lax"}
        await page.context.add_cookies([cookie])
        card = await shop.card("challenge-password")
        frame = await shop.challenge(page, await shop.ares(card))
        await frame.fill("#code", "imaginaire")
        await frame.press("#code", "Enter")
        await shop.ended("Y")
        assert shop.server.cookies == (["session=1"] if comes_back else [None])
        await shop.clear_up()


async def test_the_phone_in_a_narrow_window_cuts_nothing(shop):
    card = await shop.card("challenge-otp", language="de")
    page = await shop.page(viewport={"width": 250, "height": 600})
    await shop.challenge(page, await shop.ares(card))
    await shop.code(card["phone"])
    await page.goto(f"{shop.stack.addresses.phone}/phones/{card['phone']}")
    assert await overflows(page) == []
