"""The cardholder's browser in a run: from what a gateway answers to the bank's page, its buttons, and back to the shop.

There are two: this one, without a window and without scripts, and Chromium.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import aiohttp

from acs_sim.client.cardholder import CardholderStuck
from acs_sim.client.challenge_page import Form, NotAPage, Page
from acs_sim.findings.observed import ELSEWHERE, MARKUP
from acs_sim.scenarios.browser.shop_page import METHOD_FIELD, ShopPage, method_transaction

PAGE_SECONDS: Final = 30.0
REFRESH_SECONDS: Final = 0.05
AS_IT_IS: Final = {"Accept-Encoding": "identity"}
MAX_PAGES: Final = 12
MAX_LINKS: Final = 5
MAX_REFRESHES: Final = 3
MAX_PAGE_BYTES: Final = 1 << 21
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
POSTED_AGAIN: Final = frozenset({307, 308})
RETURNS: Final = frozenset(
    {"next", "return", "returnurl", "return_url", "redirect", "redirect_uri", "continue", "goto", "url"}
)

IsBank = Callable[[str], bool]
"""Whether an address is the ACS's."""
OnMethod = Callable[[str], Awaitable[None]]
"""Hears of the threeDSServerTransID before the browser opens a 3DS Method's page for it."""


async def nobody_listens(_transaction_id: str) -> None:
    """Where nothing depends on the 3DS Method."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What the browser begins with: an address, or a form that is posted to one, or the page that was answered there."""

    url: str
    form: Form | None = None
    html: bytes | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer of the shop, as the browser had it. `said`: its Location and its cookies, a line each."""

    url: str
    status: int
    content: bytes
    said: str = ""


@dataclass
class Diary:
    """What a browser did. `delivered`: the fields of each form that carried a result to the shop, with the status that it was
    answered; `seen`: every answer of the shop; `shots`: pictures (PNG) with a caption each."""

    delivered: list[tuple[dict[str, str], int]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    shots: list[tuple[str, bytes]] = field(default_factory=list)


class Screen(Protocol):
    """Errors of every call: `CardholderStuck`."""

    diary: Diary
    on_method: OnMethod
    hold_callbacks: bool
    """Whether what a 3DS Method's page posts back to the shop waits until `call_back`."""
    clicks: int
    """How often the shop's buttons are pressed before it has answered."""

    async def show(self, opening: Opening) -> None:
        """Go on by itself until the browser is about to post to the bank, or nothing more happens."""
        ...

    async def call_back(self) -> None:
        """Post what the 3DS Method's page would have posted."""
        ...

    async def enter(self) -> None:
        """Post the CReq to the bank; posted again, it shows where the challenge stands."""
        ...

    @property
    def page(self) -> Page | None:
        """The bank's page, None where there is none."""
        ...

    async def press(self, button: str, entry: str | None, *, boxes: Sequence[str], deliver: bool) -> Page:
        """What the bank shows then. `boxes` are the ids of those to tick. When it is over, the result goes to the shop, unless it
        is not to be `deliver`ed."""
        ...

    async def twice(self, button: str, entry: str | None) -> Page:
        """Press a button two times before the bank has answered: the browser shows the second answer alone."""
        ...

    async def back(self) -> None:
        """Ask once more for the page of the shop from which the browser went to the bank."""
        ...

    async def bring_again(self) -> None:
        """Bring the last result to the shop once more, as a reload of its page does."""
        ...

    async def look_around(self) -> None:
        """Open what the shop's pages link to, on the shop's own host."""
        ...

    async def close(self) -> None: ...


class Headless:
    """Follows redirects, refreshes, frames and forms that hold nothing to fill in; keeps cookies; runs no script."""

    def __init__(self, session: aiohttp.ClientSession, is_bank: IsBank) -> None:
        """`session`: with a cookie jar of its own."""
        self._session = session
        self._is_bank = is_bank
        self.on_method: OnMethod = nobody_listens
        self._page: Page | None = None
        self._door: Form | None = None
        self._shop: tuple[str, str, dict[str, str] | None] | None = None
        self._returned_to = ""
        self._callbacks: list[Form] = []
        self.diary = Diary()
        self.hold_callbacks = False
        self.clicks = 1

    @property
    def page(self) -> Page | None:
        return self._page

    @property
    def door(self) -> Form | None:
        """What the browser posts to the bank, once it is about to."""
        return self._door

    async def show(self, opening: Opening) -> None:
        self._page = self._door = self._shop = None
        if opening.html is not None:
            url, content = opening.url, opening.html
            self.diary.seen.append(Seen(url, 200, content))
        elif opening.form is not None:
            if self._is_bank(opening.form.url):
                self._door = opening.form
                return
            url, content = await self._post(opening.form)
        else:
            url, content = await self._get(opening.url)
        await self._follow(url, content)

    async def call_back(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for form in callbacks:
            await self._post(form)

    async def enter(self) -> None:
        if self._door is None:
            raise CardholderStuck("there is nothing to open")
        await self._arrive(*await self._post(self._door))
        if self._page is not None:
            await self._deliver(self._page)

    async def press(self, button: str, entry: str | None, *, boxes: Sequence[str], deliver: bool) -> Page:
        if self._page is None:
            raise CardholderStuck("the bank shows nothing")
        try:
            form = self._page.press(button, entry, boxes=boxes)
        except NotAPage as error:
            raise CardholderStuck(str(error)) from error
        await self._arrive(*await self._post(form))
        if deliver:
            await self._deliver(self._page)
        return self._page

    async def twice(self, button: str, entry: str | None) -> Page:
        if self._page is None:
            raise CardholderStuck("the bank shows nothing")
        try:
            form = self._page.press(button, entry)
        except NotAPage as error:
            raise CardholderStuck(str(error)) from error
        await self._post(form)
        await self._arrive(*await self._post(form))
        await self._deliver(self._page)
        return self._page

    async def back(self) -> None:
        if self._shop is None:
            raise CardholderStuck("there was no page of the shop before the bank's")
        self._door = None
        method, url, fields = self._shop
        await self._follow(*(await self._call(method, url, fields))[1:])

    async def bring_again(self) -> None:
        if not self.diary.delivered:
            raise CardholderStuck("nothing was brought to the shop yet")
        await self._bring(Form(self._returned_to, dict(self.diary.delivered[-1][0])))

    async def look_around(self) -> None:
        pages = [ShopPage(seen.url, seen.content) for seen in self.diary.seen]
        links = dict.fromkeys(link for page in pages for link in page.links)
        for link in list(links)[:MAX_LINKS]:
            await self._get(link)
        known = dict.fromkeys((*(seen.url for seen in self.diary.seen), *links))
        for address in [bent for each in known for bent in (leading_away(each), marked_up(each)) if bent is not None][
            :MAX_LINKS
        ]:
            await self._ask("GET", address, None, follows=False)

    async def close(self) -> None:
        await self._session.close()

    async def _follow(self, url: str, content: bytes) -> None:
        """Up to the bank's door, or to where nothing more happens."""
        refreshes = 0
        for _ in range(MAX_PAGES):
            if self._is_bank(url):
                await self._arrive(url, content)
                return
            shop = ShopPage(url, content)
            for address in shop.frames:
                await self._in_frame(address)
                if self._door is not None or self._page is not None:
                    return
            form = await self._ahead(shop)
            if form is not None and self._is_bank(form.url):
                self._door = form
                return
            if form is None and (shop.refresh is None or (refreshes := refreshes + 1) > MAX_REFRESHES):
                return
            if form is None:
                await asyncio.sleep(REFRESH_SECONDS)
            url, content = await self._pressed(form) if form is not None else await self._get(str(shop.refresh))
        raise CardholderStuck(f"the shop's pages go on and on; the last is {url}")

    async def _pressed(self, form: Form) -> tuple[str, bytes]:
        """A button of the shop, as often as it is clicked; the browser shows the last answer."""
        answers = await asyncio.gather(*(self._post(form) for _ in range(self.clicks)))
        return answers[-1]

    async def _in_frame(self, address: str) -> None:
        """The bank's page or the way to it may be in this frame; one for the 3DS Method leads nowhere."""
        url, content = await self._get(address)
        if self._is_bank(url):
            await self._arrive(url, content)
            return
        form = await self._ahead(ShopPage(url, content))
        if form is not None and self._is_bank(form.url):
            self._door = form

    async def _ahead(self, shop: ShopPage) -> Form | None:
        """The form that goes on, after those for the 3DS Method have been posted."""
        for form in shop.forms:
            if METHOD_FIELD in form.fields:
                await self._method(form)
        return next((form for form in shop.forms if METHOD_FIELD not in form.fields), None)

    async def _method(self, form: Form) -> None:
        """Post the 3DS Method's form, and what its page posts back to the shop. Nobody sees the frame, so nobody sees it break."""
        await self.on_method(method_transaction(form))
        try:
            url, content = await self._post(form)
        except CardholderStuck:
            return
        self._callbacks += [back for back in ShopPage(url, content).forms if METHOD_FIELD in back.fields]
        if not self.hold_callbacks:
            await self.call_back()

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

    async def _deliver(self, page: Page) -> None:
        for result in page.results:
            await self._bring(result)

    async def _bring(self, result: Form) -> None:
        self._returned_to = result.url
        status, url, content = await self._from_another_site(result)
        self.diary.delivered.append((result.fields, status))
        if not self._is_bank(url):
            await self._rest(ShopPage(url, content))

    async def _from_another_site(self, form: Form) -> tuple[int, str, bytes]:
        """A post that brings the cookies alone which say SameSite=None, as browsers do."""
        jar = self._session.cookie_jar
        cookies = [f"{each.key}={each.value}" for each in jar if each["samesite"].lower() == "none"]
        headers = {"Cookie": "; ".join(cookies)} if cookies else {}
        async with aiohttp.ClientSession(
            connector=self._session.connector,
            connector_owner=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        ) as bare:
            status, url, content, location = await self._ask(
                "POST", form.url, form.fields, headers, bare, follows=False
            )
        if location is None or self._is_bank(form.url):
            return status, url, content
        again = status in POSTED_AGAIN
        return await self._call("POST" if again else "GET", urljoin(url, location), form.fields if again else None)

    async def _rest(self, shop: ShopPage) -> None:
        """Let the shop's last page go on by itself, until it stays as it is."""
        for _ in range(MAX_REFRESHES):
            if shop.refresh is None:
                return
            await asyncio.sleep(REFRESH_SECONDS)
            shop = ShopPage(*await self._get(shop.refresh))

    async def _get(self, url: str) -> tuple[str, bytes]:
        return (await self._call("GET", url, None))[1:]

    async def _post(self, form: Form) -> tuple[str, bytes]:
        return (await self._call("POST", form.url, form.fields))[1:]

    async def _call(self, method: str, url: str, fields: dict[str, str] | None) -> tuple[int, str, bytes]:
        return (await self._ask(method, url, fields, follows=not self._is_bank(url)))[:3]

    async def _ask(
        self,
        method: str,
        url: str,
        fields: dict[str, str] | None,
        headers: Mapping[str, str] = NOTHING,
        session: aiohttp.ClientSession | None = None,
        *,
        follows: bool,
    ) -> tuple[int, str, bytes, str | None]:
        """What is answered in the end: status, address, content, and where it leads on to where nobody follows."""
        timeout = aiohttp.ClientTimeout(total=PAGE_SECONDS)
        try:
            async with (session or self._session).request(
                method,
                url,
                data=fields,
                timeout=timeout,
                headers={**AS_IT_IS, **headers},
                allow_redirects=follows,
                max_redirects=MAX_PAGES,
            ) as answer:
                status, address, content = answer.status, str(answer.url), await whole(answer.content)
                passed, said = [_seen(each) for each in answer.history], said_by(answer)
        except TimeoutError as error:
            raise CardholderStuck(f"{url} did not answer within {PAGE_SECONDS:g} seconds") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise CardholderStuck(f"{url} cannot be opened: {str(error) or type(error).__name__}") from error
        if not self._is_bank(address):
            if self._door is None and fields is not None and METHOD_FIELD not in fields:
                self._shop = method, url, fields
            elif self._door is None and fields is None and self._shop is None:
                self._shop = method, url, None
            self.diary.seen += [
                *(each for each in passed if not self._is_bank(each.url)),
                Seen(address, status, content, said),
            ]
        return status, address, content, answer.headers.get("Location") if 300 <= status < 400 else None


def _seen(answer: aiohttp.ClientResponse) -> Seen:
    return Seen(str(answer.url), answer.status, b"", said_by(answer))


def said_by(answer: aiohttp.ClientResponse) -> str:
    """The Location and the cookies of an answer, a line each."""
    told = [(name, value) for name in ("Location", "Set-Cookie") for value in answer.headers.getall(name, ())]
    return "\n".join(f"{name}: {value}" for name, value in told)


def leading_away(address: str) -> str | None:
    """An address with another host in the place of one that it names in a parameter; None where it names none."""
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, max_num_fields=20) if parts.query else []
    bent = [(name, f"https://{ELSEWHERE}/" if _is_address(name, value) else value) for name, value in pairs]
    return parts._replace(query=urlencode(bent)).geturl() if bent != pairs else None


def marked_up(address: str) -> str | None:
    """An address with markup in the place of what its parameters say; None where it has none."""
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, max_num_fields=20) if parts.query else []
    return parts._replace(query=urlencode([(name, MARKUP) for name, _ in pairs])).geturl() if pairs else None


def _is_address(name: str, value: str) -> bool:
    return value.startswith(("http:", "https:", "/")) or name.lower() in RETURNS


async def whole(content: aiohttp.StreamReader) -> bytes:
    """An answer that arrives in pieces, up to MAX_PAGE_BYTES."""
    pieces = bytearray()
    while len(pieces) < MAX_PAGE_BYTES and (piece := await content.read(MAX_PAGE_BYTES - len(pieces))):
        pieces += piece
    return bytes(pieces)
