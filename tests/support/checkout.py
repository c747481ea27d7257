"""A checkout in a real Chromium: the whole simulator behind it, a stranger's 3DS Server beside it, the bank's page in a frame."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import quote

import aiohttp
from playwright.async_api import Browser, Frame, Page

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.browser import new_context
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.support.third_party import ThreeDSServer, base64url, from_base64url, three_ds_server
from tests.support.windows import WINDOWS
from threedsecure.web.clock import Clock

SESSION_DATA = "c2Vzc2lvbg"


@dataclass
class Checkout:
    """`serial`: of the last page that was made."""

    stack: Stack
    server: ThreeDSServer
    browser: Browser
    session: aiohttp.ClientSession
    pages: list[Page] = field(default_factory=list)
    serial: int = 0

    async def card(self, scenario: str, **wanted: Any) -> dict[str, Any]:
        """A card that nobody else has."""
        body = {"scheme": "visa", "scenario": scenario, **wanted}
        async with self.session.post(f"{self.stack.addresses.desk}/api/cards", json=body) as answer:
            assert answer.status == 201, await answer.text()
            return await answer.json()

    async def ares(self, card: dict[str, Any], version: str = "2.2.0", **changes: Any) -> dict[str, Any]:
        """The directory server's answer to the purchase of `ThreeDSServer.areq`."""
        url = f"{self.stack.addresses.ds}/{card['scheme']}/3ds2"
        async with self.session.post(url, json=self.server.areq(card["pan"], version, **changes)) as answer:
            return await answer.json()

    async def page(self, **context: Any) -> Page:
        """An empty page in a context of its own."""
        made = await new_context(self.browser, **{"viewport": {"width": 1280, "height": 800}, **context})
        self.pages.append(await made.new_page())
        return self.pages[-1]

    async def clear_up(self) -> None:
        """Close every page, and forget what came."""
        while self.pages:
            await self.pages.pop().context.close()
        for heard in (self.server.results, self.server.notifications):
            while not heard.empty():
                heard.get()

    def shop(self, ares: dict[str, Any], window: str = "05", target: str = "bank") -> str:
        """The address of a page that posts the CReq from its button `#go` into its frame `bank` (or to `target`)."""
        self.serial += 1
        fields = {"creq": base64url(self.server.creq(ares, window)), "threeDSSessionData": SESSION_DATA}
        hidden = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
        width, height = WINDOWS[window]
        self.server.pages[f"/checkout/{self.serial}"] = (
            '<!doctype html><html lang="en"><title>Shop</title><body style="margin:0">'
            f'<iframe name="bank" title="bank" style="border:0;display:block;width:{width}px;height:{height}px"></iframe>'
            f'<form method="post" action="{escape(ares["acsURL"])}" target="{target}">{hidden}<button id="go">Pay</button>'
            "</form>"
        )
        return f"{self.server.url}/checkout/{self.serial}"

    async def challenge(self, page: Page, ares: dict[str, Any]) -> Frame:
        """The bank's page in the frame of a shop."""
        await page.goto(self.shop(ares))
        await page.click("#go")
        frame = page.frame("bank")
        await frame.wait_for_selector(".sheet")
        return frame

    async def challenge_alone(self, page: Page, ares: dict[str, Any]) -> None:
        """The bank's page in the place of the shop's."""
        await page.goto(self.shop(ares, target="_self"))
        await page.click("#go")
        await page.wait_for_selector(".sheet")

    async def code(self, phone: str, after: str | None = None) -> str:
        """The newest SecureCode of a phone."""
        return (await self.text(phone, after))["code"]

    async def text(self, phone: str, after: str | None = None) -> dict[str, Any]:
        query = {"wait": "60"} | ({"after": after} if after else {})
        url = f"{self.stack.addresses.phone}/api/phones/{quote(phone)}/latest"
        async with self.session.get(url, params=query) as answer:
            return await answer.json()

    async def result(self) -> dict[str, Any]:
        """The RReq that came."""
        return await asyncio.to_thread(self.server.results.get, timeout=PATIENCE_SECONDS)

    async def answer(self) -> dict[str, Any]:
        """The CRes that the browser brought."""
        fields = await asyncio.to_thread(self.server.notifications.get, timeout=PATIENCE_SECONDS)
        assert fields["threeDSSessionData"] == SESSION_DATA
        return from_base64url(fields["cres"])

    async def ended(self, trans_status: str) -> dict[str, Any]:
        """The RReq, when it and the CRes agree, and each came once."""
        rreq, cres = await self.result(), await self.answer()
        assert (rreq["transStatus"], cres["transStatus"]) == (trans_status, trans_status), (rreq, cres)
        assert rreq["acsTransID"] == cres["acsTransID"]
        assert self.server.results.empty()
        assert self.server.notifications.empty()
        return rreq


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


@asynccontextmanager
async def checkout(browser: Browser, **settings: Any) -> AsyncIterator[Checkout]:
    """`settings`: of the simulator."""
    chosen = with_free_ports(Settings(**{"fresh": True, "seed": 7, "bank_domain": "localhost", **settings}))
    with three_ds_server() as server:
        async with (
            running_stack(chosen, clock=Clock(frozen_at=STARTED_AT)) as stack,
            aiohttp.ClientSession() as session,
        ):
            yield Checkout(stack, server, browser, session)
