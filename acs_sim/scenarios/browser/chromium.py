"""The cardholder in a real Chromium, driven by Playwright, with a picture of each step. Playwright is imported only here."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from acs_sim.client.cardholder import CardholderStuck
from acs_sim.client.challenge_page import Form, NotAPage, Page
from acs_sim.scenarios.browser.screens import PAGE_SECONDS, Diary, IsBank, OnMethod, Opening, Seen, nobody_listens
from acs_sim.scenarios.browser.shop_page import METHOD_FIELD, method_transaction
from acs_sim.scenarios.simulator import CannotPlay

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Frame, Request, Response, Route
    from playwright.async_api import Page as Tab

NAMES: Final = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
SWITCHES: Final = (
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-features=LocalNetworkAccessChecks",  # a bank's page that was read on its way may still post to a local shop
)
VIEW: Final = {"width": 480, "height": 760}
SETTLE_MILLISECONDS: Final = 3_000
LOOK_AGAIN_SECONDS: Final = 0.05
LOOKS: Final = 10
RESULT_FIELDS: Final = ("cres=", "PaRes=")


@asynccontextmanager
async def running_chromium() -> AsyncIterator["Browser"]:
    """One Chromium for a whole run. Errors: `CannotPlay` that says what to install."""
    try:
        from playwright.async_api import Error, async_playwright
    except ModuleNotFoundError as error:
        raise CannotPlay("--browser needs Playwright: pip install playwright && playwright install chromium") from error
    executable = next((found for name in NAMES if name and (found := shutil.which(name))), None)
    switches = [*SWITCHES, *(["--no-sandbox"] if _is_root() else [])]
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=executable, args=switches)
        except Error as error:
            words = error.message.splitlines()[0]
            raise CannotPlay(
                f"--browser finds no Chromium ({words}): playwright install chromium, or name one in CHROMIUM"
            ) from error
        try:
            yield browser
        finally:
            await browser.close()


async def new_screen(browser: "Browser", is_bank: IsBank) -> "Chromium":
    """A window of its own, with cookies of its own."""
    context = await browser.new_context(viewport=VIEW, ignore_https_errors=True, locale="en-GB")  # type: ignore[arg-type]
    context.set_default_timeout(PAGE_SECONDS * 1000)
    screen = Chromium(context, await context.new_page(), is_bank)
    await context.route(screen.is_read, screen.on_route)
    await context.route("**/*", screen.on_callback)
    context.on("response", screen.on_response)
    return screen


class Chromium:
    """What the bank answers is read on its way to the window, because its last page is gone as soon as it is shown."""

    def __init__(self, context: "BrowserContext", tab: "Tab", is_bank: IsBank) -> None:
        self._context = context
        self._tab = tab
        self._is_bank = is_bank
        self._page: Page | None = None
        self._at_the_door = asyncio.Event()
        self._enters = asyncio.Event()
        self._arrived = asyncio.Event()
        self._returned = asyncio.Event()
        self._calls_back = asyncio.Event()
        self._delivers = True
        self._opening: Opening | None = None
        self._shown: Opening | None = None
        self._clicks = 1
        self.diary = Diary()
        self.on_method: OnMethod = nobody_listens
        self.hold_callbacks = False
        self.clicks = 1

    @property
    def page(self) -> Page | None:
        return self._page

    async def show(self, opening: Opening) -> None:
        from playwright.async_api import Error

        self._opening = opening if opening.html is not None or opening.form is not None else None
        self._shown = opening
        self._page = None
        self._at_the_door.clear()
        self._enters.clear()
        try:
            await self._tab.goto(opening.url, wait_until="commit")
            async with asyncio.timeout(PAGE_SECONDS):
                await self._at_the_door.wait()
        except TimeoutError as error:
            raise CardholderStuck(f"the shop sent nobody to the bank within {PAGE_SECONDS:g} seconds") from error
        except Error as error:
            raise CardholderStuck(error.message.splitlines()[0]) from error

    async def call_back(self) -> None:
        self._calls_back.set()

    async def enter(self) -> None:
        from playwright.async_api import Error

        try:
            again = self._enters.is_set()
            self._arrived.clear()
            self._enters.set()
            if again:
                await self._tab.reload(wait_until="commit")
            async with asyncio.timeout(PAGE_SECONDS):
                await self._arrived.wait()
            await self._rest()
        except TimeoutError as error:
            raise CardholderStuck(f"the bank's page did not come within {PAGE_SECONDS:g} seconds") from error
        except Error as error:
            raise CardholderStuck(error.message.splitlines()[0]) from error
        await self._shoot("the bank asks" if self._page is not None and self._page.result is None else "it is over")

    async def press(self, button: str, entry: str | None, *, boxes: Sequence[str], deliver: bool) -> Page:
        from playwright.async_api import Error

        if self._page is None:
            raise CardholderStuck("the bank shows nothing")
        try:
            shown = self._page.press(button, entry, boxes=boxes).fields.get("page")
            button, entry = self._page.hand(button, entry)
            return await self._pressed(await self._frame(button, shown), button, entry, boxes=boxes, deliver=deliver)
        except NotAPage as error:
            raise CardholderStuck(str(error)) from error
        except TimeoutError as error:
            raise CardholderStuck(f"nothing came within {PAGE_SECONDS:g} seconds of pressing #{button}") from error
        except Error as error:
            raise CardholderStuck(error.message.splitlines()[0]) from error

    async def twice(self, button: str, entry: str | None) -> Page:
        self._clicks = 2
        try:
            return await self.press(button, entry, boxes=(), deliver=True)
        finally:
            self._clicks = 1

    async def back(self) -> None:
        if self._shown is None:
            raise CardholderStuck("there was no page of the shop before the bank's")
        await self.show(self._shown)

    async def bring_again(self) -> None:
        from playwright.async_api import Error

        try:
            await self._tab.reload(wait_until="load")
        except Error as error:
            raise CardholderStuck(error.message.splitlines()[0]) from error

    async def look_around(self) -> None:
        """A person does not."""

    async def close(self) -> None:
        await self._context.close()

    def is_read(self, url: str) -> bool:
        """Only what has to be: everything else is the browser's own business, cookies and all."""
        return self._is_bank(url) or _same(self._opening, url)

    async def on_route(self, route: "Route", request: "Request") -> None:
        """What the window is about to load, of what is read."""
        opening = self._opening
        if opening is not None and _same(opening, request.url):
            self._opening = None
            await route.fulfill(content_type="text/html; charset=utf-8", body=_first_page(opening))
        elif self._is_bank(request.url) and _is_page(request):
            self._at_the_door.set()
            await self._enters.wait()
            await self._read(route, request)
        elif self._is_bank(request.url) and _carries(request, METHOD_FIELD):
            await self.on_method(method_transaction(_form(request)))
            await route.continue_()
        else:
            await route.continue_()

    async def on_result(self, route: "Route", request: "Request") -> None:
        """Where the browser is closed before it comes back to the shop."""
        if _carries_result(request):
            self._returned.set()
            await route.abort()
        else:
            await route.fallback()

    async def on_callback(self, route: "Route", request: "Request") -> None:
        """What a 3DS Method's page posts back to the shop may have to wait."""
        if self.hold_callbacks and _carries(request, METHOD_FIELD) and not self._is_bank(request.url):
            await self._calls_back.wait()
        await route.fallback()

    async def on_response(self, response: "Response") -> None:
        if not self._is_bank(response.url):
            self.diary.seen.append(Seen(response.url, response.status, b""))
        if _carries_result(response.request):
            self.diary.delivered.append((_form(response.request).fields, response.status))
            self._returned.set()

    async def _read(self, route: "Route", request: "Request") -> None:
        from playwright.async_api import Error

        try:
            answer = await route.fetch(max_redirects=0)
            body = await answer.body()
        except Error:
            self._page = None
            await route.abort()
            self._arrived.set()
            return
        try:
            self._page = Page(request.url, body)
        except NotAPage:
            self._page = None
        await route.fulfill(response=answer, body=body)
        self._arrived.set()

    async def _pressed(
        self, frame: "Frame", button: str, entry: str | None, *, boxes: Sequence[str], deliver: bool
    ) -> Page:
        if entry is not None:
            await _enter(frame, entry)
        for box in boxes:
            await frame.locator(f"#{box}").check()
        await self._shoot(f"about to press {button}")
        self._delivers = deliver
        if not deliver:
            await self._context.route("**/*", self.on_result)
        self._arrived.clear()
        if entry is not None and await frame.locator("#code[type=hidden]").count():
            await frame.locator("#code").evaluate(
                "({ form }) => HTMLFormElement.prototype.submit.call(form)"
            )  # in the place of the page's script
        else:
            await frame.locator(f"#{button}").click(click_count=self._clicks)
        async with asyncio.timeout(PAGE_SECONDS):
            await self._arrived.wait()
        await self._rest()
        page = self._page
        if page is None:
            raise CardholderStuck(f"the bank answered no page to #{button}")
        over = page.result is not None
        await self._shoot("back at the shop" if over and deliver else f"after {button}")
        return page

    async def _rest(self) -> None:
        """Until the window has nothing more to do by itself."""
        async with asyncio.timeout(PAGE_SECONDS):
            while self._page is not None and self._page.result is None and self._page.automatic is not None:
                self._arrived.clear()
                await self._arrived.wait()
            if self._page is not None and self._page.result is not None:
                await self._returned.wait()
        if self._delivers:
            await self._settle()

    async def _settle(self) -> None:
        """For the picture alone: a shop's page that loads and loads is no failure."""
        from playwright.async_api import TimeoutError as NotLoaded

        with suppress(NotLoaded):
            await self._tab.wait_for_load_state("load", timeout=SETTLE_MILLISECONDS)

    async def _frame(self, button: str, shown: str | None) -> "Frame":
        """The bank's page, wherever the shop has put it, once it is the one that was read: `shown` is what its form says of it."""
        form = "form" if shown is None else f'form:has(input[name="page"][value="{shown}"])'
        async with asyncio.timeout(PAGE_SECONDS):
            while (frame := await self._showing(form, button)) is None:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return frame

    async def _showing(self, form: str, button: str) -> "Frame | None":
        from playwright.async_api import Error

        for frame in self._tab.frames:
            try:
                if self._is_bank(frame.url) and await frame.locator(form).count():
                    await frame.locator(f"#{button}").wait_for(state="visible")
                    return frame
            except Error:  # it went elsewhere while it was looked at
                continue
        return None

    async def _shoot(self, caption: str) -> None:
        """What is typed stays hidden, here as everywhere else. A window that goes elsewhere meanwhile is looked at again."""
        from playwright.async_api import Error

        for _ in range(LOOKS):
            typed = [frame.locator("#code") for frame in self._tab.frames if self._is_bank(frame.url)]
            try:
                image = await self._tab.screenshot(animations="disabled", mask=typed, mask_color="#9aa5b1")
            except Error:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                continue
            self.diary.shots.append((caption, image))
            return


async def _enter(frame: "Frame", entry: str) -> None:
    """Type it, or choose it where there are choices."""
    code = frame.locator("#code")
    if await code.count():
        hidden = await code.get_attribute("type") == "hidden"
        await (code.evaluate("(code, entry) => { code.value = entry; }", entry) if hidden else code.fill(entry))
        return
    for value in entry.split(","):
        await frame.locator(f'input[name="challengeValue"][value="{value}"]').check(force=True)


def _first_page(opening: Opening) -> bytes:
    """The page that a gateway answered; or one that posts a form, as a gateway's page does."""
    if opening.html is not None or opening.form is None:
        return opening.html or b""
    import html

    fields = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in opening.form.fields.items()
    )
    page = (
        f'<!doctype html><meta charset="utf-8"><title>To your bank</title><form method="post" '
        f'action="{html.escape(opening.form.url)}">{fields}</form><script>document.forms[0].submit()</script>'
    )
    return page.encode()


def _same(opening: Opening | None, url: str) -> bool:
    return opening is not None and opening.url.rstrip("/") == url.rstrip("/")


def _is_page(request: "Request") -> bool:
    return request.method == "POST" and request.resource_type == "document" and "/method" not in request.url


def _carries(request: "Request", field: str) -> bool:
    return request.method == "POST" and f"{field}=" in (request.post_data or "")


def _form(request: "Request") -> Form:
    """What a form posted."""
    return Form(request.url, dict(parse_qsl(request.post_data or "", keep_blank_values=True)))


def _carries_result(request: "Request") -> bool:
    return request.method == "POST" and any(name in (request.post_data or "") for name in RESULT_FIELDS)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
