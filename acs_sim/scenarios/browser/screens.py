"""The cardholder's browser in a run: from what a gateway answers to the bank's page, its buttons, and back to the shop.

There are two: this one, without a window and without scripts, and Chromium.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp

from acs_sim.client.cardholder import CardholderStuck
from acs_sim.client.challenge_page import Form, NotAPage, Page
from acs_sim.scenarios.browser.shop_page import METHOD_FIELD, ShopPage

PAGE_SECONDS: Final = 30.0
MAX_PAGES: Final = 12
MAX_PAGE_BYTES: Final = 1 << 21

IsBank = Callable[[str], bool]
"""Whether an address is the ACS's."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What the browser begins with: an address, or a form that is posted to one, or the page that was answered there."""

    url: str
    form: Form | None = None
    html: bytes | None = None


class Screen(Protocol):
    """Errors of every call: `CardholderStuck`."""

    shots: list[tuple[str, bytes]]
    """Pictures (PNG) with a caption each."""
    returned: int | None
    """What the shop's server answered to the CRes or PARes, once the browser brought it."""

    async def show(self, opening: Opening) -> None:
        """Go on by itself until the bank asks something, or nothing more happens."""
        ...

    @property
    def page(self) -> Page | None:
        """The bank's page, None where there is none."""
        ...

    async def press(self, button: str, entry: str | None, *, boxes: Sequence[str], deliver: bool) -> Page:
        """What the bank shows then. `boxes` are the ids of those to tick. When it is over, the result goes to the shop, unless it
        is not to be `deliver`ed."""
        ...

    async def close(self) -> None: ...


class Headless:
    """Follows redirects, refreshes, frames and forms that hold nothing to fill in; keeps cookies; runs no script."""

    def __init__(self, session: aiohttp.ClientSession, is_bank: IsBank) -> None:
        """`session`: with a cookie jar of its own."""
        self._session = session
        self._is_bank = is_bank
        self._page: Page | None = None
        self.shots: list[tuple[str, bytes]] = []
        self.returned: int | None = None

    @property
    def page(self) -> Page | None:
        return self._page

    async def show(self, opening: Opening) -> None:
        if opening.html is not None:
            url, content = opening.url, opening.html
        elif opening.form is not None:
            url, content = await self._post(opening.form)
        else:
            url, content = await self._get(opening.url)
        await self._follow(url, content)

    async def press(self, button: str, entry: str | None, *, boxes: Sequence[str], deliver: bool) -> Page:
        if self._page is None:
            raise CardholderStuck("the bank shows nothing")
        try:
            await self._arrive(*await self._post(self._page.press(button, entry, boxes=boxes)))
        except NotAPage as error:
            raise CardholderStuck(str(error)) from error
        for result in self._page.results if deliver else ():
            await self._deliver(result)
        return self._page

    async def close(self) -> None:
        await self._session.close()

    async def _follow(self, url: str, content: bytes) -> None:
        for _ in range(MAX_PAGES):
            if self._is_bank(url):
                await self._arrive(url, content)
                return
            shop = ShopPage(url, content)
            for address in shop.frames:
                if await self._in_frame(address):
                    return
            following = await self._onwards(shop)
            if following is None:
                return
            url, content = following
        raise CardholderStuck(f"the shop's pages go on and on; the last is {url}")

    async def _in_frame(self, address: str) -> bool:
        """Whether the bank's page is in this frame. A frame for the 3DS Method is of no further interest."""
        url, content = await self._get(address)
        if self._is_bank(url):
            await self._arrive(url, content)
            return True
        for form in ShopPage(url, content).forms:
            if METHOD_FIELD in form.fields:
                await self._method(form)
            elif self._is_bank(form.url):
                await self._arrive(*await self._post(form))
                return True
        return False

    async def _onwards(self, shop: ShopPage) -> tuple[str, bytes] | None:
        forms: Sequence[Form] = shop.forms
        for form in forms:
            if METHOD_FIELD in form.fields:
                await self._method(form)
        ahead = next((form for form in forms if METHOD_FIELD not in form.fields), None)
        if ahead is not None:
            return await self._post(ahead)
        return await self._get(shop.refresh) if shop.refresh is not None else None

    async def _method(self, form: Form) -> None:
        """Post the 3DS Method's form, and what its page posts back to the shop."""
        url, content = await self._post(form)
        for back in ShopPage(url, content).forms:
            if METHOD_FIELD in back.fields:
                await self._post(back)

    async def _arrive(self, url: str, content: bytes) -> None:
        """At a page of the bank, which may go on by itself."""
        try:
            self._page = Page(url, content)
            for _ in range(MAX_PAGES):
                if self._page.result is not None or (form := self._page.automatic) is None:
                    return
                self._page = Page(*await self._post(form))
        except NotAPage as error:
            raise CardholderStuck(str(error)) from error

    async def _deliver(self, result: Form) -> None:
        self.returned = (await self._call("POST", result.url, result.fields))[0]

    async def _get(self, url: str) -> tuple[str, bytes]:
        return (await self._call("GET", url, None))[1:]

    async def _post(self, form: Form) -> tuple[str, bytes]:
        return (await self._call("POST", form.url, form.fields))[1:]

    async def _call(self, method: str, url: str, fields: dict[str, str] | None) -> tuple[int, str, bytes]:
        timeout = aiohttp.ClientTimeout(total=PAGE_SECONDS)
        try:
            async with self._session.request(
                method, url, data=fields, timeout=timeout, max_redirects=MAX_PAGES
            ) as answer:
                return answer.status, str(answer.url), await answer.content.read(MAX_PAGE_BYTES)
        except TimeoutError as error:
            raise CardholderStuck(f"{url} did not answer within {PAGE_SECONDS:g} seconds") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise CardholderStuck(f"{url} cannot be opened: {str(error) or type(error).__name__}") from error
