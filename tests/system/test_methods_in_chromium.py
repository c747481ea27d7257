"""Every way a bank asks, from the CReq to the CRes in a real Chromium: each page in the five challenge windows, in light and dark,
held against axe; each method in another language of the cardholder's."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, Frame, Page

from acs.cardholder.methods.single_select import phones
from tests.support.accessibility import findings
from tests.support.checkout import Checkout, checkout, wrong
from tests.support.simulator import STARTED_AT
from tests.support.windows import WINDOWS, fits, overflows, resized
from tests.system.test_shops_in_chromium import PICTURES

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def shared(browser: Browser) -> AsyncIterator[Checkout]:
    async with checkout(browser) as running:
        yield running


@pytest.fixture
async def shop(shared: Checkout) -> AsyncIterator[Checkout]:
    yield shared
    await shared.clear_up()


@dataclass
class Visit:
    """A cardholder before the bank's page. `tight`: whether a page has to be seen without scrolling in the smallest windows."""

    shop: Checkout
    card: dict[str, Any]
    page: Page
    frame: Frame

    async def look(self, *, tight: bool = True) -> None:
        """Hold what is shown against every window, and against axe in light and dark."""
        for width, height in WINDOWS.values():
            await resized(self.page.locator("iframe"), self.frame, width, height)
            assert await overflows(self.frame) == [], (width, height)
            assert not tight or await fits(self.frame), (width, height)
        assert await findings(self.frame) == []
        await self.page.emulate_media(color_scheme="dark")
        assert await findings(self.frame, rules=["color-contrast"]) == []
        await self.page.emulate_media(color_scheme="light")

    async def picture(self, name: str) -> None:
        """For the documentation, when `make screenshots` asks for it."""
        if os.environ.get("ACS_SIM_SCREENSHOTS"):
            element = self.page.locator("iframe")
            await resized(element, self.frame, *WINDOWS["02"])
            await element.screenshot(path=PICTURES / f"challenge-{name}.png", animations="disabled")

    async def told(self, kind: str) -> None:
        await self.frame.wait_for_selector(f'#message[data-kind="{kind}"]')

    async def type(self, value: str) -> None:
        await self.frame.fill("#code", value)
        await self.frame.press("#code", "Enter")

    async def choose(self, *values: str) -> None:
        for value in values:
            await self.frame.check(f"#choice-{value}")
        await self.frame.click("#submit")

    async def press(self, button: str) -> None:
        await self.frame.click(f"#{button}")

    async def until(self, selector: str) -> None:
        await self.frame.wait_for_selector(selector)

    async def approve(self, decision: str = "Approve") -> None:
        """Press a button of the banking app on the phone's page."""
        phone = await self.page.context.new_page()
        await phone.goto(f"{self.shop.stack.addresses.phone}/phones/{self.card['phone']}")
        assert await findings(phone) == []
        assert await overflows(phone) == []
        await phone.get_by_role("button", name=decision).click()
        await phone.get_by_role("button", name=decision).wait_for(state="detached")


async def sms_code(visit: Visit) -> None:
    await visit.look()
    await visit.picture("code")
    code = await visit.shop.code(visit.card["phone"])
    await visit.type(wrong(code))
    await visit.told("wrong-code")
    await visit.look()
    await visit.type(code)


async def refused(visit: Visit) -> None:
    code = wrong(await visit.shop.code(visit.card["phone"]))
    for _ in range(3):
        await visit.until("#code:not([data-typed])")
        await visit.frame.eval_on_selector("#code", "field => { field.dataset.typed = 1 }")
        await visit.type(code)
    await visit.told("contact-bank")
    await visit.look()
    await visit.press("continue")


async def password(visit: Visit) -> None:
    await visit.look()
    await visit.type("Imaginaire")
    await visit.told("wrong-password")
    await visit.look()
    await visit.picture("password")
    await visit.type("imaginaire")


async def password_and_code(visit: Visit) -> None:
    await visit.type("imaginaire")
    await visit.until("#resend")
    await visit.type(await visit.shop.code(visit.card["phone"]))


async def single_select(visit: Visit) -> None:
    await visit.look()
    await visit.press("submit")
    await visit.told("blank-choice")
    await visit.look()
    await visit.choose("2")
    await visit.until("#code")
    await visit.type(await visit.shop.code(phones(visit.card["phone"])[1]))


async def multi_select(visit: Visit) -> None:
    await visit.look()
    await visit.picture("choice")
    await visit.choose("1", "5")
    await visit.told("wrong-choice")
    await visit.look(tight=False)
    await visit.choose("2", "5")


async def knowledge(visit: Visit) -> None:
    await visit.type("Rex")
    await visit.told("wrong-answer")
    await visit.look()
    await visit.type(" felix ")


async def own_page(visit: Visit) -> None:
    await visit.look()
    await visit.choose("no")


async def banking_app(visit: Visit) -> None:
    await visit.look()
    await visit.picture("app")
    await visit.press("submit")
    await visit.told("not-decided")
    await visit.look()
    await visit.approve()


async def banking_app_declined(visit: Visit) -> None:
    await visit.approve("Decline")
    await visit.told("declined")
    await visit.look()
    await visit.press("continue")


async def by_itself(visit: Visit) -> None:
    """The page goes on without being touched."""


async def by_itself_once_looked_at(visit: Visit) -> None:
    await visit.look()
    await visit.page.context.unroute(OWN_SCRIPT)
    await visit.frame.evaluate("import('/static/post.js')")


async def cancelled(visit: Visit) -> None:
    await visit.press("resend")
    await visit.told("resent")
    await visit.look()
    await visit.press("cancel")
    await visit.told("cancelled")
    await visit.look()
    await visit.press("continue")


OWN_SCRIPT = "**/static/post.js*"
HELD = (refused, cancelled, banking_app_declined, by_itself_once_looked_at)
"""A page that goes on by itself is looked at without its script."""
Way = Callable[[Visit], Awaitable[None]]
WAYS: dict[str, tuple[str, str, Way, str]] = {
    "code by SMS": ("challenge-otp", "fr-FR", sms_code, "Y"),
    "three wrong codes": ("challenge-otp", "de-DE", refused, "N"),
    "cancelled after a new code": ("challenge-otp", "nl-NL", cancelled, "N"),
    "password": ("challenge-password", "es-ES", password, "Y"),
    "password and code": ("challenge-password-otp", "it-IT", password_and_code, "Y"),
    "choice of phone": ("challenge-single-select", "pt-PT", single_select, "Y"),
    "choice of pictures": ("challenge-multi-select", "nl-BE", multi_select, "Y"),
    "question": ("challenge-knowledge", "de-AT", knowledge, "Y"),
    "own page": ("challenge-html", "it-CH", own_page, "N"),
    "banking app": ("challenge-oob", "fr-CA", banking_app, "Y"),
    "banking app, declined": ("challenge-oob", "es-MX", banking_app_declined, "N"),
    "passes by itself": ("challenge-auto-pass", "en-GB", by_itself_once_looked_at, "Y"),
    "fails by itself": ("challenge-auto-fail", "pt-BR", by_itself, "N"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_every_page_of_a_method_fits_every_window_and_leads_to_one_result(shop, way):
    scenario, language, walk, trans_status = WAYS[way]
    card = await shop.card(scenario)
    ares = await shop.ares(card, browserLanguage=language)
    page = await shop.page()
    if walk in HELD:
        await page.context.route(OWN_SCRIPT, lambda route: route.abort())
    visit = Visit(shop, card, page, await shop.challenge(page, ares))
    assert await visit.frame.get_attribute("html", "lang") == language[:2]
    await walk(visit)
    await shop.ended(trans_status)


async def test_the_trust_box_fits_every_window_and_spares_the_next_challenge(shop):
    card = await shop.card("challenge-otp", language="de")
    ares = await shop.ares(card, threeDSRequestorChallengeInd="09", browserLanguage="fr-FR")
    page = await shop.page()
    visit = Visit(shop, card, page, await shop.challenge(page, ares))
    assert (
        await visit.frame.get_attribute("html", "lang") == "de"
    )  # the cardholder's own language goes before the browser's
    text = await shop.text(card["phone"])
    assert "Geben Sie ihn niemals weiter." in text["body"]
    await visit.look(tight=False)
    await visit.frame.check("#trust")
    await visit.type(text["code"])
    assert (await shop.ended("Y"))["whiteListStatus"] == "Y"
    assert (await shop.ares(card, threeDSRequestorChallengeInd="08"))["transStatus"] == "Y"


async def test_the_boxes_that_trust_the_merchant_and_remember_the_device_fit_together(shop):
    card = await shop.card("challenge-password")
    wishes = {"threeDSRequestorChallengeInd": ["09", "12"], "purchaseDate": f"{STARTED_AT:%Y%m%d%H%M%S}"}
    ares = await shop.ares(card, "2.3.1", browserLanguage="it-IT", **wishes)
    page = await shop.page()
    visit = Visit(shop, card, page, await shop.challenge(page, ares))
    await visit.look(tight=False)
    await visit.frame.check("#trust")
    await visit.frame.check("#bind")
    await visit.type("imaginaire")
    rreq = await shop.ended("Y")
    assert (rreq["trustListStatus"], rreq["deviceBindingStatus"]) == ("Y", "14")


async def test_a_decoupled_purchase_is_approved_on_the_phone_with_no_page_of_the_bank(shop):
    card = await shop.card("decoupled", language="it")
    ares = await shop.ares(card, threeDSRequestorDecReqInd="Y", threeDSRequestorDecMaxTime="00010")
    assert ares["transStatus"] == "D"
    page = await shop.page()
    await page.goto(f"{shop.stack.addresses.phone}/phones/{card['phone']}")
    assert "Approvi solo ciò che ha ordinato Lei." in await page.inner_text(".prompt")
    for width, height in WINDOWS.values():
        await page.set_viewport_size({"width": width, "height": height})
        assert await overflows(page) == [], (width, height)
    await page.get_by_role("button", name="Approve").click()
    assert (await shop.result())["transStatus"] == "Y"
    assert shop.server.results.empty()
