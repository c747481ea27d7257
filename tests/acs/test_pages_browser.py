"""The pages in a real Chromium: in frames of the five challenge windows, by keyboard, without scripts, under their policy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from acs.cardholder.pages import (
    STATIC,
    Marks,
    Notice,
    auto_page,
    challenge_page,
    error_page,
    method_page,
    post_back_page,
)
from acs.cardholder.texts import LANGUAGES
from tests.acs.views import view
from tests.support.accessibility import findings
from tests.support.browser import new_context, standing_clock
from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime
from tests.support.windows import FITS, OVERFLOWS, WINDOWS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.serving.service import Route, Service, posted
from threedsecure.web.wire import WireRequest, WireResponse, read_form
from threedsecure.web.wire import page as html_page

MARKS = Marks("Caisse Imaginaire du Littoral et des Montagnes", SCHEMES["mastercard"])
LONG = {
    "scheme": SCHEMES["mastercard"],
    "issuer_name": "Caisse Imaginaire du Littoral et des Montagnes",
    "merchant_name": "Donaudampfschifffahrtsgesellschaft Nord.",
    "amount": 123456789012,
    "notice": Notice("superseded-code", 2),
    "can_resend": False,
}


class Site:
    """A small web site: the pages it is given, and what is posted to it."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.posts: asyncio.Queue[tuple[str, dict[str, str]]] = asyncio.Queue()
        self.base = ""

    async def show(self, request: WireRequest) -> WireResponse:
        html = self.pages.get(request.match["name"])
        return html_page(html or "", 200 if html else 404, frame_ancestors="*")

    async def take(self, request: WireRequest) -> WireResponse:
        self.posts.put_nowait((request.path, read_form(request)))
        return html_page("<!doctype html><title>taken</title><p id=taken>taken", frame_ancestors="*")

    async def posted(self) -> tuple[str, dict[str, str]]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.posts.get()

    def put(self, name: str, html: str) -> str:
        self.pages[name] = html
        return f"{self.base}/{name}"

    def service(self) -> Service:
        routes = [Route("GET", "/{name}", self.show), posted("/{name}", self.take)]
        return Service("site", routes, _no_life, static=STATIC)


@asynccontextmanager
async def _no_life() -> AsyncIterator[None]:
    yield


@pytest.fixture
async def sites() -> AsyncIterator[tuple[Site, Site]]:
    """The bank, and a shop of another origin that frames it and is posted to."""
    bank, shop = Site(), Site()
    async with (
        runtime() as shared,
        running(bank.service(), shared) as bank.base,
        running(shop.service(), shared) as shop.base,
    ):
        yield bank, shop


@pytest.fixture
def bank(sites: tuple[Site, Site]) -> Site:
    return sites[0]


@pytest.fixture
def shop(sites: tuple[Site, Site]) -> Site:
    return sites[1]


async def framed(page, shop, address, window="05"):
    """The page at `address` in a frame of the shop's."""
    width, height = WINDOWS[window]
    await page.set_viewport_size({"width": max(width, 800), "height": max(height, 800)})
    style = f"border:0;display:block;width:{width}px;height:{height}px"
    frame = f'<iframe title="bank" name="bank" style="{style}" src="{address}"></iframe>'
    await page.goto(shop.put("checkout", f"<!doctype html><title>shop</title><body style='margin:0'>{frame}"))
    return page.frame("bank")


@pytest.mark.parametrize("changes", [{}, {"notice": Notice("wrong-code", 2)}, LONG], ids=["plain", "wrong", "long"])
async def test_nothing_is_cut_and_nothing_scrolls_sideways_in_any_window_and_language(page, bank, changes):
    for language in LANGUAGES:
        await page.goto(bank.put("challenge", challenge_page(view(language=language, **changes))))
        await page.fill("#code", "888888")
        for width, height in WINDOWS.values():
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(OVERFLOWS) == [], (language, width, height)


@pytest.mark.parametrize("window", WINDOWS)
async def test_in_a_frame_the_whole_page_is_seen_without_scrolling_also_after_a_wrong_code(page, bank, shop, window):
    for language in ("en", "fr"):
        html = challenge_page(view(language=language, window_size=window, notice=Notice("wrong-code", 2)))
        frame = await framed(page, shop, bank.put("challenge", html), window)
        assert await frame.evaluate(FITS), language
        assert await frame.evaluate(OVERFLOWS) == [], language


async def test_the_other_pages_fit_every_window(page, bank, shop):
    notice = Notice("contact-bank", 0)
    others = {
        "auto": auto_page(view(language="fr"), 3_600_000),
        "end": post_back_page(language="fr", url=f"{shop.base}/done", fields={}, notice=notice, marks=MARKS),
        "error": error_page(language="fr", title_key="error", detail="threeDSServerTransID " + "a1b2c3d4-" * 12),
    }
    for name, html in others.items():
        await page.goto(bank.put(name, html))
        for width, height in WINDOWS.values():
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(OVERFLOWS) == [], (name, width, height)
            assert await page.evaluate(FITS), (name, width, height)


async def test_enter_in_the_field_submits_the_code(page, bank, shop):
    frame = await framed(page, shop, bank.put("challenge", challenge_page(view(action_url=f"{bank.base}/answer"))))
    await frame.fill("#code", "123456")
    await frame.press("#code", "Enter")
    hidden = {"acsTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e", "page": "f00d"}
    assert await bank.posted() == ("/answer", {**hidden, "challengeValue": "123456", "action": "submit"})


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("button", ["submit", "resend", "cancel"])
async def test_a_button_posts_its_action_and_a_blank_field_reaches_the_bank(browser, bank, button, scripts):
    context = await new_context(browser, java_script_enabled=scripts)
    page = await context.new_page()
    view_of_it = view(action_url=f"{bank.base}/answer", can_resend=False)
    await page.goto(bank.put("challenge", challenge_page(view_of_it)))
    await page.click(f"#{button}", force=button == "resend")  # it says that it is disabled, and works
    _, form = await bank.posted()
    assert (form["action"], form["challengeValue"]) == (button, "")


async def test_what_is_no_code_reaches_the_bank_too(page, bank):
    await page.goto(bank.put("challenge", challenge_page(view(action_url=f"{bank.base}/answer"))))
    await page.fill("#code", "  <é> not a code at all, and far too long  ")
    await page.click("#submit")
    assert (await bank.posted())[1]["challengeValue"] == "  <é> not a code at all, and far too long  "


async def test_the_keyboard_goes_from_the_field_through_the_buttons_with_the_focus_in_sight(page, bank):
    await page.goto(bank.put("challenge", challenge_page(view())))
    focused = "[document.activeElement.id, getComputedStyle(document.activeElement).outlineStyle]"
    seen = [await page.evaluate(focused)]
    for _ in range(3):
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate(focused))
    assert seen == [["code", "solid"], ["submit", "solid"], ["resend", "solid"], ["cancel", "solid"]]


async def test_a_screen_reader_hears_the_field_the_error_and_the_buttons(page, bank):
    await page.goto(bank.put("challenge", challenge_page(view(notice=Notice("wrong-code"), tries_left=2))))
    assert await page.get_by_role("alert").inner_text() == "That code is not right. You have 2 tries left."
    assert await page.get_by_role("textbox", name="Code received by SMS").count() == 1
    for name in ("Confirm", "Send a new code", "Cancel"):
        assert await page.get_by_role("button", name=name, exact=True).count() == 1
    assert await page.get_by_role("heading", level=1).inner_text() == "Confirm your payment"


async def test_the_page_that_answers_itself_posts_when_its_time_has_come(page, bank):
    await standing_clock(page)
    await page.goto(bank.put("auto", auto_page(view(action_url=f"{bank.base}/answer"), 5000)))
    await page.clock.run_for(4999)
    assert bank.posts.empty()
    await page.clock.run_for(1)
    path, form = await bank.posted()
    assert (path, form["action"], form["page"]) == ("/answer", "submit", "f00d")


async def test_without_scripts_the_page_that_answers_itself_is_answered_by_its_button(browser, bank):
    page = await (await new_context(browser, java_script_enabled=False)).new_page()
    await page.goto(bank.put("auto", auto_page(view(action_url=f"{bank.base}/answer"), 0)))
    await page.click("#submit")
    assert (await bank.posted())[1]["action"] == "submit"


async def test_an_answer_is_carried_from_the_frame_to_another_origin_at_once(page, bank, shop):
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    answer = {"cres": "eyJtZXNzYWdlVHlwZSI6IkNSZXMifQ", "threeDSSessionData": 'a"b<c>&d=é'}
    html = post_back_page(language="fr", url=f"{shop.base}/notification", fields=answer, notice=None)
    await framed(page, shop, bank.put("end", html))
    assert await shop.posted() == ("/notification", answer)
    assert complaints == []


async def test_last_words_stay_for_three_seconds(page, bank, shop):
    await standing_clock(page)
    html = post_back_page(
        language="fr", url=f"{shop.base}/notification", fields={"cres": "e30"}, notice=Notice("contact-bank", 0)
    )
    await page.goto(bank.put("end", html))
    await page.clock.run_for(2999)
    assert "Contactez votre banque" in await page.inner_text("#message")
    assert shop.posts.empty()
    await page.clock.run_for(1)
    assert await shop.posted() == ("/notification", {"cres": "e30"})


@pytest.mark.parametrize(
    ("scripts", "notice"),
    [(True, Notice("cancelled")), (False, Notice("cancelled")), (False, None)],
    ids=["last words", "last words without scripts", "at once without scripts"],
)
async def test_the_button_carries_the_answer_back_once(browser, bank, shop, scripts, notice):
    page = await (await new_context(browser, java_script_enabled=scripts)).new_page()
    html = post_back_page(language="en", url=f"{shop.base}/notification", fields={"cres": "e30"}, notice=notice)
    await page.goto(bank.put("end", html))
    await page.click("#continue")
    assert await shop.posted() == ("/notification", {"cres": "e30"})
    await page.wait_for_selector("#taken")
    assert shop.posts.empty()


async def test_the_method_page_calls_back_from_a_frame_that_nobody_sees(page, bank, shop):
    html = method_page(url=f"{shop.base}/method-notification", fields={"threeDSMethodData": "eyJ9"}, transaction_id="t")
    frame = f'<iframe name="bank" hidden src="{bank.put("method", html)}"></iframe>'
    await page.goto(shop.put("checkout", f"<!doctype html><title>shop</title>{frame}"))
    assert await shop.posted() == ("/method-notification", {"threeDSMethodData": "eyJ9"})


@pytest.mark.parametrize(("window", "colours"), [("01", "dark"), ("05", "light")])
async def test_axe_finds_nothing_wrong_with_any_page(browser, bank, window, colours):
    width, height = WINDOWS[window]
    context = await new_context(browser, color_scheme=colours, viewport={"width": width, "height": height})
    page = await context.new_page()
    issuers = ["Caisse des Contes", "Banque Exemple", "Banque Imaginaire", "Crédit Fictif"]
    looks = {f"look-{i}": challenge_page(view(issuer_name=name)) for i, name in enumerate(issuers)}
    assert len({html.partition('data-look="')[2][:1] for html in looks.values()}) == 4
    pages = looks | {
        "wrong": challenge_page(view(language="fr", notice=Notice("wrong-code", 2))),
        "resent": challenge_page(view(language="de", notice=Notice("resent"), can_resend=False)),
        "auto": auto_page(view(), 3_600_000),
        "end": post_back_page(
            language="nl", url=f"{bank.base}/done", fields={}, notice=Notice("contact-bank", 0), marks=MARKS
        ),
        "error": error_page(language="it", title_key="bad-request", detail="the form has no field creq"),
    }
    for name, html in pages.items():
        await page.goto(bank.put(name, html))
        assert await findings(page) == [], name
